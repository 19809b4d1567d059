"""The two rulesets of a replay: the one that runs, and the candidate with what the command line changes in it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from smtp_gate.adapters.clock import today_in
from smtp_gate.cli.options import give_up, rulebook, show_mistakes
from smtp_gate.config import Config
from smtp_gate.core.verdict import Mode
from smtp_gate.examine import Ruleset
from smtp_gate.ruleset.changes_told import summary
from smtp_gate.ruleset.differences import differences
from smtp_gate.ruleset.packs import SHIPPED, Source, pack_files, read_source, shipped_rules
from smtp_gate.server.rules import Rulebook, load_rulebook
from smtp_gate.store.rulesets import NoSnapshotError, Snapshots

MOST: Final = 100
"""How many differences of the two rulesets a report names."""


@dataclass(frozen=True, slots=True)
class Books:
    """What runs, and the candidate's ruleset."""

    base: Rulebook
    candidate: Ruleset

    @property
    def packs(self) -> tuple[Path, ...]:
        """The packs that run: those in the files, or those of a rollback that is in force."""
        return tuple(pack.path for pack in self.base.loaded.packs)

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset that runs."""
        if self.base.ruleset is None:
            raise ValueError("nothing is replayed without a ruleset")
        return self.base.ruleset


def candidate_paths(given: tuple[Path, ...]) -> tuple[Path, ...]:
    """The folders and files that are tried; `shipped` means the packs of the installation, unless a path is called so.

    Raises click.UsageError where one is not there.
    """
    paths = []
    for path in given:
        shipped = shipped_rules() if str(path) == SHIPPED and not path.exists() else None
        if shipped is None and not path.exists():
            raise click.UsageError(f"--candidate: there is no {path}")
        paths.append(shipped or path)
    return tuple(paths)


def differences_of(books: Books, candidates: tuple[Path, ...]) -> tuple[str, ...]:
    """How the candidate's packs differ from those that run, a line each."""
    before, after = (_read(paths) for paths in (books.packs, candidates))
    return tuple(summary(differences(before, after), MOST)) if candidates else ()


def _read(paths: tuple[Path, ...]) -> list[Source]:
    read = (read_source(file, []) for file in pack_files(paths) if isinstance(file, Path))
    return [source for source in read if source is not None]


def load_books(config: Config, candidates: tuple[Path, ...], enforced: tuple[str, ...], *, enforce: bool) -> Books:
    """Both rulesets, or the command ends with every mistake of the candidate."""
    # A candidate is compared with what runs as it would be then, or every enforced rule would seem to be new.
    both = enforce and not config.enforce and bool(candidates or enforced)
    base = rulebook(config.model_copy(update={"enforce": True}) if both else config)
    if base.ruleset is not None and not both:
        _tell_unloaded(Path(config.data_dir) / "rulesets", base.ruleset.hash)
    tried = config.model_copy(update={"enforce": True}) if enforce else config
    # Without a candidate the packs that run are tried, which a rollback may have taken from elsewhere than the files.
    packs = candidates or tuple(pack.path for pack in base.loaded.packs)
    book = load_rulebook(tried, today_in(config.timezone), test=bool(candidates), packs=packs)
    if book.ruleset is None:
        click.echo("the candidate has mistakes; nothing was replayed", err=True)
        give_up(book.mistakes)
    show_mistakes(book.mistakes if candidates else ())
    if not config.enforce and not enforce:
        click.echo(
            "the settings say `enforce: false`, so no rule acts on either side: --enforce judges as if they did",
            err=True,
        )
    return Books(base, _enforced(book.ruleset, enforced))


def _tell_unloaded(folder: Path, here: str) -> None:
    """Say so where the files hold other rules than the running gate took up last."""
    if not folder.is_dir():
        return
    snapshots = Snapshots(folder)
    try:
        running = snapshots.get(snapshots.current()).shape.ruleset if snapshots.current() else here
    except (NoSnapshotError, OSError):
        # A snapshot that is gone says nothing; the files are what is compared in any case.
        return
    if running != here:
        click.echo(
            "the gate runs other rules than the settings' files hold now: `smtp-gate reload` takes them up", err=True
        )


def _enforced(ruleset: Ruleset, named: tuple[str, ...]) -> Ruleset:
    """The ruleset with these shadow rules enforced, under a hash that says so."""
    shadow = {rule.id for rule in ruleset.rules if rule.terms.mode is Mode.SHADOW}
    unknown = [name for name in named if name not in shadow]
    if unknown:
        listed = ", ".join(sorted(shadow)) or "none"
        raise click.UsageError(f"--enforce-shadow: {unknown[0]!r} is no rule in shadow; those are {listed}")
    rules = tuple(
        replace(rule, terms=replace(rule.terms, mode=Mode.ENFORCE)) if rule.id in named else rule
        for rule in ruleset.rules
    )
    return replace(ruleset, rules=rules, hash=" + ".join((ruleset.hash, *sorted(set(named)))))
