"""Envelope paths: a strict parser over the raw octets of MAIL and RCPT, so that what is judged is what is relayed.

A lenient parser lets a sender choose another recipient than policy sees (encoded words, comments, routes), so this one
knows the grammar of RFC 5321, section 4.1.2, and RFC 6531, section 3.3, and mends nothing.
"""

import re
from dataclasses import dataclass
from typing import Final

from smtp_gate.core.message import Path
from smtp_gate.core.reply import Reply
from smtp_gate.reading.domains import canonical_domain

LOCAL_ROOM: Final = 64
PATH_ROOM: Final = 256
"""Octets of a local part and of a path with its angle brackets (RFC 5321, section 4.5.3.1)."""

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_C1_CONTROL: Final = re.compile("[\x80-\x9f\u2028\u2029]")
_PARAM: Final = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=[!-<>-~\x80-\xff]+)?")
# One repeat each side of the @, so matching is linear; dots are judged after the match.
_PLAIN: Final = re.compile(rb"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\xff-]+)@([^@<>\"\\ ]+)")
_QUOTED: Final = re.compile(rb'"((?:[ !#-\[\]-~\x80-\xff]|\\[ -~])+)"@([^@<>"\\ ]+)')
_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MailCommand:
    """What stands behind MAIL or RCPT: the path, and the ESMTP parameters verbatim in the order given."""

    path: Path
    params: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class PathError:
    """Why an argument is refused, as the reply's code, enhanced code and text; the text holds nothing of the input."""

    code: int
    enhanced: str
    text: str

    @property
    def reply(self) -> Reply:
        """The reply to send."""
        return Reply.of(self.code, self.enhanced, self.text)


_BAD_SENDER: Final = PathError(501, "5.1.7", "Bad sender address syntax")
_BAD_RECIPIENT: Final = PathError(501, "5.1.3", "Bad recipient address syntax")
_BAD_OCTETS: Final = PathError(500, "5.5.2", "Error: bad syntax")
_BAD_UTF8: Final = PathError(500, "5.5.2", "Error: bad UTF-8 syntax")
_NEEDS_UTF8: Final = PathError(553, "5.6.7", "Must declare SMTPUTF8 to send unicode address")
_BAD_PARAM: Final = PathError(501, "5.5.4", "Bad parameter syntax")
_TWICE: Final = PathError(501, "5.5.4", "Parameter given twice")


def parse_mail(argument: bytes, *, smtputf8: bool) -> MailCommand | PathError:
    """Parse what follows `MAIL `, for instance `FROM:<a@b.c> SIZE=1 BODY=8BITMIME`.

    `smtputf8` says whether the extension is offered; beyond ASCII the command must also carry the parameter itself.
    """
    if argument[:5].upper() != b"FROM:":
        return _refuse(argument, _BAD_SENDER)
    parsed = _parse(argument, 5, _BAD_SENDER, smtputf8=smtputf8)
    if isinstance(parsed, PathError) or argument.isascii():
        return parsed
    return parsed if any(p.upper() == b"SMTPUTF8" for p in parsed.params) else _NEEDS_UTF8


def parse_rcpt(argument: bytes, *, smtputf8: bool) -> MailCommand | PathError:
    """Parse what follows `RCPT `, for instance `TO:<a@b.c> NOTIFY=NEVER`; `smtputf8`: MAIL carried that parameter."""
    if argument[:3].upper() != b"TO:":
        return _refuse(argument, _BAD_RECIPIENT)
    return _parse(argument, 3, _BAD_RECIPIENT, smtputf8=smtputf8)


def parse_address(text: str) -> Path | None:
    """An address that a person wrote in settings or on the command line, `a@b.c`; `<>` is the null path.

    None where it could not stand in an envelope.
    """
    if text == "<>":
        return Path(b"")
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return None
    if _CONTROL.search(raw) or (not raw.isascii() and _C1_CONTROL.search(text)):
        return None
    return _path(raw)


def _refuse(argument: bytes, otherwise: PathError) -> PathError:
    return _BAD_OCTETS if _CONTROL.search(argument) else otherwise


def _parse(argument: bytes, at: int, bad: PathError, *, smtputf8: bool) -> MailCommand | PathError:
    error = _octet_error(argument, smtputf8=smtputf8)
    if error is not None:
        return error
    end = _closing(argument, at + 1) if argument[at : at + 1] == b"<" else -1
    if end < 0:
        return bad
    raw = argument[at + 1 : end]
    path = _special(raw, bad) or _path(raw)
    if path is None:
        return bad
    rest = argument[end + 1 :].rstrip(b" ")
    if not rest:
        return MailCommand(path)
    # Something stuck to the closing bracket is part of a malformed path, not a parameter.
    params = _params(rest) if rest[:1] == b" " else bad
    return params if isinstance(params, PathError) else MailCommand(path, params)


def _octet_error(argument: bytes, *, smtputf8: bool) -> PathError | None:
    if _CONTROL.search(argument):
        return _BAD_OCTETS
    if argument.isascii():
        return None
    if not smtputf8:
        return _NEEDS_UTF8
    try:
        text = argument.decode()
    except UnicodeDecodeError:
        return _BAD_UTF8
    return _BAD_OCTETS if _C1_CONTROL.search(text) else None


def _closing(argument: bytes, start: int) -> int:
    """Where the path's `>` stands, minding that a quoted local part may hold one; -1 where there is none."""
    if argument[start : start + 1] == b'"':
        quoted = _QUOTED.match(argument, start)
        start = quoted.end() if quoted else len(argument)
    return argument.find(b">", start)


def _special(raw: bytes, bad: PathError) -> Path | None:
    """The null path is a sender only, the bare postmaster a recipient only (RFC 5321, sections 4.1.1.2 and 4.1.1.3)."""
    if not raw and bad is _BAD_SENDER:
        return Path(b"")
    if bad is _BAD_RECIPIENT and raw.lower() == b"postmaster":
        return Path(raw, "postmaster")
    return None


def _params(rest: bytes) -> tuple[bytes, ...] | PathError:
    """The parameters, each once (RFC 1869, section 6); unknown ones are the door's business."""
    params = tuple(p for p in rest.split(b" ") if p)
    seen: set[bytes] = set()
    for param in params:
        matched = _PARAM.fullmatch(param)
        if matched is None:
            return _BAD_PARAM
        keyword = matched[1].upper()
        if keyword in seen:
            return _TWICE
        seen.add(keyword)
    return params


def _path(raw: bytes) -> Path | None:
    """`local@domain` without controls, in valid UTF-8; None where it is not an address of the grammar."""
    if len(raw) + 2 > PATH_ROOM or b"=?" in raw:
        return None
    matched = _PLAIN.fullmatch(raw)
    if matched is not None:
        local, domain_raw = matched.groups()
        if local[0] == 46 or local[-1] == 46 or b".." in local:
            return None
    else:
        matched = _QUOTED.fullmatch(raw)
        if matched is None:
            return None
        local, domain_raw = _PAIR.sub(rb"\1", matched[1]), matched[2]
    if matched.end() - len(domain_raw) - 1 > LOCAL_ROOM:
        return None
    domain = canonical_domain(domain_raw)
    return None if domain is None else Path(raw, local.decode(), domain)
