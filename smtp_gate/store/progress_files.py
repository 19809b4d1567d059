"""Progress on disk: one append-only file an item, a checked line a step, synced before the act that it announces.

The lines are those of the journal (`journal_lines`), the first of kind `progress`, with the ref. A line that a crash cut
short has no line break: its act had not begun, so it is ignored, and removed before the next line is written. Any other
line that is not as written makes the file damaged: it is told and never guessed at. The folder `open` holds the files of
items that the gate still has to do something about, `closed` the others.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from smtp_gate.store.files import (
    IRREGULAR,
    REF,
    IrregularFileError,
    check_ref,
    make_private,
    read_regular,
    sync_directory,
    write_all,
)
from smtp_gate.store.journal_lines import START, body_of, seal, unseal
from smtp_gate.store.progress import Kind, Step

VERSION: Final = 1
SUFFIX: Final = ".progress"


class DamagedProgressError(ValueError):
    """The file is not what was written, or of a version we do not know."""


class ProgressFiles:
    """The two folders. Everything here blocks; only who claims an item writes its file."""

    def __init__(self, root: Path) -> None:
        """Make the folders. Raises OSError."""
        self.open = make_private(root / "open")
        self.closed = make_private(root / "closed")

    def read(self, ref: str) -> tuple[Step, ...]:
        """The steps of an item, none where it has no file. Raises DamagedProgressError, OSError, ValueError for no ref."""
        # Once more, because a file that is moved meanwhile can be missed in both folders.
        for folder in (self.open, self.closed) * 2:
            with contextlib.suppress(FileNotFoundError):
                return parse(ref, _octets(folder / f"{check_ref(ref)}{SUFFIX}"))[0]
        return ()

    def refs(self) -> list[str]:
        """The refs of the items that the gate still has to do something about."""
        names = (p.name.removesuffix(SUFFIX) for p in self.open.glob(f"*{SUFFIX}"))
        return sorted(name for name in names if REF.fullmatch(name))

    def is_open(self, ref: str) -> bool:
        """Whether the gate still has to do something about the item. Raises ValueError for what is no ref."""
        return (self.open / f"{check_ref(ref)}{SUFFIX}").exists()

    def add(self, ref: str, steps: Iterable[Step]) -> None:
        """Write these steps durably, in one piece, and make the file one that is open.

        Raises OSError, and then none of them counts; DamagedProgressError where the file is damaged.
        """
        path = self._opened(ref)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            found, size, count, last = _read(ref, _octets(path))
            octets = b"".join(_lines(ref, steps, count, last))
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
            try:
                write_all(descriptor, octets)
                os.fsync(descriptor)
                if not found:
                    sync_directory(self.open)
            except OSError:
                with contextlib.suppress(OSError):
                    # Whatever was written is taken back, so that nobody reads an act that was never begun.
                    os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def close(self, ref: str) -> None:
        """Nothing is left to do about the item. Raises OSError; a file that is closed already is no error."""
        name = f"{check_ref(ref)}{SUFFIX}"
        with contextlib.suppress(FileNotFoundError):
            (self.open / name).rename(self.closed / name)
            sync_directory(self.closed)
            sync_directory(self.open)

    def set_aside(self, ref: str) -> None:
        """Put a damaged file out of the way, kept for who wants to look into it. Raises OSError."""
        for folder in (self.open, self.closed):
            path = folder / f"{check_ref(ref)}{SUFFIX}"
            number = sum(1 for _ in self.closed.glob(f"{ref}.damaged-*"))
            with contextlib.suppress(FileNotFoundError):
                path.rename(self.closed / f"{ref}.damaged-{number}")
                sync_directory(self.closed)
                sync_directory(folder)

    def _opened(self, ref: str) -> Path:
        """The path of the item's file in `open`, brought there from `closed` durably."""
        name = f"{check_ref(ref)}{SUFFIX}"
        if (self.closed / name).exists():
            (self.closed / name).rename(self.open / name)
            sync_directory(self.open)
            sync_directory(self.closed)
        return self.open / name


def _octets(path: Path) -> bytes:
    """What a file holds. Raises FileNotFoundError, DamagedProgressError where it is none, OSError."""
    try:
        return read_regular(path)
    except IrregularFileError:
        raise DamagedProgressError(IRREGULAR) from None


def parse(ref: str, octets: bytes) -> tuple[tuple[Step, ...], int]:
    """The steps in a file's octets, and how many octets hold them. Raises DamagedProgressError."""
    steps, size, _, _ = _read(ref, octets)
    return steps, size


def lines(ref: str, steps: Iterable[Step]) -> Iterator[bytes]:
    """The lines of a file with these steps, the first line included."""
    return _lines(ref, steps, 0, START)


def _lines(ref: str, steps: Iterable[Step], count: int, last: str) -> Iterator[bytes]:
    """Lines that follow `count` others, of which `last` is the last one's hash."""
    if not count:
        line, last = seal(0, START, body_of({"kind": "progress", "version": VERSION, "ref": ref}))
        yield line
    for number, step in enumerate(steps, count or 1):
        line, last = seal(number, last, body_of(_fields(step)))
        yield line


def _read(ref: str, octets: bytes) -> tuple[tuple[Step, ...], int, int, str]:
    """Steps, octets that hold whole lines, how many lines, and the hash of the last."""
    steps: list[Step] = []
    size, count, last = 0, 0, START
    while (end := octets.find(b"\n", size)) >= 0:
        fields = unseal(octets[size : end + 1])
        if fields is None or fields.get("seq") != count or fields.get("prev") != last:
            raise DamagedProgressError(f"line {count + 1} is not as written")
        if not count:
            if (fields.get("kind"), fields.get("version"), fields.get("ref")) != ("progress", VERSION, ref):
                raise DamagedProgressError("another item's file, or of a version this program does not know")
        else:
            steps.append(_step(fields, count))
        size, count, last = end + 1, count + 1, fields["hash"]
    return tuple(steps), size, count, last


def _fields(step: Step) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": str(step.kind), "at": step.at.astimezone(UTC).isoformat()}
    more = {"to": step.to, "who": step.who, "rules": step.rules, "reply": step.reply, "why": step.why}
    return fields | {name: value for name, value in more.items() if value}


def _step(fields: dict[str, Any], number: int) -> Step:
    try:
        step = Step(
            Kind(fields["kind"]),
            datetime.fromisoformat(fields["at"]),
            tuple(int(i) for i in fields.get("to", ())),
            str(fields.get("who", "")),
            tuple(str(r) for r in fields.get("rules", ())),
            str(fields.get("reply", "")),
            str(fields.get("why", "")),
        )
    except (ValueError, KeyError, TypeError):
        raise DamagedProgressError(f"line {number + 1} says what this program does not understand") from None
    if any(i < 0 for i in step.to):
        raise DamagedProgressError(f"line {number + 1} names a recipient that no item has")
    return step
