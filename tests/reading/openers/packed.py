"""Archives built record by record, so that each of their fields can lie: zip, tar, 7z, rar; and bombs of all kinds."""

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from smtp_gate.core.view import Part
from smtp_gate.reading.kinds import kind_of


def part(content: bytes, name: str = "a", kind: str = "", media_type: str = "application/octet-stream") -> Part:
    """A part of a message with this content."""
    names = (name,) if name else ()
    return Part(
        "2", 1, media_type, (), 0, len(content), names=names,
        kind=kind or kind_of(content, media_type, name), content=content,
    )  # fmt: skip


@dataclass
class File:
    """A file of a zip archive; what is None follows from the content, what is given stands there whatever it is."""

    name: bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    length: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    local_name: bytes | None = None
    local_flags: int | None = None
    local_method: int | None = None
    local_length: int | None = None
    descriptor: bytes = b""
    listed: bool = True
    at: int = field(default=-1)


def deflated(content: bytes) -> bytes:
    """A bare deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def packed_by(method: int, content: bytes) -> bytes:
    """The content as a method of zip files packs it."""
    if method == 8:
        return deflated(content)
    if method == 12:
        return bz2.compress(content)
    if method == 14:
        form = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}
        raw = lzma.compress(content, lzma.FORMAT_RAW, filters=[form])
        return struct.pack("<BBHBI", 9, 20, 5, 93, 1 << 16) + raw
    return content


def zipped(
    files: Iterable[File], *, before: bytes = b"", behind: bytes = b"", comment: bytes = b"", disk: int = 0,
    shift: int = 0, end: bool = True,
) -> bytes:  # fmt: skip
    """A zip file. `before` stands in front of it and `behind` between the files and the directory; offsets are told as
    they are less `shift`; without `end` there is no directory.
    """
    out = bytearray(before)
    central = bytearray()
    count = 0
    for file in files:
        octets = packed_by(file.method, file.content) if file.packed is None else file.packed
        crc = zlib.crc32(file.content) if file.crc is None else file.crc
        size = len(file.content) if file.size is None else file.size
        length = len(octets) if file.length is None else file.length
        if file.at < 0:
            file.at = len(out)
            streamed = bool(file.descriptor)
            flags = (file.flags if file.local_flags is None else file.local_flags) | 8 * streamed
            method = file.method if file.local_method is None else file.local_method
            name = file.name if file.local_name is None else file.local_name
            shown = length if file.local_length is None else file.local_length
            told = (0, 0, 0) if streamed else (crc, shown, size)
            out += b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, *told, len(name), len(file.extra))
            out += name + file.extra + octets + file.descriptor
        if file.listed:
            count += 1
            sizes = (len(file.name), len(file.extra), len(file.comment))
            central += b"PK\1\2" + struct.pack(
                "<HHHHHHIIIHHHHHII", 20, 20, file.flags | 8 * bool(file.descriptor), file.method, 0, 33, crc, length,
                size, *sizes, 0, 0, 0, file.at - shift,
            )  # fmt: skip
            central += file.name + file.extra + file.comment
    out += behind
    if end:
        start = len(out)
        out += central
        out += b"PK\5\6" + struct.pack(
            "<HHHHIIH", disk, disk, count & 0xFFFF, count & 0xFFFF, len(central), start - shift, len(comment)
        )
        out += comment
    return bytes(out)


def tar_header(
    name: bytes, size: int | bytes, *, kind: bytes = b"0", link: bytes = b"", magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:  # fmt: skip
    """One block with a checksum that holds."""
    told = size if isinstance(size, bytes) else b"%011o\0" % size
    head = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + told + b"00000000000\0" + b" " * 8 + kind
    head += link.ljust(100, b"\0") + magic.ljust(8, b"\0") + bytes(80) + prefix.ljust(155, b"\0") + bytes(12)
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def tarred(name: bytes, content: bytes, **told: bytes) -> bytes:
    """A header and its content, padded."""
    return tar_header(name, len(content), **told) + content + bytes(-len(content) % 512)


def _number(value: int) -> bytes:
    return b"\xff" + struct.pack("<Q", value)


def sevenzip(
    files: Sequence[tuple[str, int]], packed: bytes, *, method: bytes = b"\x00", properties: bytes = b"",
    crcs: Sequence[int] = (), between: bytes = b"",
) -> bytes:  # fmt: skip
    """A 7z file of one folder: names and sizes of its files, and the octets that the method has packed them to."""
    total = sum(size for _, size in files)
    coder = bytes([len(method) | (0x20 if properties else 0)]) + method
    coder += (_number(len(properties)) + properties) if properties else b""
    head = b"\x01\x04\x06" + _number(0) + _number(1) + b"\x09" + _number(len(packed)) + b"\0"
    head += b"\x07\x0b" + _number(1) + b"\0" + _number(1) + coder + b"\x0c" + _number(total) + b"\0"
    head += b"\x08\x0d" + _number(len(files))
    if len(files) > 1:
        head += b"\x09" + b"".join(_number(size) for _, size in files[:-1])
    if crcs:
        head += b"\x0a\x01" + b"".join(struct.pack("<I", crc) for crc in crcs)
    head += b"\0\0"
    names = b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in files)
    head += b"\x05" + _number(len(files)) + b"\x11" + _number(len(names) + 1) + b"\0" + names + b"\0\0"
    place = struct.pack("<QQI", len(packed) + len(between), len(head), zlib.crc32(head))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(place)) + place + packed + between + head


def _vint(value: int) -> bytes:
    out = b""
    while True:
        value, low = value >> 7, value & 0x7F
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out


def _rar5_block(kind: int, body: bytes, data: bytes = b"", extra: bytes = b"") -> bytes:
    flags = (1 if extra else 0) | (2 if data else 0)
    head = _vint(kind) + _vint(flags) + (_vint(len(extra)) if extra else b"") + (_vint(len(data)) if data else b"")
    head += body + extra
    head = _vint(len(head)) + head
    return struct.pack("<I", zlib.crc32(head)) + head + data


def rar5(
    files: Iterable[tuple[str, bytes]], *, method: int = 0, encrypted: bool = False, hidden: bool = False,
    behind: bytes = b"",
) -> bytes:  # fmt: skip
    """A rar file of version 5; `method` 0 stores. `encrypted` says so of each file, `hidden` of all headers."""
    out = b"Rar!\x1a\x07\x01\x00"
    if hidden:
        return out + _rar5_block(4, _vint(0) + _vint(0) + b"\x0f" + bytes(16)) + bytes(64)
    out += _rar5_block(1, _vint(0))
    secret = _vint(1) + _vint(0) + _vint(0) + b"\x0f" + bytes(32)
    extra = _vint(len(secret)) + secret if encrypted else b""
    for name, content in files:
        told = name.encode()
        body = _vint(4) + _vint(len(content)) + _vint(0o100644) + struct.pack("<I", zlib.crc32(content))
        body += _vint(method << 7) + _vint(1) + _vint(len(told)) + told
        out += _rar5_block(2, body, content, extra)
    return out + _rar5_block(5, _vint(0)) + behind


def zeros_deflated(size: int) -> bytes:
    """A deflate stream of so many zeros, in whole MiB: one piece that is flushed, many times over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (size >> 20) + b"\x03\x00"


def zeros_gz(size: int) -> bytes:
    """A gzip file of one member; its checksum is wrong, which nobody gets to see."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zeros_deflated(size) + bytes(8)


def zeros_lzma2(size: int) -> bytes:
    """A raw LZMA2 stream of so many zeros, in whole MiB."""
    piece = lzma.compress(bytes(1 << 20), lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
    return piece[:-1] * (size >> 20) + b"\0"


def zeros_xz(size: int) -> bytes:
    """As many .xz streams as it takes, one behind the other."""
    return lzma.compress(bytes(1 << 24)) * (size >> 24)


def zeros_bz2(size: int) -> bytes:
    """As many bzip2 streams as it takes, one behind the other."""
    return bz2.compress(bytes(9 << 20)) * (size // (9 << 20))


def wide_xz(dictionary: int) -> bytes:
    """An .xz file that asks for such a dictionary, in steps of two."""
    octets = bytearray(lzma.compress(b"x" * 1000, check=lzma.CHECK_NONE))
    # The block header: its size, flags, filter, size of properties, the dictionary, padding, checksum (section 3.1).
    at = 12
    length = (octets[at] + 1) * 4
    place = octets.index(b"\x21\x01", at) + 2
    octets[place] = 2 * (dictionary.bit_length() - 1 - 12)
    octets[at + length - 4 : at + length] = struct.pack("<I", zlib.crc32(bytes(octets[at : at + length - 4])))
    return bytes(octets)


def nested(depth: int, content: bytes = b"deep", name: str = "x") -> bytes:
    """A zip file in a zip file, so many times."""
    for level in range(depth):
        content = zipped([File(b"%s%d.zip" % (name.encode(), level) if level else b"deep.txt", content)])
    return content


def tree_bomb(levels: int = 5, each: int = 16, size: int = 64 << 20) -> bytes:
    """Archives of archives down to files of zeros: sixteen to the fifth times 64 MiB by default."""
    content = zeros_deflated(size)
    inner = zipped([File(b"0", packed=content, size=size, crc=0)])
    for _ in range(levels):
        inner = zipped([File(b"%x.zip" % number, inner) for number in range(each)])
    return inner


def overlapping(count: int = 250, size: int = 21 << 20, kernel: bytes = b"") -> bytes:
    """Files that share one stream of zeros: each but the last quotes the headers of the others in stored blocks.

    Every header thus stands within the stream of the one before, and all of them inflate to the same zeros.
    """
    kernel = kernel + b"\3\0" if kernel else zeros_deflated(size)
    records = [
        b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, 0, 0, 4, 0) + b"%04x" % n for n in range(count)
    ]
    out = b""
    places = []
    for number, record in enumerate(records):
        places.append(len(out))
        out += record
        if number + 1 < count:
            following = records[number + 1]
            out += b"\0" + struct.pack("<HH", len(following), len(following) ^ 0xFFFF)
    out += kernel
    central = b"".join(
        b"PK\1\2"
        + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 33, 0, len(out) - place - 34, size, 4, 0, 0, 0, 0, 0, place)
        + b"%04x" % number
        for number, place in enumerate(places)
    )
    return out + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(out), 0)


def self_reproducing(rounds: int = 4000) -> bytes:
    """A gzip file that yields a little more gzip each time it is opened, as one that yields itself would."""
    content = b"x"
    for _ in range(min(rounds, 60)):
        content = gzip.compress(content, mtime=0)
    return content
