"""The dated directory from a CSV file, and back into one."""

import contextlib
import csv
import gc
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Final

from smtp_gate.adapters.directory_columns import COLUMNS
from smtp_gate.adapters.directory_rows import RowMistake, build, row_of
from smtp_gate.core.directory import Directory, Entry

NEEDED: Final = ("address",)
_MARKS: Final = {";": ";", "\t": "tabs"}
"""What parts cells in files of other kinds; Excel writes the first where a comma stands in numbers."""
MAX_OCTETS: Final = 256 * 1024 * 1024


def load(path: Path, zone: tzinfo) -> Directory | tuple[RowMistake, ...]:
    """The directory in a CSV file, or every mistake of it with its line. Raises OSError where it cannot be read.

    Its `id` is the SHA-256 of the file, so that a journal can name the snapshot.
    """
    octets = path.read_bytes()
    if len(octets) > MAX_OCTETS:
        return (RowMistake(1, "", f"the file is larger than {MAX_OCTETS} octets"),)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return (RowMistake(octets[: error.start].count(b"\n") + 1, "", "not UTF-8"),)
    return parse(text, zone, hashlib.sha256(octets).hexdigest())


def parse(text: str, zone: tzinfo, snapshot: str = "") -> Directory | tuple[RowMistake, ...]:
    """The directory in CSV text, or every mistake of it."""
    mistakes: list[RowMistake] = []
    with _collector_at_rest():
        return build(_rows(text, mistakes), mistakes, snapshot, zone)


def written(entries: Iterable[Entry]) -> str:
    """Entries as CSV text that `parse` reads back."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(row_of, entries))
    return out.getvalue()


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Nothing that is made meanwhile is garbage, and looking for it again and again takes a fifth of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _rows(text: str, mistakes: list[RowMistake]) -> Iterator[tuple[int, dict[str, str]]]:
    """The data rows with their lines; the header is checked first."""
    if fault := _foreign(text):
        mistakes.append(RowMistake(1, "", fault))
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [c.strip().lower() for c in next(reader, [])]
        missing = [c for c in NEEDED if c not in header]
        if missing:
            # Without a header the first account would be taken for one, and each of its cells told as a wrong column.
            said = f"the first line must be a header that names this column; columns are {', '.join(COLUMNS)}"
            mistakes.append(RowMistake(1, missing[0], said))
            return
        wrong = [c for c in header if c not in COLUMNS]
        mistakes += [RowMistake(1, c, f"no such column; columns are {', '.join(COLUMNS)}") for c in wrong]
        twice = [c for c in dict.fromkeys(header) if header.count(c) > 1 and c not in wrong]
        mistakes += [RowMistake(1, c, "this column stands twice in the header") for c in twice]
        if wrong or twice:
            return
        for cells in reader:
            if not any(c.strip() for c in cells) or cells[0].lstrip().startswith("#"):
                continue
            if len(cells) != len(header):
                mistakes.append(RowMistake(reader.line_num, "", f"{len(cells)} cells, the header has {len(header)}"))
                continue
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
    except csv.Error as error:
        mistakes.append(RowMistake(reader.line_num, "", f"not CSV: {error}"))


def _foreign(text: str) -> str:
    """What is wrong with a header whose cells something else than a comma parts; empty for any other one."""
    header = text.partition("\n")[0]
    for mark, name in _MARKS.items():
        cells = [c.strip().strip('"').strip().lower() for c in header.split(mark)]
        if len(cells) > 1 and set(NEEDED) & set(cells):
            return f"cells are parted by {name} here, and by , in a directory"
    return ""
