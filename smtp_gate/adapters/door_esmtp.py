"""ESMTP at the door: which keywords are announced, and which parameters of MAIL and RCPT may pass (RFC 5321, 4.1.1.11)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from smtp_gate.core.features import Features
from smtp_gate.core.reply import Reply

ALWAYS: Final = ("PIPELINING", "ENHANCEDSTATUSCODES")
RELAYED: Final = ("8BITMIME", "SMTPUTF8", "DSN")
"""Keywords that need the next hop's consent."""

_SIZE: Final = re.compile(rb"[0-9]{1,20}")
_XTEXT: Final = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_ORCPT: Final = re.compile(rb"[A-Za-z0-9-]{1,64};([!-<>-~\x80-\xff]+)")
_ENVID_ROOM: Final = 100
_ORCPT_ROOM: Final = 500

UNSUPPORTED: Final = Reply.of(555, "5.5.4", "Unsupported option")
NOT_NOW: Final = Reply.of(451, "4.3.5", "the next hop does not offer this now, try again later")
TOO_LARGE: Final = Reply.of(552, "5.3.4", "message size exceeds the limit")

_SYNTAX: Final = {
    name: Reply.of(501, "5.5.4", f"Bad {name} parameter syntax")
    for name in ("SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH", "NOTIFY", "ORCPT")
}


def size_limit(ours: int, features: Features) -> int:
    """The largest message in octets: the smaller of our limit and the next hop's (RFC 1870)."""
    return min(ours, features.size) if features.size else ours


def keywords(features: Features, ours: int, extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The lines of an EHLO answer after the host name: ours, the next hop's of them, and what the session adds."""
    relayed = [k for k in RELAYED if k in features.keywords]
    return (*ALWAYS, f"SIZE {size_limit(ours, features)}", *relayed, *extra)


def split(param: bytes) -> tuple[str, bytes | None]:
    """The keyword of a parameter, upper-case, and its value; None where there is no `=`."""
    name, equals, value = param.partition(b"=")
    return name.decode("ascii", "replace").upper(), value if equals else None


def mail_error(params: Sequence[bytes], features: Features, ours: int, announced: frozenset[str]) -> Reply | None:
    """Why these parameters of MAIL are refused; None where they may pass.

    `announced` are the keywords this session has been told: what the next hop has taken back since is refused for now.
    """
    for param in params:
        name, value = split(param)
        reply = _param_error(name, value, _MAIL, features, announced)
        if reply is not None:
            return reply
        if name == "SIZE" and value is not None and int(value) > size_limit(ours, features):
            return TOO_LARGE
    return None


def declared_size(params: Sequence[bytes]) -> int:
    """The octets that SIZE of valid parameters declares; 0 without one (RFC 1870)."""
    for param in params:
        name, value = split(param)
        if name == "SIZE" and value is not None:
            return int(value)
    return 0


def rcpt_error(params: Sequence[bytes], features: Features, announced: frozenset[str]) -> Reply | None:
    """Why these parameters of RCPT are refused; None where they may pass."""
    for param in params:
        name, value = split(param)
        reply = _param_error(name, value, _RCPT, features, announced)
        if reply is not None:
            return reply
    return None


_Check = Callable[[bytes | None], bool]


def _param_error(
    name: str,
    value: bytes | None,
    known: Mapping[str, tuple[str, _Check]],
    features: Features,
    announced: frozenset[str],
) -> Reply | None:
    if name not in known:
        return UNSUPPORTED
    keyword, is_good = known[name]
    if not is_good(value):
        return _SYNTAX[name]
    if not keyword or keyword in features.keywords:
        return None
    return NOT_NOW if keyword in announced or not features.known else UNSUPPORTED


def _is_size(value: bytes | None) -> bool:
    return value is not None and _SIZE.fullmatch(value) is not None


def _is_body(value: bytes | None) -> bool:
    return value is not None and value.upper() in {b"7BIT", b"8BITMIME"}


def _is_absent(value: bytes | None) -> bool:
    return value is None


def _is_ret(value: bytes | None) -> bool:
    return value is not None and value.upper() in {b"FULL", b"HDRS"}


def _is_envid(value: bytes | None) -> bool:
    return value is not None and len(value) <= _ENVID_ROOM and _XTEXT.fullmatch(value) is not None


def _is_auth(value: bytes | None) -> bool:
    return value is not None and (value == b"<>" or _XTEXT.fullmatch(value) is not None)


def _is_notify(value: bytes | None) -> bool:
    """`NEVER` alone, or some of the three, each once (RFC 3461, section 4.1)."""
    if value is None:
        return False
    wanted = value.upper().split(b",")
    some = len(set(wanted)) == len(wanted) and set(wanted) <= {b"SUCCESS", b"FAILURE", b"DELAY"}
    return some or wanted == [b"NEVER"]


def _is_orcpt(value: bytes | None) -> bool:
    return value is not None and len(value) <= _ORCPT_ROOM and _ORCPT.fullmatch(value) is not None


_MAIL: Final[Mapping[str, tuple[str, _Check]]] = {
    "SIZE": ("", _is_size),
    "BODY": ("8BITMIME", _is_body),
    "SMTPUTF8": ("SMTPUTF8", _is_absent),
    "RET": ("DSN", _is_ret),
    "ENVID": ("DSN", _is_envid),
    # AUTH= is understood whether or not AUTH is announced: a trusted before-queue server passes its clients' on.
    "AUTH": ("", _is_auth),
}
_RCPT: Final[Mapping[str, tuple[str, _Check]]] = {
    "NOTIFY": ("DSN", _is_notify),
    "ORCPT": ("DSN", _is_orcpt),
}
