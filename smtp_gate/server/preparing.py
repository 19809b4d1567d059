"""The first half of a reload: files, or the packs of an earlier ruleset, built, tested, kept, and compared with what is in use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from smtp_gate.config import Config, load_config
from smtp_gate.ruleset.differences import Change, differences
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import Source
from smtp_gate.server import feeds
from smtp_gate.server.comparing import shape_differences, sources
from smtp_gate.server.directories import directory_file
from smtp_gate.server.rollback import in_force, pin_to, target
from smtp_gate.server.rules import Rulebook, load_rulebook, snapshot_of
from smtp_gate.store.ruleset_history import Pin
from smtp_gate.store.rulesets import NoSnapshotError, Snapshot, Snapshots

TOLD: Final = 20
"""How many reasons of a refused reload are told."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reload shall load, and who asks for it, in words for log and journal.

    With `files` it is the packs on disk, else those of a rollback as long as it is in force. `to` rolls back: to the ruleset
    whose name begins so, or, where it is empty, to the one before.
    """

    by: str = "command"
    files: bool = True
    to: str | None = None


class RefusedError(Exception):
    """Nothing is loaded, and why; `lasting` where only other files can mend it."""

    def __init__(self, *reasons: str, lasting: bool = True) -> None:
        super().__init__(reasons[0] if reasons else "")
        self.reasons = reasons
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Prepared:
    """A snapshot of what was just tested, the rulebook, the rollback that holds once it is used, and what changes with it.

    `beside` names what changes beside the packs: `directory`, `enforce` and the like. `made` are the snapshots that were made
    for it, to be dropped where it comes to nothing.
    """

    saved: Snapshot
    book: Rulebook
    pin: Pin | None
    changes: tuple[Change, ...]
    beside: tuple[str, ...]
    made: frozenset[str] = frozenset()


class Preparer:
    """Prepares one reload at a time. Methods block."""

    def __init__(self, reread: Callable[[], Config | None], snapshots: Snapshots, settings: Path | None = None) -> None:
        """`settings` is the file that `reread` reads, so that its mistakes can be told."""
        self._reread = reread
        self._snapshots = snapshots
        self._settings = settings

    def prepare(self, wish: Wish) -> Prepared | None:
        """What was just tested, None where a file changed meanwhile. Raises RefusedError."""
        config = self._reread()
        if config is None:
            raise RefusedError(*self._mistakes())
        # Reading a pipe could wait for ever, and every later reload with it.
        if pipes := [f"{path}: no regular file" for path in _beside(config) if path.exists() and not path.is_file()]:
            raise RefusedError(*pipes)
        packs, pin = self._wanted(config, wish)
        # The examples of a ruleset that was kept came out right when it was made; their sample mail does not lie beside it.
        book = load_rulebook(config, test=packs is None, packs=packs)
        if book.ruleset is None:
            raise RefusedError(*_first(book.errors))
        before = self._snapshots.names()
        try:
            saved = snapshot_of(config, book, self._snapshots)
            made = self._snapshots.names() - before
            if saved is not None:
                return replace(self._compared(saved, book, pin, made), made=made)
            self._snapshots.drop(made)
            return None  # noqa: TRY300 - it belongs to what may fail
        except OSError as error:
            raise RefusedError(f"the snapshot could not be written: {error.strerror}", lasting=False) from None

    def _mistakes(self) -> Sequence[str]:
        found = () if self._settings is None else load_config(self._settings).errors
        return _first(found) or ("the settings have mistakes: see `smtp-gate check`",)

    def _wanted(self, config: Config, wish: Wish) -> tuple[tuple[Path, ...] | None, Pin | None]:
        """The packs in the place of those on disk (None: those on disk), and the rollback to hold."""
        if wish.to is None:
            pinned = None if wish.files else in_force(config, self._snapshots)
            return (None, None) if pinned is None else (pinned.packs, self._snapshots.history.pin())
        try:
            wanted = target(self._snapshots, wish.to)
            pin = pin_to(config, self._snapshots, wanted)
            return self._snapshots.get(wanted.name).packs, pin
        except NoSnapshotError as error:
            raise RefusedError(str(error)) from None

    def _compared(self, saved: Snapshot, book: Rulebook, pin: Pin | None, made: frozenset[str]) -> Prepared:
        try:
            before = self._snapshots.get(self._snapshots.current())
        except NoSnapshotError:
            return Prepared(saved, book, pin, (), ())
        old, new = sources(before), sources(saved)
        files = [pack.path for pack in book.loaded.packs]
        cut = cut_short(old, [replace(s, path=file) for s, file in zip(new, files, strict=True)])
        if cut:
            self._snapshots.drop(made)
            raise RefusedError(*_first(cut))
        beside = tuple(key for key, _, _ in shape_differences(before.shape, saved.shape))
        return Prepared(saved, book, pin, differences(old, new), beside)


def _beside(config: Config) -> Iterator[Path]:
    """What is read beside settings and packs."""
    directory = directory_file(config)
    yield from () if directory is None else (directory,)
    yield from (source.file for source in feeds.sources(config))
    yield from (path for listed in config.edm.values() for path in (listed.file, listed.key))


def cut_short(before: Sequence[Source], after: Sequence[Source]) -> list[Mistake]:
    """A mistake for each pack that ended with the end marker and does no more: what stood behind the cut is not missed."""
    ended = {source.name for source in before if source.document.ended}
    return [
        Mistake(str(s.path), _last_line(s), 1, "the end marker `...` is gone: was the file cut short?", "end it with `...`")
        for s in after
        if s.name in ended and not s.document.ended
    ]  # fmt: skip


def _last_line(source: Source) -> int:
    return max((node.place[0] for node in source.document.root.scalars()), default=1)


def _first(mistakes: Sequence[Mistake]) -> tuple[str, ...]:
    return tuple(str(m) for m in mistakes[:TOLD])
