r"""The journal's lines: how one is sealed and checked, and what a segment's file is called.

Version 1. A line is `{"v":1,"seq":<n>,"prev":"<64 hex>",<record>,"hash":"<64 hex>"}\n`, ASCII. `hash` is the SHA-256 of
the line's octets before `,"hash"`; `prev` is the `hash` of the line before, 64 zeros in a segment's first line; `seq`
counts from 0 within the segment. So a change of any octet shows in its own line, and a line added, removed or moved
shows in the next. The first line of a segment is of kind `opened` and names the segment before it and its last hash.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

VERSION: Final = 1
START: Final = "0" * 64
SEGMENT: Final = re.compile(r"([a-z][a-z0-9]{0,15})-([0-9]{8})\.jsonl")
_REACH: Final = 256 * 1024
_ENCODE: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_PREFIX: Final = b',"hash":"'
_TAIL: Final = len(_PREFIX) + 64 + len(b'"}\n')


def body_of(record: dict[str, object]) -> bytes:
    """A record's fields as they stand in a line, without the braces."""
    return _ENCODE(record).encode("ascii")[1:-1]


def seal(seq: int, prev: str, body: bytes) -> tuple[bytes, str]:
    """The line of a record, and its hash."""
    text = b'{"v":%d,"seq":%d,"prev":"%s",%s' % (VERSION, seq, prev.encode("ascii"), body)
    digest = hashlib.sha256(text).hexdigest()
    return b'%s%s%s"}\n' % (text, _PREFIX, digest.encode("ascii")), digest


def unseal(line: bytes) -> dict[str, Any] | None:
    """The fields of a line, None where it is not exactly what was written."""
    text, tail = line[:-_TAIL], line[-_TAIL:]
    if tail != b'%s%s"}\n' % (_PREFIX, hashlib.sha256(text).hexdigest().encode("ascii")):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("hash"), str) else None


def segment_name(worker: str, number: int) -> str:
    """The file name of a worker's segment."""
    return f"{worker}-{number:08d}.jsonl"


def segments(root: Path, worker: str = "") -> list[Path]:
    """The segments below a folder, each worker's in the order they were written; of one worker where it is named."""
    named = [(SEGMENT.fullmatch(path.name), path) for path in root.glob("*.jsonl")]
    return sorted(path for match, path in named if match is not None and worker in {"", match[1]})


def last_hash(path: Path) -> str:
    """The hash of the last whole line of a segment, 64 zeros where there is none. Raises OSError."""
    # Each line proves itself, so a worker that takes a segment up reads its end, however long it has grown.
    size = path.stat().st_size
    with path.open("rb") as file:
        reach = _REACH
        while True:
            file.seek(max(size - reach, 0))
            for line in reversed(file.read(reach).splitlines(keepends=True)):
                fields = unseal(line)
                if fields is not None:
                    return str(fields["hash"])
            if reach >= size:
                return START
            reach *= 8
