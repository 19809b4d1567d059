"""Keys and tokens by their well-known shapes, and secrets by label and entropy: placeholders and examples are none."""

import base64
import binascii
import json
import re
from typing import Final

from smtp_gate.detect.validators.base import Checked, whole
from smtp_gate.detect.validators.passwords import CLEAR, LIKELY, POSSIBLE, kind_of
from smtp_gate.detect.validators.wording import is_code, is_mask, is_placeholder, looks_drawn

ENCRYPTED: Final = "encrypted"
"""A private key that a pass phrase protects."""

_PREFIX: Final = re.compile(r"[A-Za-z]{2,12}[-_](?:[A-Za-z]{2,12}[-_])*|AKIA|ASIA|AIza|SG\.|\d{6,10}:")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_PEM_HEADERS: Final = re.compile(r"^[ >\t]*(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*|[^\n]*Encryption:[^\n]*)$", re.MULTILINE)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HASHES: Final = re.compile(r"(?:sha\d{0,3}|md5)[-:=].*", re.IGNORECASE)


def token(value: str) -> Checked | None:
    """A token whose shape says whose it is; what follows its prefix must look drawn."""
    prefix = _PREFIX.match(value)
    drawn = value[prefix.end() :] if prefix is not None else value
    return whole(value, CLEAR, value) if len(drawn) >= 8 and looks_drawn(drawn, 2.8) else None


def jwt(value: str) -> Checked | None:
    """A JSON Web Token (RFC 7519): three pieces, the first of which is JSON that names an algorithm."""
    pieces = value.split(".")
    if len(pieces) != 3 or len(pieces[2]) < 16:
        return None
    try:
        head = json.loads(_decoded(pieces[0]))
    except (ValueError, RecursionError):
        return None
    return whole(value, CLEAR, value) if isinstance(head, dict) and "alg" in head else None


def private_key(candidate: str) -> Checked | None:
    """A private key in PEM, OpenSSH, PGP or PuTTY form with a body; `encrypted` where a pass phrase protects it."""
    head, _, rest = re.sub(r"\\r|\r", "", candidate).replace("\\n", "\n").partition("\n")
    body = _PEM_HEADERS.sub("", rest).partition("-----")[0].partition("Private-MAC")[0]
    signs = "".join(c for c in body if c.isalnum() or c in "+/=")
    if len(signs) < 48 or "..." in body or is_mask(signs) or not looks_drawn(signs, 3.5):
        return None
    putty = head.startswith("PuTTY")
    locked = "ENCRYPTED" in candidate or (putty and "Encryption: none" not in candidate) or _openssh_locked(signs)
    # The body may go on behind the candidate: its first line alone is shown as the value.
    end = len(head.partition(":")[0] if putty else head.partition("KEY")[0]) + (0 if putty else 3)
    return Checked(ENCRYPTED if locked else CLEAR, 0, end, signs[:200])


def _openssh_locked(signs: str) -> bool:
    """Whether the body is of OpenSSH's own form and names a cipher."""
    head = _decoded(signs[:64])
    if not head.startswith(b"openssh-key-v1\0"):
        return False
    size = int.from_bytes(head[15:19], "big")
    return head[19 : 19 + size] != b"none"


def url_password(value: str) -> Checked | None:
    """The password in a URL (RFC 3986, userinfo)."""
    if is_placeholder(value) or is_mask(value) or value.startswith(("$", "%", "{", "<")):
        return None
    return whole(value, CLEAR if len(value) >= 6 and kind_of(value) == "mixed" else LIKELY, value)


def authorization(candidate: str) -> Checked | None:
    """Credentials of HTTP (RFC 7617, RFC 6750): `Basic` with a user and password, `Bearer` with a token."""
    scheme, _, value = candidate.partition(" ")
    value = value.strip()
    start = len(candidate) - len(value)
    if scheme.lower() == "basic":
        decoded = _decoded(value).decode("utf-8", "replace")
        user, colon, secret = decoded.partition(":")
        real = bool(colon) and user.isprintable() and len(secret) >= 3 and secret.isprintable()
        return Checked(CLEAR, start, len(candidate), value) if real and not is_placeholder(secret) else None
    return Checked(CLEAR, start, len(candidate), value) if looks_drawn(value, 3.3) and _has_digit(value) else None


def assigned_secret(candidate: str) -> Checked | None:
    """A drawn value behind a name such as `api_key` or `client_secret`."""
    value = candidate.rstrip(".,;")
    if is_placeholder(value) or is_code(value) or _HASHES.fullmatch(value) or value.isdigit():
        return None
    if not looks_drawn(value, 3.3 if len(value) >= 24 else 3.0) or not _has_digit(value):
        return None
    return Checked(LIKELY if _UUID.fullmatch(value) else CLEAR, 0, len(value), value)


def drawn(value: str) -> Checked | None:
    """A value that looks drawn at random: a key whose surroundings say what it is."""
    varied = _has_digit(value) and any(c.isupper() for c in value) and any(c.islower() for c in value)
    return whole(value, CLEAR, value) if varied and looks_drawn(value, 3.8) else None


def login_line(value: str) -> Checked | None:
    """The password of a line that a program reads: .netrc, .pgpass, `curl -u`, `sshpass -p`."""
    kind = kind_of(value.strip("\"'"))
    form = CLEAR if kind == "mixed" else LIKELY if kind == "made" else POSSIBLE if kind else ""
    return whole(value, form, value) if form else None


def password_hash(value: str) -> Checked | None:
    """A hash of crypt(3), as in /etc/shadow and htpasswd files."""
    body = value.rpartition("$")[2]
    return whole(value, CLEAR, value) if looks_drawn(body, 3.3) else None


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)


def _decoded(value: str) -> bytes:
    """Base64 in either alphabet, padded or not; empty for what is none."""
    if _BASE64.fullmatch(value) is None:
        return b""
    text = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(
            text[: len(text) // 4 * 4 + (len(text) % 4 if len(text) % 4 != 1 else 0)] + "=" * (-len(text) % 4)
        )
    except (binascii.Error, ValueError):
        return b""
