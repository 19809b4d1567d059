"""Held files as rows of the index: what lies in the quarantine's folders, in which state, without any claim of our own."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import stat_result
from pathlib import Path
from typing import Final

from smtp_gate.store.files import REF
from smtp_gate.store.items import Item
from smtp_gate.store.journal_rows import Row, packed, text
from smtp_gate.store.looking import SUFFIX, look, ref_of
from smtp_gate.store.progress_files import SUFFIX as STEPS
from smtp_gate.store.progress_files import ProgressFiles
from smtp_gate.store.states import FOLDERS, SETTLED, WORKED_ON, Listed, State

UNREAD: Final = -1
"""The size that no file has: one that the disk refused is read again the next time."""

NO_ITEM: Final = ("received", "sender", "recipients", "rules", "size", "sha256", "message_id")


@dataclass(frozen=True, slots=True)
class Known:
    """What the index says of one held file: enough to tell whether it has to be read again."""

    octets: int
    written: int
    inode: int
    progress: str
    state: str
    flaw: str


def held_files(folder: Path) -> Iterator[Path]:
    """The held files in a folder in a stable order; what bears no ref is none of ours. Raises OSError."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if REF.fullmatch(ref_of(path)):
            yield path


def all_held_files(quarantine: Path) -> Iterator[tuple[Path, State]]:
    """Every held file with its folder. Raises OSError."""
    for folder in FOLDERS:
        for path in held_files(quarantine / folder):
            yield path, folder


class HoldRows:
    """Makes the rows of one quarantine's files that the index has not, or not as they are."""

    def __init__(self, quarantine: Path) -> None:
        """Make the folders of progress. Raises OSError."""
        self.steps = ProgressFiles(quarantine / "progress")
        self._begun: frozenset[str] = frozenset()

    def begin(self) -> None:
        """See which items have a file of progress, before a folder is gone through. Raises OSError."""
        # Once a folder and not once a file: most items have none, and asking for each would be most of the work.
        self._begun = frozenset(p.name for folder in (self.steps.open, self.steps.closed) for p in folder.iterdir())

    def news(self, path: Path, folder: State, known: Known | None) -> Row | None:
        """The row of one file, None where the index has it so or it has been moved since. Raises OSError."""
        try:
            written = path.stat()
            traces = self._traces(ref_of(path), folder)
            if known is not None and _same(known, written, traces) and not self._may_change(ref_of(path), folder):
                return None
            row = self._row(path, folder, written)
        except FileNotFoundError:
            return None
        if row is None:
            return None
        row["progress"] = traces
        return None if known is not None and known == _known(row) else row

    def _may_change(self, ref: str, folder: State) -> bool:
        """Whether a claim, of which no file tells, decides on the state."""
        return folder in WORKED_ON or (f"{ref}{STEPS}" in self._begun and self.steps.is_open(ref))

    def _traces(self, ref: str, folder: State) -> str:
        """Size and time of the file of progress, empty where there is none or it does not matter any more."""
        if folder in SETTLED or f"{ref}{STEPS}" not in self._begun:
            return ""
        for directory in (self.steps.open, self.steps.closed) * 2:
            try:
                found = (directory / f"{ref}{STEPS}").stat()
            except FileNotFoundError:
                continue
            return f"{found.st_size}:{found.st_mtime_ns}"
        return ""

    def _row(self, path: Path, folder: State, written: stat_result) -> Row | None:
        try:
            found = look(path, folder, self.steps)
        except FileNotFoundError:
            return None
        except OSError as error:
            found, octets = Listed(ref_of(path), folder, None, refused(error), folder), UNREAD
        else:
            octets = written.st_size
        if found is None:
            return None
        row: Row = {
            "ref": found.ref,
            "folder": str(folder),
            "state": str(found.state),
            "flaw": text(found.flaw),
            "octets": octets,
            "written": written.st_mtime_ns,
            "inode": written.st_ino,
        }
        return row | _item_columns(found.item)


def refused(error: OSError) -> str:
    """What the disk said, for a person."""
    return f"the disk refuses it ({error.strerror})"


def _same(known: Known, written: stat_result, traces: str) -> bool:
    now = (written.st_size, written.st_mtime_ns, written.st_ino, traces)
    return (known.octets, known.written, known.inode, known.progress) == now


def _known(row: Row) -> Known:
    return Known(*(row[name] for name in Known.__slots__))  # type: ignore[arg-type]  # the columns of that name and type


def _item_columns(item: Item | None) -> Row:
    if item is None:
        return dict[str, str | int | None].fromkeys(NO_ITEM)
    envelope = item.message.envelope
    return {
        "received": item.message.received.isoformat(),
        "sender": text(envelope.sender.address),
        "recipients": packed([r.path.address for r in envelope.recipients]),
        "rules": packed(item.rules),
        "size": len(item.message.content),
        "sha256": item.sha256,
        "message_id": text(item.message_id),
    }
