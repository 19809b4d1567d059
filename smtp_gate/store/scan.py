"""The start-up scan: heals what heals by itself, and reports the rest in words a person can act on; it drops nothing.

The only files it removes are temporary ones of dead writers, which no reader ever saw. Everything that may be mail or
evidence stays where it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smtp_gate.store.files import REF, sweep
from smtp_gate.store.heads import sealed
from smtp_gate.store.hold_rows import all_held_files, refused
from smtp_gate.store.ingest import Ingestor
from smtp_gate.store.journal_reader import Damage, Flaw, verify
from smtp_gate.store.looking import SUFFIX, look
from smtp_gate.store.progress_files import ProgressFiles
from smtp_gate.store.states import FOLDERS, Listed, State


class Kind(StrEnum):
    """What was found, for metrics and logs."""

    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    DOUBLE = "double"
    STRAY = "stray"
    JOURNAL = "journal"
    TORN = "torn"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not heal by itself: what it is, where, and what a person should do.

    `where` is a path below the data folder, with a line where there is one; `harmless`: a crash explains it and nothing
    that was acknowledged is missing.
    """

    kind: Kind
    what: str
    where: str
    advice: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.advice}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan saw: journal records and held files, what it healed, and what it leaves to a person."""

    records: int
    holds: int
    healed: tuple[str, ...]
    findings: tuple[Finding, ...]


UNFINISHED = frozenset({State.PENDING, State.HELD, State.RELEASING, State.FAILED})
"""Folders whose mail somebody still waits for: only these are read through at every start."""

LEFT = {
    State.PENDING: (
        "the gate stopped while this message was being held; its other recipients may have got it already",
        "See in the next hop's log whether they have, then release or discard it with smtp-gate quarantine.",
    ),
    State.RELEASING: (
        "the gate stopped while this message was being released; nobody knows whether it was delivered",
        "Look for its ref in the next hop's log: delivered, discard it; if not, release it again with smtp-gate quarantine.",
    ),
}
DAMAGED = "Restore the file from a backup, or ask the sender to send the message again; it is not released as it is."
PROGRESS = (
    "Look for its ref in the next hop's log, then decide on it anew with smtp-gate quarantine; the old file is kept."
)
DOUBLE = "Compare the two files and the journal's records of this ref, then move the wrong one out of the folder."
STRAY = "It is left alone and never released; if somebody put it there by mistake, move it away."
JOURNAL = "Keep the file and a copy of it, and find out who or what changed it; records elsewhere are not affected."
MISSING = "Restore it from a backup; if it was removed on purpose, write down by whom and why."
DISK = "Look after the disk and the rights of the folder, then start the gate again to have the journal checked."
NOTHING = "Nothing to do."


def scan(data: Path, ingestor: Ingestor) -> Report:
    """Look through a data folder once. Raises OSError where it cannot be read, IndexUnavailableError.

    It reads the whole journal and every held file that somebody waits for, so it belongs in a thread.
    """
    healed = (*_swept(data), *_index(ingestor))
    records, flawed = _journal(data / "journal")
    holds, found = _holds(data / "quarantine")
    return Report(records, holds, healed, (*found, *flawed))


def _swept(data: Path) -> Iterator[str]:
    for folder in (*(data / "quarantine" / state for state in FOLDERS), data / "journal"):
        count = sweep(folder)
        if count:
            yield f"{folder.relative_to(data)}: removed {count} temporary file(s) of a writer that died"


def _index(ingestor: Ingestor) -> Iterator[str]:
    """Bring the index level with the files; what that took."""
    if not ingestor.index.is_whole():
        ingestor.index.clear("damaged")
    caught = ingestor.catch_up()
    where = f"index: {caught.records} record(s) and {caught.holds} held file(s)"
    if caught.rebuilt == "new":
        yield f"{where} read into a new index"
    elif caught.rebuilt:
        yield f"{where} read again from the beginning ({caught.rebuilt})"
    elif caught.records or caught.holds:
        yield f"{where} had not been read yet"


def _journal(root: Path) -> tuple[int, list[Finding]]:
    try:
        heads, pins = sealed(root)
        good, flaws = verify(root, heads)
    except OSError as error:
        return 0, [Finding(Kind.JOURNAL, f"the journal cannot be read ({error.strerror})", "journal", DISK)]
    return good, [_of_flaw(flaw) for flaw in (*flaws, *pins)]


def _of_flaw(flaw: Flaw) -> Finding:
    where = f"journal/{flaw.segment}:{flaw.line}" if flaw.line else f"journal/{flaw.segment}"
    if flaw.by_crash:
        return Finding(Kind.TORN, flaw.reason, where, NOTHING, harmless=True)
    if flaw.damage is Damage.MISSING:
        return Finding(Kind.MISSING, flaw.reason, where, MISSING)
    return Finding(Kind.JOURNAL, flaw.reason, where, JOURNAL)


def _holds(quarantine: Path) -> tuple[int, list[Finding]]:
    """How many held files there are, and what is wrong with them."""
    places: dict[str, list[Path]] = defaultdict(list)
    findings: list[Finding] = []
    steps, count = ProgressFiles(quarantine / "progress"), 0
    for path, folder in all_held_files(quarantine):
        count += 1
        places[path.name].append(path)
        if folder in UNFINISHED:
            findings += _of_hold(path, folder, steps)
    findings += [f for paths in places.values() if len(paths) > 1 for f in _double(paths)]
    findings += _strays(quarantine)
    return count, findings


def _of_hold(path: Path, folder: State, steps: ProgressFiles) -> Iterator[Finding]:
    try:
        found = look(path, folder, steps)
    except OSError as error:
        found = Listed("", folder, None, refused(error), folder)
    if found is None or (found.state is State.PENDING and not found.item):
        # It has gone to another folder, or its writer is at work on it.
        return
    where = _where(path)
    if found.state is State.UNKNOWN and not found.flaw:
        what, advice = LEFT[State.PENDING if folder is State.PENDING else State.RELEASING]
        yield Finding(Kind.UNKNOWN, what, where, advice)
    elif found.item is None:
        yield Finding(Kind.DAMAGED, f"the held message cannot be read: {found.flaw}", where, DAMAGED)
    elif found.flaw:
        yield Finding(Kind.DAMAGED, found.flaw, where, PROGRESS)


def _double(paths: list[Path]) -> Iterator[Finding]:
    # A message that is moved while we look is seen in both folders; it is no longer in the first one then.
    if sum(path.exists() for path in paths) > 1:
        others = " and ".join(path.parent.name for path in paths)
        yield Finding(Kind.DOUBLE, f"the same ref lies in {others}", _where(paths[0]), DOUBLE)


def _strays(quarantine: Path) -> Iterator[Finding]:
    for folder in FOLDERS:
        for path in sorted((quarantine / folder).glob("*")):
            ours = path.name.endswith(SUFFIX) and REF.fullmatch(path.name.removesuffix(SUFFIX))
            if not ours and not path.name.startswith("."):
                yield Finding(Kind.STRAY, "no held message bears such a name", _where(path), STRAY)


def _where(path: Path) -> str:
    return f"quarantine/{path.parent.name}/{path.name}"
