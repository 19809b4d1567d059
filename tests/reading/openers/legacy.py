"""Files of Office before 2007 and of Outlook, built with the standard library: enough of each format to hold given text."""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

from tests.reading.openers.samples import Row, Tree, ole

PLAIN_USER = struct.pack("<IIII", 0, 0, 0x14, 0xE391C05F).ljust(32, b"\0")
CIPHERED_USER = struct.pack("<IIII", 0, 0, 0x14, 0xF3D1C4DF).ljust(32, b"\0")


def doc_tree(pieces: Iterable[str], *, encrypted: bool = False, claimed: int | None = None) -> dict[str, bytes | Tree]:
    """The streams of a Word 97 file whose text is made of these pieces, by turns of 8 and of 16 bits a character."""
    said = list(pieces)
    stream = bytearray(0x600)
    descriptors, places = [], [0]
    for number, text in enumerate(said):
        at = len(stream)
        if number % 2:
            stream += text.encode("utf-16-le")
        else:
            stream += text.encode("cp1252")
            at = at * 2 | 0x40000000
        descriptors.append(struct.pack("<HIH", 0, at, 0))
        places.append(places[-1] + len(text))
    plc = b"".join(struct.pack("<I", place) for place in places) + b"".join(descriptors)
    table = b"\x01\x03\x00abc" + b"\x02" + struct.pack("<I", len(plc)) + plc
    struct.pack_into("<HH6xH", stream, 0, 0xA5EC, 193, 0x0200 | (0x0100 if encrypted else 0))
    struct.pack_into("<8i", stream, 0x4C, places[-1] if claimed is None else claimed, *[0] * 7)
    struct.pack_into("<II", stream, 0x01A2, 0, len(table))
    return {"WordDocument": bytes(stream), "1Table": table, "\x05SummaryInformation": b"\0" * 48}


def doc(pieces: Iterable[str], *, encrypted: bool = False, claimed: int | None = None) -> bytes:
    """A Word 97 file."""
    return ole(doc_tree(pieces, encrypted=encrypted, claimed=claimed))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def xls(rows: Iterable[Row], *, encrypted: bool = False, sheet: str = "Sheet1") -> bytes:
    """An Excel 97 file with one sheet."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    cells = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + text)
            else:
                cells += _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    cells += _record(0x000A, b"")
    password = _record(0x002F, struct.pack("<HHH", 0, 0x1234, 0x5678)) if encrypted else b""
    name = sheet.encode("latin-1")
    globals_size = len(_record(0x0809, begin) + password) + 4 + 8 + len(name) + 4
    head = _record(0x0809, begin) + password
    head += _record(0x0085, struct.pack("<IBBBB", globals_size, 0, 0, len(name), 0) + name) + _record(0x000A, b"")
    return ole({"Workbook": (head + cells).ljust(4096, b"\0")})


def _atom(kind: int, content: bytes, version: int = 0) -> bytes:
    return struct.pack("<HHI", version, kind, len(content)) + content


def ppt(texts: Iterable[str], *, encrypted: bool = False, embedded: bytes = b"") -> bytes:
    """A PowerPoint 97 file: its texts by turns of 8 and of 16 bits a character; `embedded` is an object in it."""
    atoms = b"".join(
        _atom(0x0FA0, text.encode("utf-16-le")) if number % 2 else _atom(0x0FA8, text.encode("latin-1"))
        for number, text in enumerate(texts)
    )
    if embedded:
        atoms += _atom(0x1011, struct.pack("<I", len(embedded)) + zlib.compress(embedded), 0x0010)
    stream = _atom(0x03E8, _atom(0x0FF0, atoms, 0x000F), 0x000F)
    return ole({"PowerPoint Document": stream, "Current User": CIPHERED_USER if encrypted else PLAIN_USER})


def native(name: str, content: bytes) -> bytes:
    """A file as a stream `Ole10Native` packs it."""
    label = name.encode("cp1252") + b"\0"
    body = b"\x02\0" + label + b"C:\\" + label + b"\0\0\x03\0" + struct.pack("<I", len(label)) + label
    body += struct.pack("<I", len(content)) + content
    return struct.pack("<I", len(body)) + body


def _properties(values: Mapping[int, str | bytes], head: int) -> dict[str, bytes | Tree]:
    streams: dict[str, bytes | Tree] = {"__properties_version1.0": bytes(head)}
    for id_, value in values.items():
        kind, octets = ("001F", value.encode("utf-16-le")) if isinstance(value, str) else ("0102", value)
        streams[f"__substg1.0_{id_:04X}{kind}"] = octets
    return streams


def msg_tree(
    subject: str, body: str, *, html: bytes = b"", files: Mapping[str, bytes] | None = None,
    people: Sequence[str] = (), inner: Tree | None = None, top: bool = True, rtf: bytes = b"",
) -> dict[str, bytes | Tree]:  # fmt: skip
    """The streams of a saved message."""
    values: dict[int, str | bytes] = {0x0037: subject, 0x1000: body, 0x007D: "X-Mailer: samples"}
    if html:
        values[0x1013] = html
    if rtf:
        values[0x1009] = rtf
    tree = _properties(values, 32 if top else 24)
    for number, address in enumerate(people):
        tree[f"__recip_version1.0_#{number:08X}"] = _properties({0x39FE: address}, 8)
    for number, (name, content) in enumerate((files or {}).items()):
        tree[f"__attach_version1.0_#{number:08X}"] = _properties({0x3707: name, 0x3701: content}, 8)
    if inner is not None:
        attached = _properties({0x3001: "Inner"}, 8)
        attached["__substg1.0_3701000D"] = inner
        tree["__attach_version1.0_#000000FF"] = attached
    return tree


def msg(subject: str, body: str, **more: object) -> bytes:
    """A message that Outlook saved."""
    return ole(msg_tree(subject, body, **more))  # type: ignore[arg-type]  # the keywords are those of msg_tree


def uncompressed_rtf(content: bytes) -> bytes:
    """Rich text in its wrapping of compressed one, stored as it is."""
    return struct.pack("<II4sI", len(content) + 12, len(content), b"MELA", 0) + content


def literal_rtf(content: bytes) -> bytes:
    """Rich text as a compressor that finds no repetition would write it."""
    packed = b"".join(b"\0" + content[at : at + 8] for at in range(0, len(content), 8))
    return struct.pack("<II4sI", len(packed) + 12, len(content), b"LZFu", 0) + packed


def _attribute(level: int, id_: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, id_, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def _value(id_: int, value: str | bytes) -> bytes:
    kind, octets = (0x1F, value.encode("utf-16-le") + b"\0\0") if isinstance(value, str) else (0x102, value)
    return struct.pack("<HHII", kind, id_, 1, len(octets)) + octets + b"\0" * (-len(octets) % 4)


def tnef(
    body: str = "", *, properties: Mapping[int, str | bytes] | None = None, files: Mapping[str, bytes] | None = None
) -> bytes:
    """A `winmail.dat`."""
    out = struct.pack("<IH", 0x223E9F78, 1) + _attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    if body:
        out += _attribute(1, 0x0002800C, body.encode("cp1252") + b"\0")
    if properties:
        listed = struct.pack("<I", len(properties)) + b"".join(_value(i, v) for i, v in properties.items())
        out += _attribute(1, 0x00069003, listed)
    for name, content in (files or {}).items():
        out += _attribute(2, 0x00069002, bytes(14)) + _attribute(2, 0x00018010, name.encode() + b"\0")
        out += _attribute(2, 0x0006800F, content)
    return out
