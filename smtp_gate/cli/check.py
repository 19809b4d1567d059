"""`smtp-gate check` and `smtp-gate test`: every mistake of every file, and the examples that rules carry."""

import sys
from pathlib import Path

import click
from rich.text import Text

from smtp_gate.adapters.clock import utc_now
from smtp_gate.cli.options import (
    config_option,
    give_up,
    json_option,
    print_json,
    settings,
    settings_file,
    shorten,
    show_mistakes,
)
from smtp_gate.cli.render import console
from smtp_gate.config import load_config
from smtp_gate.ruleset.examples import ExampleResult, run_examples
from smtp_gate.ruleset.marks import Mistake
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
        book = load_rulebook(loaded.config, utc_now().astimezone(loaded.config.timezone).date())
        mistakes += (*book.mistakes, *listener_mistakes(loaded.path, loaded.config))
        rules = sum(len(p.rules) for p in book.loaded.packs)
        shadowed = "" if loaded.config.enforce else "; `enforce: false`: every rule reports and none acts"
    errors = [m for m in mistakes if m.is_error]
    if form == "json":
        for mistake in mistakes:
            print_json(
                {
                    "file": mistake.file,
                    "line": mistake.line,
                    "column": mistake.column,
                    "severity": mistake.severity,
                    "message": mistake.message,
                    "hint": mistake.hint,
                }
            )
    elif form == "github":
        for mistake in mistakes:
            click.echo(_annotation(mistake))
    else:
        show_mistakes(mistakes)
        if errors:
            click.echo(f"{len(errors)} to fix; nothing was loaded", err=True)
        else:
            click.echo(f"{shorten(str(loaded.path))}: fine, {rules} rules, all examples come out right{shadowed}")
    sys.exit(1 if errors else 0)


def _annotation(mistake: Mistake) -> str:
    """A workflow command of GitHub; its message may hold no line break."""
    said = f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message
    escaped = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    place = f"file={shorten(mistake.file)},line={mistake.line},col={mistake.column}"
    return f"::{'error' if mistake.is_error else 'warning'} {place}::{escaped}"


@click.command()
@config_option
@json_option
@click.argument("packs", nargs=-1)
def test(config_file: Path | None, *, as_json: bool, packs: tuple[str, ...]) -> None:
    """Run the examples that rules carry; PACK names packs to test, all where none is named.

    Example: smtp-gate test -c config/smtp-gate.yaml pii
    """
    config = settings(config_file, sample=True)
    book = load_rulebook(config, test=False)
    if book.ruleset is None:
        give_up(book.errors)
    known = {p.name for p in book.loaded.packs}
    unknown = [p for p in packs if p not in known]
    if unknown:
        raise click.UsageError(f"no pack {unknown[0]!r}; packs are {', '.join(sorted(known))}")
    wanted = set(packs) or known
    results = [r for r in run_examples(book.loaded) if r.pack in wanted]
    wrong = [r for r in results if not r.passed]
    if as_json:
        for result in results:
            print_json(_row(result))
    else:
        _show(results, wrong)
    sys.exit(1 if wrong else 0)


def _row(result: ExampleResult) -> dict[str, object]:
    return {
        "rule": result.rule,
        "pack": result.pack,
        "kind": result.kind,
        "number": result.number,
        "file": result.file,
        "line": result.place[0],
        "passed": result.passed,
        "why": result.why,
    }


def _show(results: list[ExampleResult], wrong: list[ExampleResult]) -> None:
    out = console()
    by_rule: dict[str, list[ExampleResult]] = {}
    for result in results:
        by_rule.setdefault(result.rule, []).append(result)
    for rule, some in by_rule.items():
        hits = sum(r.kind == "hit" for r in some)
        failed = sum(not r.passed for r in some)
        mark = Text("  ok  ", style="green") if not failed else Text(f" {failed} bad", style="bold red")
        out.print(
            mark.append(f" {rule}", style="default").append(f"  {hits} hits, {len(some) - hits} misses", style="dim")
        )
    for result in wrong:
        expected = "a finding" if result.kind == "hit" else "no finding"
        place = f"{shorten(result.file)}:{result.place[0]}:{result.place[1]}"
        out.print(Text(f"{place}: {result.kind} example {result.number} of {result.rule}", style="bold"))
        out.print(Text(f"    - expected  {expected}", style="green"))
        out.print(Text(f"    + came out  {result.why}", style="red"))
    out.print(f"{len(results) - len(wrong)} of {len(results)} examples come out right")
