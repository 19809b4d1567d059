"""`smtp-gate policy` and `smtp-gate schema`: what enforces each clause, and the schemas of the files people write."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from smtp_gate.cli.options import config_option, json_option, print_json, rulebook, settings
from smtp_gate.cli.render import console
from smtp_gate.config import config_schema
from smtp_gate.core.verdict import Mode
from smtp_gate.examine import Rule
from smtp_gate.ruleset.json_schema import pack_schema
from smtp_gate.ruleset.policy import PROCEDURES, Coverage, Procedure, coverage

STYLES = {Mode.ENFORCE: "green", Mode.SHADOW: "yellow", Mode.OFF: "dim"}


@click.command()
@config_option
@json_option
@click.option("--markdown", is_flag=True, help="Print a table for a web page or a wiki.")
def policy(config_file: Path | None, *, as_json: bool, markdown: bool) -> None:
    """Show which rules serve each clause of the policy, in which mode, and what stays with people.

    Example: smtp-gate policy -c config/smtp-gate.yaml --markdown > policy.md
    """
    book = rulebook(settings(config_file, sample=True))
    rules = book.ruleset.rules if book.ruleset is not None else ()
    covered = coverage(rules)
    if markdown:
        click.echo("\n".join(markdown_rows(covered)))
        return
    if as_json:
        for row in covered:
            print_json(_row(row))
        return
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("clause", "what it asks", "rules"):
        table.add_column(column, overflow="fold")
    for row in covered:
        table.add_row(Text(row.clause.id, style="bold"), row.clause.meaning, _rules(row))
    out = console()
    out.print(table)
    out.print()
    out.print(Text("What stays with people, and what the gate adds", style="bold"))
    people = Table(show_edge=False, show_header=False, pad_edge=False)
    for procedure in PROCEDURES:
        people.add_row(Text(procedure.clause, style="dim"), procedure.duty, _contribution(procedure))
    out.print(people)


def markdown_rows(covered: Iterable[Coverage]) -> Iterator[str]:
    """The table in Markdown: each clause with its rules, those of a pack together, and what stays with people."""
    yield "| clause | what it asks | what enforces it |"
    yield "|---|---|---|"
    for row in covered:
        packs: dict[str, list[str]] = {}
        for rule in row.rules:
            pack, _, name = rule.id.partition(".")
            plain = rule.terms.mode is Mode.ENFORCE and rule.rollout is None
            mode = "" if plain else f" ({rule.state})"
            packs.setdefault(pack, []).append(f"`{name or pack}`{mode}")
        said = "; ".join(f"**{pack}** {', '.join(names)}" for pack, names in packs.items())
        procedures = [p for p in PROCEDURES if p.clause == row.clause.id]
        people = f"<br>*with people:* {'; '.join(p.duty for p in procedures)}" if procedures else ""
        yield f"| {row.clause.id} | {row.clause.meaning} | {said or _without(row)}{people} |"


def _without(row: Coverage) -> str:
    """What serves a clause that no rule serves, or will."""
    if row.clause.beside:
        return f"beside rules: {row.clause.beside}"
    return f"to come: {row.clause.to_come}" if row.clause.to_come else "no rule"


def _contribution(procedure: Procedure) -> Text:
    if procedure.to_come:
        return Text(f"to come: {procedure.contribution}", style="red")
    return Text(procedure.contribution, style="dim")


def _rules(row: Coverage) -> Text:
    if row.rules:
        return Text("\n").join(Text(f"{r.id} ({r.state})", style=STYLES[r.terms.mode]) for r in row.rules)
    return Text(_without(row), style="dim" if row.clause.beside else "red")


def _row(row: Coverage) -> dict[str, object]:
    def told(rule: Rule) -> dict[str, str]:
        rolling = str(rule.rollout) if rule.rollout is not None else ""
        return {"id": rule.id, "mode": str(rule.terms.mode), "action": rule.terms.action.word, "rollout": rolling}

    return {
        "clause": row.clause.id,
        "meaning": row.clause.meaning,
        "rules": [told(r) for r in row.rules],
        "beside": row.clause.beside,
        "to_come": row.clause.to_come,
    }


@click.command()
@config_option
@click.argument("what", type=click.Choice(["pack", "config"]), default="pack")
def schema(config_file: Path | None, what: str) -> None:  # noqa: ARG001 - every command takes -c; a schema needs no settings
    """Print the JSON Schema of packs or of the settings, for editors.

    Example: smtp-gate schema pack > pack.schema.json
    """
    click.echo(json.dumps(pack_schema() if what == "pack" else config_schema(), indent=2))
