"""What the commands share: the settings option, mistakes shown where they are, and how commands end."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.cells import cell_len
from rich.text import Text

from smtp_gate.cli.render import console
from smtp_gate.config import Config, find_config, load_config
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.rollback import in_force, snapshots_of
from smtp_gate.server.rules import Rulebook, load_rulebook
from smtp_gate.store.rulesets import Snapshot

OWN = (Path("config") / "smtp-gate.yaml", Path("smtp-gate.yaml"))
"""Where a gate's own settings are when nobody says."""
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_PASSWORD = re.compile(r"(?i)(password|passwd|passphrase)[\"']?\s*:|[^\s/@:]:[^\s/@]+@")
"""A password that somebody has written into the settings; a start that fails shows their lines in the log."""
F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`-c FILE`, the settings."""
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The settings file; config/smtp-gate.yaml or smtp-gate.yaml here, where it is left out.",
    )(command)


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def settings(config_file: Path | None, *, sample: bool = False) -> Config:
    """The settings, or the command ends with every mistake of the file; `sample` as for `settings_file`."""
    loaded = load_config(settings_file(config_file, sample=sample))
    if loaded.config is None:
        give_up(loaded.errors)
    return loaded.config


def settings_file(config_file: Path | None, *, sample: bool = False) -> Path:
    """The file that was named, else the one that lies here; the command ends where there is none.

    A command that works on a gate's own data never takes the shipped sample for it; one that only reads rules may
    (`sample`), and says so.
    """
    file = config_file or next((p for p in OWN if p.is_file()), None)
    if file is None and not sample:
        raise click.UsageError(f"which gate? There is no {OWN[0]} or {OWN[1]} here: say -c FILE")
    if file is None:
        file = find_config()
        click.echo(f"with the shipped settings, {shorten(str(file))}", err=True)
    return file


def rulebook(config: Config, *, test: bool = False) -> Rulebook:
    """The ruleset and directory, or the command ends with every mistake of their files.

    While a rollback is in force its packs are meant, as they are what a gate judges by; that is said.
    """
    pinned = _pinned(config)
    if pinned is not None:
        click.echo(rollback_note(config), err=True)
    book = load_rulebook(config, test=test and pinned is None, packs=None if pinned is None else pinned.packs)
    if book.ruleset is None:
        give_up(book.errors)
    return book


def rollback_note(config: Config) -> str:
    """A sentence where a rollback is in force, else nothing."""
    pinned = _pinned(config)
    if pinned is None:
        return ""
    return (
        f"a rollback is in force: the gate uses the packs of {pinned.name}, not these files, until `smtp-gate reload`"
    )


def _pinned(config: Config) -> Snapshot | None:
    snapshots = snapshots_of(config)
    return None if snapshots is None else in_force(config, snapshots)


def tell_mode(config: Config) -> None:
    """Say why rules that are enforced are shown in shadow."""
    if not config.enforce:
        click.echo("the settings say `enforce: false`: every rule is in shadow, whatever it says itself", err=True)


def give_up(mistakes: Iterable[Mistake]) -> NoReturn:
    """Show the mistakes and end with 1."""
    show_mistakes(mistakes)
    sys.exit(1)


def show_mistakes(mistakes: Iterable[Mistake]) -> None:
    """Each mistake at its place, with its line of the file and a caret below where it is."""
    out = console(stderr=True)
    lines: dict[str, list[str]] = {}
    for mistake in mistakes:
        file = shorten(mistake.file)
        colour = "red" if mistake.is_error else "yellow"
        head = Text(f"{file}:{mistake.line}:{mistake.column}: ", style="bold").append(
            f"{mistake.severity}: ", style=colour
        )
        out.print(head.append(mistake.message, style="default"), soft_wrap=True)
        source = "" if mistake.secret else _line(mistake, lines)
        if source:
            out.print(Text(f"    {source}", style="dim"), soft_wrap=True)
            # Some signs take two columns of a terminal, and some none.
            before = cell_len(source[: mistake.column - 1])
            out.print(Text("    " + " " * before + "^", style=colour), soft_wrap=True)
        if mistake.hint:
            out.print(Text(f"    {mistake.hint}"), soft_wrap=True)


def shorten(file: str) -> str:
    """The path from here where it lies below, as people and editors like it."""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd()))
    except ValueError:
        return file


def _line(mistake: Mistake, cache: dict[str, list[str]]) -> str:
    """The line of the file, where it can be shown: short enough, printable, no password in it, and the column within it."""
    if mistake.file not in cache:
        try:
            # Lines end where the parser says that they do, not at every sign that could end one.
            cache[mistake.file] = _BREAK.split(Path(mistake.file).read_bytes().decode("utf-8-sig", "replace"))
        except OSError:
            # The mistake itself says that the file cannot be read.
            cache[mistake.file] = []
    lines = cache[mistake.file]
    line = lines[mistake.line - 1].replace("\t", " ") if 0 < mistake.line <= len(lines) else ""
    if _PASSWORD.search(line):
        return ""
    return line if line.isprintable() and len(line) <= 200 and mistake.column <= len(line) + 1 else ""


def print_json(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))
