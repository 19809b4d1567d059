"""Structured MIME fields: type, parameters, every candidate name and boundary, and how they disagree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final
from urllib.parse import unquote_to_bytes

from smtp_gate.core.view import Header
from smtp_gate.reading.charset import decode_octets, is_unusual
from smtp_gate.reading.words import decode_words

# Every class excludes what follows it, so a search is linear.
_PARAM: Final = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+")
_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_EXTENDED: Final = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")
_ENCODINGS: Final = frozenset(
    {"7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue"}
)
_NAMES: Final = frozenset({"name", "filename"})
_PARAMETERS: Final = 200
_BOUNDARIES: Final = 16
_CHARSETS: Final = 8
"""How many of each are looked at; a field with more is odd, and the message read in every other way."""


@dataclass(slots=True)
class Info:
    """What the MIME fields of one entity say: the first value of each, all boundaries, names and charsets, and the defects."""

    media_type: str = ""
    boundaries: tuple[bytes, ...] = ()
    charset: str = ""
    charsets: tuple[str, ...] = ()
    encoding: str = ""
    disposition: str = ""
    names: tuple[str, ...] = ()
    report_type: str = ""
    smime_type: str = ""
    defects: list[str] = field(default_factory=list)


def read_info(headers: tuple[Header, ...], default_type: str = "text/plain") -> Info:
    """Read Content-Type, -Disposition and -Transfer-Encoding of one entity."""
    info = Info(media_type=default_type)
    kept: dict[str, Header] = {}
    types: list[Header] = []
    dispositions: list[Header] = []
    for header in headers:
        key = header.key
        if key[:8] != "content-":
            continue
        if key == "content-type":
            types.append(header)
        elif key == "content-disposition":
            dispositions.append(header)
        if key in kept and key in _TWICE:
            info.defects.append(_TWICE[key])
        kept.setdefault(key, header)
    names: list[str] = []
    if types:
        _read_types(types, info, names)
    for header in reversed(dispositions):
        _read_disposition(header, info, names)
    if "content-transfer-encoding" in kept:
        _read_encoding(kept["content-transfer-encoding"], info)
    if names:
        info.names = tuple(dict.fromkeys(names))
    return info


_TWICE: Final = {
    "content-type": "duplicate_content_type",
    "content-transfer-encoding": "duplicate_encoding",
    "content-disposition": "duplicate_disposition",
}


def _read_types(headers: list[Header], info: Info, names: list[str]) -> None:
    first = True
    boundaries: list[bytes] = []
    charsets: list[str] = []
    for header in headers:
        main, params = split_params(header, info.defects)
        if first:
            _main_type(main.lower(), info)
        by_name = _collect(params, info.defects)
        if first:
            info.report_type = by_name.get("report-type", [""])[0].strip().lower()
            info.smime_type = by_name.get("smime-type", [""])[0].strip().lower()
        if "boundary" in by_name:
            boundaries += [b.rstrip(" \t").encode("utf-8", "replace") for b in by_name["boundary"]]
        charsets += [c.strip().lower() for c in by_name.get("charset", [])]
        names += by_name.get("name", [])
        first = False
    different = tuple(dict.fromkeys(charsets))
    # Readers take the first or the last of several.
    info.charsets = (*different[:_CHARSETS], *different[_CHARSETS:][-_CHARSETS:])
    info.charset = info.charsets[0] if info.charsets else ""
    info.boundaries = tuple(dict.fromkeys(boundaries))[:_BOUNDARIES]
    if len(info.boundaries) > 1:
        info.defects.append("duplicate_boundary")
    elif info.boundaries and not _is_sound(info.boundaries[0]):
        info.defects.append("odd_boundary")


def _main_type(main: str, info: Info) -> None:
    if _TYPE.fullmatch(main) is not None:
        info.media_type = main
        return
    info.defects.append("malformed_content_type")
    # `text` alone and the like mean text/plain to mail readers (RFC 2045, section 5.2).
    found = _TYPE.search(main)
    if found is not None:
        info.media_type = found[0]


def _is_sound(boundary: bytes) -> bool:
    """RFC 2046, section 5.1.1: 1 to 70 printable characters; commas and quotes divide real readers."""
    return (
        0 < len(boundary) <= 70
        and boundary.isascii()
        and not set(boundary) & set(b'"<>[];\\\t,@')
        and b"=?" not in boundary
    )


def _read_disposition(header: Header, info: Info, names: list[str]) -> None:
    main, params = split_params(header, info.defects)
    info.disposition = main.strip().lower()
    by_name = _collect(params, info.defects)
    names[:0] = by_name.get("filename", [])


def _read_encoding(header: Header, info: Info) -> None:
    value = header.value
    if "(" in value or ";" in value:
        info.defects.append("odd_encoding")
        value = strip_comments(value).partition(";")[0]
    info.encoding = value.strip().lower()
    if info.encoding not in _ENCODINGS:
        info.defects.append("unknown_encoding")
    elif b"=?" in header.raw or b"\n" in header.raw.strip():
        info.defects.append("odd_encoding")


def split_params(header: Header, defects: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """The value before the first semicolon, and the parameters in order with their names in lower case, unquoted."""
    value = header.value
    if "(" in value:
        stripped = strip_comments(value)
        if stripped != value:
            defects.append("header_comment")
            value = stripped
    main, semicolon, _ = value.partition(";")
    params: list[tuple[str, str]] = []
    end = len(main)
    odd = not semicolon and "=" in main
    for found in islice(_PARAM.finditer(value, end), _PARAMETERS):
        text, sound = _unquoted(found[2])
        params.append((found[1].lower(), text))
        odd = odd or not sound or bool(value[end : found.start()].strip())
        end = found.end()
    if odd or value[end:].strip(" \t;") or (b"=?" in header.raw and header.key == "content-type"):
        defects.append("odd_parameter")
    return main.strip(), params


def _unquoted(text: str) -> tuple[str, bool]:
    """A parameter's value without its quotes, and whether it was written as RFC 2045, section 5.1 asks."""
    if text[:1] != '"':
        plain = text.strip()
        return plain, not ('"' in plain or " " in plain or "\t" in plain)
    sound = len(text) > 1 and text[-1] == '"'
    inner = text[1:].removesuffix('"')
    return (_PAIR.sub(r"\1", inner) if "\\" in inner else inner), sound


def strip_comments(value: str) -> str:
    """The value without RFC 5322 comments, nested ones included; quoted strings are left alone. Linear."""
    out: list[str] = []
    depth = 0
    quoted = False
    escaped = False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
            continue
        elif char == ")" and depth:
            depth -= 1
            continue
        if not depth:
            out.append(char)
    return "".join(out)


def _collect(params: list[tuple[str, str]], defects: list[str]) -> dict[str, list[str]]:
    """Parameters by plain name, every candidate value: RFC 2231 forms first, then plain ones as written and decoded."""
    values: dict[str, list[str]] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, text in params:
        if "*" in name:
            parts = _EXTENDED.fullmatch(name)
            if parts is not None:
                sections.setdefault(parts[1], []).append((int(parts[2] or 0), bool(parts[3]), text))
                continue
        found = values.setdefault(name, [])
        if found and text not in found:
            defects.append("duplicate_parameter")
        if "=?" in text:
            found.append(decode_words(text))
        found.append(text)
        if name in _NAMES:
            found += _unescaped(text)
    for name, pieces in sections.items():
        if name in values:
            defects.append("duplicate_parameter")
        joined = _joined(pieces)
        values.setdefault(name, [])[:0] = [
            form for one in joined for form in (one, *(_unescaped(one) if name in _NAMES else ()))
        ]
    return values


def _unescaped(text: str) -> Iterator[str]:
    """A file name with the escapes undone that some readers undo: percent signs and quoted pairs outside quotes."""
    plain = unquote_to_bytes(text).decode("utf-8", "replace") if "%" in text else text
    yield plain
    if "\\" in plain:
        yield _PAIR.sub(r"\1", plain)


def _joined(pieces: list[tuple[int, bool, str]]) -> list[str]:
    """RFC 2231, section 3 and 4: sections in numeric order, the charset taken from the first; also as UTF-8, where the
    charset is one in which ASCII is not itself.
    """
    charset = ""
    octets: list[bytes] = []
    for number, (_, extended, text) in enumerate(sorted(pieces, key=lambda p: p[0])):
        value = text
        if extended:
            if number == 0 and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            octets.append(unquote_to_bytes(value))
        else:
            octets.append(value.encode("utf-8", "replace"))
    label = charset.lower() or "utf-8"
    labels = [label, "utf-8"] if is_unusual(label) else [label]
    return [decode_octets(b"".join(octets), one, marks=False)[0].replace("\0", "") for one in labels]
