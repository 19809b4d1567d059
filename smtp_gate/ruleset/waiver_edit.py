"""A waiver written into the text of a pack, or ended there: every other octet stays as it is, and nothing else is meant."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from smtp_gate.ruleset.marks import Node, Place
from smtp_gate.ruleset.yaml12 import read_document

NEW: Final = "# yaml-language-server: $schema=schema/pack.schema.json\npack: waivers\n"
"""How a file for waivers begins."""

_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_DAY: Final = re.compile(r"""(["']?)[0-9]{4}-[0-9]{2}-[0-9]{2}\1""")
_MARKER: Final = re.compile(r"^\.\.\.[ \t]*(?:#[^\r\n]*)?\s*\Z", re.MULTILINE)
_BOM: Final = "\ufeff"
Fields = Mapping[str, str | list[str]]


class CannotEditError(ValueError):
    """The file is written in a way that only a person can change; says what stands in the way."""


def with_waiver(octets: bytes, fields: Fields) -> bytes:
    """The pack with one more waiver at its end; without any octets, a new pack. Raises CannotEditError."""
    text, marker = _without_marker(_text(octets) or NEW)
    root = _root(text)
    section = root.keys.get("waivers")
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = 2
    if section is None:
        head = [] if text.endswith(("\n", "\r")) else [""]
        head.append("waivers:")
    else:
        (_, waivers) = section
        if any(place > section[0] for place, _ in root.keys.values()):
            raise CannotEditError("other sections follow its `waivers:`, so there is no end to write to")
        head = [] if text.endswith(("\n", "\r")) else [""]
        if waivers.items:
            indent = _dash(text, waivers.items[0].place)
    lines = [f"{key}: {_quoted(value)}" for key, value in fields.items()]
    pad = " " * indent
    entry = [f"{pad}- {lines[0]}", *(f"{pad}  {line}" for line in lines[1:])]
    new = text + newline.join([*head, *entry]) + newline + marker
    wanted = {**root.value, "waivers": [*(root.value.get("waivers") or []), dict(fields)]}
    return _checked(octets, new, wanted)


def ended(octets: bytes, name: str, day: str, note: str) -> bytes:
    """The pack with that waiver ending on the day (ISO 8601), and a note of why where it has none.

    Raises CannotEditError, KeyError where no waiver has that name.
    """
    text = _text(octets)
    root = _root(text)
    section = root.child("waivers")
    items = section.items if section is not None else []
    index = next((i for i, w in enumerate(items) if (n := w.child("id")) is not None and n.value == name), None)
    if index is None:
        raise KeyError(name)
    waiver = items[index]
    expires = waiver.child("expires")
    at = _offset(text, expires.place) if expires is not None else len(text)
    found = _DAY.match(text, at)
    if found is None:
        raise CannotEditError("its `expires` is not written as a plain day")
    said = {} if waiver.child("note") is not None else {"note": note}
    new = text[:at] + found[1] + day + found[1]
    tail = text[found.end() :]
    if said and text[_offset(text, waiver.place)] == "{":
        new += f", note: {_quoted(note)}{tail}"
    elif said:
        stop = _BREAK.search(tail)
        rest = tail[: stop.start()] if stop else tail
        newline = stop[0] if stop else "\n"
        column = waiver.keys["expires"][0][1] - 1
        new += f"{rest}{newline}{' ' * column}note: {_quoted(note)}{tail[len(rest) :]}"
    else:
        new += tail
    wanted = {**root.value, "waivers": list(root.value["waivers"])}
    wanted["waivers"][index] = {**wanted["waivers"][index], "expires": day, **said}
    return _checked(octets, new, wanted)


def _checked(octets: bytes, new: str, wanted: dict[str, Any]) -> bytes:
    """The new octets, if they mean what is wanted and nothing else."""
    try:
        document = read_document("", new.encode())
    except UnicodeEncodeError:
        raise CannotEditError("what is to stand in it is not UTF-8 text") from None
    if document.mistakes or document.root.value != wanted:
        raise CannotEditError("it is written in a way that cannot be changed safely")
    bom = _BOM.encode() if octets.startswith(_BOM.encode()) else b""
    return bom + new.encode()


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotEditError("it is not UTF-8 text") from None


def _without_marker(text: str) -> tuple[str, str]:
    """The text up to its end marker, and the marker with all behind it; the marker stays the end."""
    found = _MARKER.search(text)
    return (text, "") if found is None else (text[: found.start()], text[found.start() :])


def _root(text: str) -> Node:
    document = read_document("", text.encode())
    if document.mistakes or not isinstance(document.root.value, dict):
        raise CannotEditError("it is no pack without mistakes: see `smtp-gate check`")
    return document.root


def _offset(text: str, place: Place) -> int:
    line, column = place
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    return starts[line - 1] + column - 1


def _dash(text: str, place: Place) -> int:
    """How far the list is indented in which an item stands here."""
    start = _offset(text, (place[0], 1))
    before = text[start : start + place[1] - 1]
    if before.strip() != "-":
        raise CannotEditError("its `waivers:` is not a list with one `- ` a line")
    return before.index("-")


def _quoted(value: str | list[str]) -> str:
    """A value in double quotes, whose escapes YAML and JSON share."""
    return json.dumps(value, ensure_ascii=False)
