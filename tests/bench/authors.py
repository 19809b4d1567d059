"""Odd From lines, envelope paths and display names: is everything that some mail reader takes for the author seen or refused?

    python -m tests.bench.authors [--count 20000] [--seed 1]

Three kinds of lines: tricks that address parsers are known for (encoded words in several charsets, UTF-7, overflowing Unicode,
malformed Punycode, UUCP and source routes, NUL), each in every place of an address; every trick of the project's own list; and
random ones put together from pieces. The yardstick are six readers that owe nothing to the gate: if any of them shows an
address that is not the sender's own, the gate must have found something. Paths go through the door's parser: what is accepted
must be relayed octet by octet, and its judged address must be the one that the raw octets name.
"""

import argparse
import base64
import email
import email.policy
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from email.header import decode_header
from email.utils import getaddresses
from typing import Final

import fast_mail_parser

from smtp_gate.families.identity import IdentityParams, family
from smtp_gate.reading.paths import PathError, parse_rcpt
from tests.builders import envelope
from tests.families.people import found
from tests.families.seen import seen
from tests.reading.test_authors import TRICKS

OWN: Final = "dokafor@milwaukee.gov"
OTHER: Final = "cio@milwaukee.gov"
_ANGLE: Final = re.compile(r"<([^<>]*)>")
_LOOSE: Final = re.compile(r"[^\s<>()\[\]\",;:\\]+@[^\s<>()\[\]\",;:@\\]+")
_WHOLE: Final = re.compile(r"[^\s<>()\[\]\",;:\\]+@[^\s<>()\[\]\",;:@\\]+")
PARAMS: Final = IdentityParams()


def encodings(text: str) -> Iterator[str]:
    """The text as encoded words and the like."""
    octets = text.encode()
    quoted = "".join(f"={o:02x}" for o in octets)
    for charset in ("utf-8", "iso-8859-1", "x", "us-ascii", "utf-8*en"):
        yield f"=?{charset}?q?{quoted}?="
        yield f"=?{charset}?Q?{text.replace('@', '=40')}?="
        yield f"=?{charset}?b?{base64.b64encode(octets).decode()}?="
    seven = base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=")
    yield f"=?utf-7?q?+{seven}-?="
    yield f"=?utf-7?q?&{seven}-?="
    yield f"=?utf-16?b?{base64.b64encode(text.encode('utf-16')).decode()}?="
    yield f"=?utf-8?q?{quoted}=00?="
    yield f"=?utf-8?q?{quoted}=0d=0aFrom:=20x?="
    yield f"=?utf-8?q?{quoted}=3e?="


def known_tricks() -> Iterator[tuple[str, str]]:
    """Each trick with its kind."""
    for word in encodings(OTHER):
        yield "encoded name", f"{word} <{OWN}>"
        yield "encoded address", f"<{word}>"
        yield "encoded and bare", word
        yield "encoded comment", f"{OWN} ({word})"
    for word in encodings("cio"):
        yield "encoded local part", f"{word}@milwaukee.gov"
        yield "encoded local part in brackets", f"Dana <{word}@milwaukee.gov>"
    for word in encodings("milwaukee.gov"):
        yield "encoded domain", f"cio@{word}"
    for at in ("\uff20", "\ufe6b", "%40", "&#64;", "=40", "\x00@", "@\x00"):
        yield "odd at sign", f"cio{at}milwaukee.gov <{OWN}>"
        yield "odd at sign in brackets", f"<cio{at}milwaukee.gov>"
    for route in (
        "evil.example!cio@milwaukee.gov",
        "cio%milwaukee.gov@evil.example",
        "@evil.example:cio@milwaukee.gov",
        "@a,@b:cio@milwaukee.gov",
        "milwaukee.gov!cio",
    ):
        yield "route", f"<{route}>"
        yield "route without brackets", route
    for domain in (
        "xn--0117.example",
        "xn--.gov",
        "xn--milwaukee-.gov",
        "milwaukee.gov.",
        ".milwaukee.gov",
        "[milwaukee.gov]",
        "milwaukee..gov",
        "milwaukee.gov\x00.evil.example",
    ):
        yield "malformed domain", f"<cio@{domain}>"
    for lines, _ in TRICKS.values():
        yield "own list", lines.removeprefix("From:").lstrip()


PIECES: Final = (
    OWN, OTHER, "x@evil.example", "Dana", "Okafor", "CIO", '"', '"', "<", ">", "<", ">", "(", ")", ",", ";", ":", "\\", " ", " ",
    "\t", "\r\n ", "=?utf-8?q?cio=40milwaukee.gov?=", "=?utf-8?b?Y2lvQG1pbHdhdWtlZS5nb3Y=?=", "=?utf-8?q?Dana?=", "@", "%", "!",
    "\u200b", "\u202e", "\uff20", ".", "[", "]", "group:", f"<{OWN}>", f"<{OTHER}>", f'"{OTHER}"', f"({OTHER})",
)  # fmt: skip


def random_lines(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Lines put together from pieces, one in two of them with the sender's own address at the end."""
    rng = random.Random(seed)  # noqa: S311 - the same lines at every run
    for _ in range(count):
        line = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 7)))
        yield "random", f"{line} <{OWN}>" if rng.random() < 0.5 else line


def shown(content: bytes) -> set[str]:
    """Every address that one of the readers shows as the author."""
    out: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out |= _modern(content)
        old = email.message_from_bytes(content)
        for value in map(str, old.get_all("from", [])):
            out |= {a for _, a in getaddresses([value])}
            out |= {a for _, a in getaddresses([_decoded(value)])}
            out |= set(_ANGLE.findall(value)[:1]) | set(_ANGLE.findall(value)[-1:])
            out |= set(_LOOSE.findall(_decoded(value)))
        try:
            headers = fast_mail_parser.parse_email(content).headers
            out |= {a for k, v in headers.items() if k.strip().lower() == "from" for a in _LOOSE.findall(" ".join(v))}
        except fast_mail_parser.ParseError:
            pass
    clean = (a.strip(' \t\r\n.<>[]"').casefold() for a in out)
    # What holds quotes, brackets or white space after that is no address to anybody.
    return {a for a in clean if _WHOLE.fullmatch(a) is not None}


def _modern(content: bytes) -> set[str]:
    try:
        field = email.message_from_bytes(content, policy=email.policy.default)["from"]
        return {a.addr_spec for a in field.addresses} if field is not None else set()
    except Exception:  # noqa: BLE001 - that parser raises many kinds on hostile fields, and then shows nothing
        return set()


def _decoded(value: str) -> str:
    try:
        return "".join(
            w.decode(c or "utf-8", "replace") if isinstance(w, bytes) else w for w, c in decode_header(value)
        )
    except (LookupError, ValueError, email.errors.MessageError):
        return value


def look(line: str) -> tuple[bool, set[str]]:
    """Whether the gate finds something in mail with that From line, and what readers show beside the sender's own address."""
    text = f"From: {line}\nTo: lee@example.org\nSubject: x\n\nhello\n".replace("\r\n", "\n")
    view = seen(text, envelope(OWN))
    others = {a for a in shown(view.message.content) if a != OWN}
    return bool(found(family, view, PARAMS)), others


def paths() -> Iterator[bytes]:
    """Addresses of envelopes: every trick as a path."""
    for _, line in known_tricks():
        for text in dict.fromkeys((line, line.removeprefix("<").removesuffix(">"))):
            yield text.encode("utf-8", "replace")


def main() -> int:
    """Print what was seen, by kind; 1 where a reader shows what nobody has seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5, help="missed lines to print")
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    finds: Counter[str] = Counter()
    missed: list[tuple[str, str, set[str]]] = []
    for kind, line in (*known_tricks(), *random_lines(asked.count, asked.seed)):
        total[kind] += 1
        hit, others = look(line)
        finds[kind] += hit
        if others and not hit:
            missed.append((kind, line, others))
    print(f"{'kind':32}{'lines':>8}{'found':>8}{'missed':>8}")
    for kind, number in total.items():
        print(f"{kind:32}{number:8}{finds[kind]:8}{sum(k == kind for k, _, _ in missed):8}")
    for kind, line, others in missed[: asked.show]:
        print(f"  missed {kind}: {line!r} shows {sorted(others)}")
    accepted = refused = wrong = 0
    for raw in paths():
        parsed = parse_rcpt(b"TO:<" + raw + b">", smtputf8=True)
        if isinstance(parsed, PathError):
            refused += 1
            continue
        accepted += 1
        _, _, domain = raw.rpartition(b"@")
        same = parsed.path.raw == raw and parsed.path.domain == domain.decode().lower()
        wrong += not (same and b"=?" not in domain and b"\0" not in raw)
    print(f"paths: {accepted} accepted as they are, {refused} refused, {wrong} judged as another than they say")
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
