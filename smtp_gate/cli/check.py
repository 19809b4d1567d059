"""`smtp-gate check`: every mistake of every file at once."""

import atexit
import gc
import sys
from pathlib import Path

import click

from smtp_gate.adapters.clock import today_in
from smtp_gate.adapters.second_core import second_core
from smtp_gate.cli.options import (
    config_option,
    print_json,
    rollback_note,
    settings_file,
    shorten,
    show_mistakes,
)
from smtp_gate.config import LoadedConfig, load_config
from smtp_gate.ruleset.heap import no_search
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.at_rest import lost_ends
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.server.rules import load_rulebook
from smtp_gate.server.settings import listener_mistakes


@click.command()
@config_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to print mistakes."
)
def check(config_file: Path | None, form: str) -> None:
    """Check settings, packs, directory and waivers: every mistake at once, as file:line:column.

    Ends with 1 where there is any error. `--format github` prints annotations for a pipeline.

    Example: smtp-gate check -c config/smtp-gate.yaml --format json
    """
    loaded = load_config(settings_file(config_file, sample=True))
    mistakes = list(loaded.mistakes)
    rules, shadowed = 0, ""
    if loaded.config is not None:
        today = today_in(loaded.config.timezone)
        # The rulebook stands until the command ends: there is no rubbish to look for in it, at the end least of all.
        atexit.register(gc.freeze)
        with no_search():
            book = load_rulebook(loaded.config, today, aside=second_core, judges=False)
        mistakes += lost_ends(snapshots_of(loaded.config), book)
        mistakes += (*book.mistakes, *listener_mistakes(loaded.path, loaded.config))
        rules = sum(len(p.rules) for p in book.loaded.packs)
        shadowed = "" if loaded.config.enforce else "; `enforce: false`: every rule reports and none acts"
    mistakes.sort()
    errors = [m for m in mistakes if m.is_error]
    if form == "json":
        for mistake in mistakes:
            print_json(_mistake_row(mistake))
    elif form == "github":
        for mistake in mistakes:
            click.echo(_annotation(mistake))
    else:
        show_mistakes(mistakes)
        _conclude(loaded, errors, rules, shadowed)
    sys.exit(1 if errors else 0)


def _conclude(loaded: LoadedConfig, errors: list[Mistake], rules: int, shadowed: str) -> None:
    """The last lines for people: whether the files can be used, and what is in force beside them."""
    note = "" if loaded.config is None else rollback_note(loaded.config)
    if note:
        click.echo(note, err=True)
    if errors:
        files = len({m.file for m in errors})
        click.echo(f"{len(errors)} to fix{f' in {files} files' if files > 1 else ''}; nothing was loaded", err=True)
    else:
        click.echo(f"{shorten(str(loaded.path))}: fine, {rules} rules, all examples come out right{shadowed}")


def _mistake_row(mistake: Mistake) -> dict[str, object]:
    return {
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "severity": mistake.severity,
        "message": mistake.message,
        "hint": mistake.hint,
    }


def _annotation(mistake: Mistake) -> str:
    """A workflow command of GitHub; its message may hold no line break."""
    said = f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message
    escaped = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = shorten(mistake.file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    place = f"file={file},line={mistake.line},col={mistake.column}"
    return f"::{'error' if mistake.is_error else 'warning'} {place}::{escaped}"
