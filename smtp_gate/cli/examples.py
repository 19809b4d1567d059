"""`smtp-gate test`: the examples that rules carry, what came out wrong as a diff, and what no example reaches."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from smtp_gate.cli.options import config_option, give_up, json_option, print_json, settings, shorten
from smtp_gate.cli.render import DIFF, console, show_row
from smtp_gate.ruleset.build import Loaded
from smtp_gate.ruleset.coverage import Coverage, RuleCoverage
from smtp_gate.ruleset.example_diff import differences
from smtp_gate.ruleset.examples import ExampleResult, run_examples
from smtp_gate.server.rules import load_rulebook

LONG = 500
"""Examples from which on a progress bar is worth its place."""


@click.command()
@config_option
@json_option
@click.option("--rule", "rules", metavar="ID", multiple=True, help="Try this rule alone; may be said again.")
@click.option("--coverage", "covered", is_flag=True, help="Show what of each rule no example reaches.")
@click.option(
    "--min-coverage", "least", metavar="N", type=click.FloatRange(0, 100), help="End with 1 below so many per cent."
)
@click.argument("packs", nargs=-1)
def test(
    *,
    config_file: Path | None,
    as_json: bool,
    rules: tuple[str, ...],
    covered: bool,
    least: float | None,
    packs: tuple[str, ...],
) -> None:
    """Run the examples that rules carry; PACK names packs to test, all where none is named.

    Ends with 1 where an example comes out otherwise than it says. One with `todo` may come out wrong; where it comes out
    right, `todo` has to go.

    Coverage counts what a rule says that an example can reach: each alternative of `when` that lets a hit in, and mail
    that a side of `when` keeps out (a miss); each `unless` that spares somebody; each clause of `find` that holds, each
    level of its detector that counts, and each region that `regions` names; each of `signals` and `statuses` that a hit is found
    by alone. It is the share of these that examples reach.

    Example: smtp-gate test -c config/smtp-gate.yaml --coverage pii
    """
    config = settings(config_file, sample=True)
    book = load_rulebook(config, test=False)
    if book.ruleset is None:
        give_up(book.errors)
    chosen = _chosen(book.loaded, packs, rules)
    coverage = Coverage(book.ruleset.engine.detectors) if covered or least is not None else None
    started = time.perf_counter()
    results = list(_run(book.loaded, chosen, coverage))
    seconds = time.perf_counter() - started
    if as_json:
        for result in results:
            print_json(_row(result))
    else:
        _show(results, seconds)
    low = coverage is not None and _report(coverage, as_json=as_json, shown=covered, least=least)
    sys.exit(1 if low or any(r.is_closed or not (r.passed or r.is_gap) for r in results) else 0)


def _chosen(loaded: Loaded, packs: tuple[str, ...], rules: tuple[str, ...]) -> frozenset[str]:
    """The ids of the rules to try. Raises UsageError for a name that nothing bears."""
    by_pack = {p.name: [b.rule.id for b in p.rules] for p in loaded.packs}
    for pack in packs:
        if pack not in by_pack:
            raise click.UsageError(f"no pack {pack!r}; packs are {', '.join(sorted(by_pack))}")
    ids = {i for pack in packs or by_pack for i in by_pack[pack]}
    for rule in rules:
        if rule not in ids:
            raise click.UsageError(f"no rule {rule!r} here; `smtp-gate policy` lists them")
    return frozenset(rules) or frozenset(ids)


def _run(loaded: Loaded, chosen: frozenset[str], coverage: Coverage | None) -> Iterator[ExampleResult]:
    """Each example judged; what it was judged with is kept only for those that are shown."""
    total = sum(len(b.examples) for p in loaded.packs for b in p.rules if b.rule.id in chosen)
    if coverage is not None:
        for pack in loaded.packs:
            for built in pack.rules:
                if built.rule.id in chosen:
                    coverage.expect(built.rule)
    hidden = total < LONG or not sys.stderr.isatty()
    with Progress(console=console(stderr=True), disable=hidden, transient=True) as progress:
        bar = progress.add_task("judging examples", total=total)
        for result in run_examples(loaded, lambda rule: rule.id in chosen):
            if coverage is not None:
                coverage.add(result)
            progress.advance(bar)
            yield replace(result, judged=None, result=None) if result.passed else result


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
        "todo": result.todo,
        "diff": []
        if result.passed
        else [{"sign": r.sign, "said": r.said, "line": r.line} for r in differences(result)],
    }


def _show(results: list[ExampleResult], seconds: float) -> None:
    out = console()
    by_rule: dict[str, list[ExampleResult]] = {}
    for result in results:
        by_rule.setdefault(result.rule, []).append(result)
    for rule, some in by_rule.items():
        out.print(_summary(rule, some))
    for result in results:
        _show_one(out, result)
    right, gaps = sum(r.passed for r in results), sum(r.is_gap for r in results)
    known = f", {gaps} known not to" if gaps else ""
    pace = f" ({len(results) / seconds:.0f} a second)" if seconds > 0 and results else ""
    out.print(Text(f"{right} of {len(results)} examples come out right{known}{pace}"))


def _summary(rule: str, some: list[ExampleResult]) -> Text:
    hits = sum(r.kind == "hit" for r in some)
    wrong = sum(not (r.passed or r.is_gap) for r in some)
    todo = sum(r.is_gap for r in some)
    mark = Text("  ok  ", style="green") if not wrong else Text(f" {wrong} bad", style="bold red")
    said = f"  {hits} hits, {len(some) - hits} misses" + (f", {todo} to do" if todo else "")
    return mark.append(f" {rule}", style="default").append(said, style="dim")


def _show_one(out: Console, result: ExampleResult) -> None:
    place = f"{shorten(result.file)}:{result.place[0]}:{result.place[1]}"
    name = Text(f"{place}: {result.kind} example {result.number} of {result.rule}", style="bold")
    if result.is_closed:
        out.print(name.append(" comes out right now: take `todo` away", style="yellow"), soft_wrap=True)
    elif result.is_gap:
        out.print(name.append(f" is a known gap: {result.todo}", style="dim"), soft_wrap=True)
    elif not result.passed:
        out.print(name, soft_wrap=True)
        for row in differences(result):
            show_row(out, row, DIFF)


def _report(coverage: Coverage, *, as_json: bool, shown: bool, least: float | None) -> bool:
    """Show coverage; whether it is too low."""
    if as_json and shown:
        print_json({"coverage": [_covered_row(r) for r in coverage.rules], "per_cent": coverage.per_cent})
    elif shown:
        out = console()
        for rule in coverage.rules:
            out.print(_covered_line(rule), soft_wrap=True)
            for point in rule.unreached:
                out.print(Text(f"         no example reaches {point}", style="yellow"), soft_wrap=True)
    low = least is not None and coverage.per_cent < least
    if not as_json or low:
        few = f", and {least:g} are wanted" if low else ""
        click.echo(f"examples reach {coverage.per_cent:g} per cent of what the rules say{few}", err=low)
    return low


def _covered_row(rule: RuleCoverage) -> dict[str, object]:
    points = [{"point": str(p), "reached": p in rule.reached} for p in rule.points]
    return {"rule": rule.rule, "per_cent": rule.per_cent, "points": points}


def _covered_line(rule: RuleCoverage) -> Text:
    style = "green" if not rule.unreached else "yellow"
    line = Text(f"{rule.per_cent:5.1f}%  ", style=style).append(rule.rule, style="default")
    return line.append(f"  {len(rule.reached)} of {len(rule.points)}", style="dim")
