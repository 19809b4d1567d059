"""The ruleset and the directory in use: loaded whole and tested, swapped whole, or the last good ones stay."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from smtp_gate.adapters import directory
from smtp_gate.adapters.directory import Directory, RowMistake
from smtp_gate.config import Config, pack_paths
from smtp_gate.core.facts import Fact, FactKey
from smtp_gate.core.finding import Failure
from smtp_gate.examine import Ruleset
from smtp_gate.ruleset.build import Loaded, load
from smtp_gate.ruleset.examples import failed, run_examples
from smtp_gate.ruleset.marks import Mistake


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What one load gave: everything that judging needs, or the mistakes that keep it from being used."""

    ruleset: Ruleset | None
    directory: Directory
    mistakes: tuple[Mistake, ...]
    loaded: Loaded

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The mistakes that keep it from being used."""
        return tuple(m for m in self.mistakes if m.is_error)


def load_rulebook(config: Config, today: date | None = None, *, test: bool = True) -> Rulebook:
    """Load packs and directory as the settings say, and run every example unless told not to; never raises."""
    loaded = load(pack_paths(config), config.build_settings(today))
    people, mistakes = load_directory(config)
    mistakes += loaded.mistakes
    if test and loaded.ruleset is not None:
        mistakes += failed(run_examples(loaded))
    ruleset = None if any(m.is_error for m in mistakes) else loaded.ruleset
    return Rulebook(ruleset, people, tuple(sorted(mistakes)), loaded)


def load_directory(config: Config) -> tuple[Directory, tuple[Mistake, ...]]:
    """The directory, or an empty one beside every mistake of its file; a gate without one knows nobody."""
    if config.directory is None:
        return Directory(zone=config.timezone), ()
    file = str(config.directory)
    try:
        found = directory.load(config.directory, config.timezone)
    except OSError as error:
        return Directory(zone=config.timezone), (Mistake(file, 1, 1, "the file cannot be read", error.strerror or ""),)
    if isinstance(found, Directory):
        return found, ()
    return Directory(zone=config.timezone), tuple(_mistake(file, row) for row in found)


def _mistake(file: str, row: RowMistake) -> Mistake:
    return Mistake(file, row.line, 1, f"{row.column}: {row.reason}" if row.column else row.reason)


class InUse:
    """The rulebook in use; `swap` replaces it in one step. Implements the gate's port `FactSource`."""

    def __init__(self, book: Rulebook) -> None:
        if book.ruleset is None:
            raise ValueError("a gate does not start without a ruleset")
        # One reference holds both, so that no message ever sees the rules of one load and the directory of another.
        self._now: tuple[Ruleset, Directory] = (book.ruleset, book.directory)

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset in use."""
        return self._now[0]

    def swap(self, book: Rulebook) -> bool:
        """Take a new rulebook into use, if it is whole; False where the last good one stays."""
        if book.ruleset is None:
            return False
        self._now = (book.ruleset, book.directory)
        return True

    async def ask(self, keys: Collection[FactKey], on: datetime) -> Mapping[FactKey, Fact | Failure]:
        """What the directory says of that day."""
        return await self._now[1].ask(keys, on)
