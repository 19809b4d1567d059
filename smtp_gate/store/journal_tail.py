"""Reading a segment on from where one stopped: its new whole lines, each checked against the line before."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smtp_gate.store.journal_lines import START, unseal
from smtp_gate.store.journal_reader import Damage, Flaw, Record, check


@dataclass(frozen=True, slots=True)
class Position:
    """How far a segment was read: octets and lines, the last line's number in the chain and its hash.

    An empty hash: the last line was not what was written, so nothing can be said of the line it should be followed by.
    """

    offset: int = 0
    line: int = 0
    seq: int = -1
    hash: str = START


Step = tuple[tuple[Record | Flaw, ...], Position]
"""What one line holds, and the position behind it."""


def tail(path: Path, position: Position) -> Iterator[Step]:
    """Every whole line behind a position. Raises OSError.

    A last line without its end is left for the next time: its writer may be writing it at this moment.
    """
    with path.open("rb") as file:
        file.seek(position.offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            found, position = _step(path, line, position)
            yield found, position


def _step(path: Path, line: bytes, position: Position) -> Step:
    number, offset = position.line + 1, position.offset + len(line)
    fields = unseal(line)
    if fields is None:
        return (Flaw(path.name, number, Damage.CHANGED),), Position(offset, number, position.seq, "")
    expected = (position.hash, position.seq + 1) if position.hash else None
    flaws = tuple(check(path, number, fields, expected))
    seq = fields.get("seq")
    follows = Position(offset, number, seq if isinstance(seq, int) else position.seq, fields["hash"])
    return (*flaws, Record(path.name, number, fields)), follows


def stands(path: Path, position: Position) -> bool:
    """Whether the segment still ends one of its lines there with that hash; it reads that end only. Raises OSError."""
    ending = b',"hash":"%s"}\n' % position.hash.encode("ascii", "replace") if position.hash else b"\n"
    if position.offset == 0:
        return True
    if position.offset < len(ending):
        return False
    with path.open("rb") as file:
        return os.pread(file.fileno(), len(ending), position.offset - len(ending)) == ending
