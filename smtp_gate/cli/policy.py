"""`smtp-gate policy`: what enforces each clause of the policy."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from smtp_gate.cli.options import config_option, json_option, print_json, rulebook, settings, shorten, tell_mode
from smtp_gate.cli.render import console
from smtp_gate.core.verdict import Mode
from smtp_gate.examine import Rule, Ruleset
from smtp_gate.ruleset.packs import Source
from smtp_gate.ruleset.policy import PROCEDURES, Coverage, Procedure, coverage
from smtp_gate.ruleset.rules import Overridden
from smtp_gate.server.comparing import files

STYLES = {Mode.ENFORCE: "green", Mode.SHADOW: "yellow", Mode.OFF: "dim"}
Changed = Mapping[str, tuple[Overridden, ...]]
"""What packs have overridden in others' rules, by the rule's id."""


@click.command()
@config_option
@json_option
@click.option("--markdown", is_flag=True, help="Print a table for a web page or a wiki.")
def policy(config_file: Path | None, *, as_json: bool, markdown: bool) -> None:
    """Show which rules serve each clause of the policy, in which mode, and what stays with people.

    Example: smtp-gate policy -c config/smtp-gate.yaml --markdown > policy.md
    """
    config = settings(config_file, sample=True)
    book = rulebook(config)
    if not as_json and not markdown:
        tell_mode(config)
    rules = book.ruleset.rules if book.ruleset is not None else ()
    changed = with_lists(book.loaded.overridden, book.ruleset, files(config).sources)
    covered = coverage(rules)
    if markdown:
        click.echo("\n".join(markdown_rows(covered, changed)))
        return
    if as_json:
        for row in covered:
            print_json(_row(row, changed))
        return
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("clause", "what it asks", "rules"):
        table.add_column(column, overflow="fold")
    for row in covered:
        table.add_row(Text(row.clause.id, style="bold"), row.clause.meaning, _rules(row, changed))
    out = console()
    out.print(table)
    for rule in changed:
        out.print(Text("* ", style="bold").append(f"{rule} is overridden: {where_overridden(changed[rule])}"))
    out.print()
    out.print(Text("What stays with people, and what the gate adds", style="bold"))
    people = Table(show_edge=False, show_header=False, pad_edge=False)
    for procedure in PROCEDURES:
        people.add_row(Text(procedure.clause, style="dim"), procedure.duty, _contribution(procedure))
    out.print(people)


def with_lists(changed: Changed, ruleset: Ruleset | None, packs: Iterable[Source]) -> Changed:
    """The same with the keyword lists that packs change: a rule whose detectors need their words finds more or less by it."""
    lists: dict[str, list[Overridden]] = {}
    for pack in packs:
        wanted = pack.entries("overrides").get("keywords")
        for name in wanted if isinstance(wanted, dict) else ():
            line, _ = pack.document.place(("overrides", "keywords", name), key=True)
            lists.setdefault(name, []).append(Overridden(f"keywords {name}", pack.document.file, line))
    if ruleset is None or not lists:
        return changed
    words = {
        detector.name: {clue.keywords for level in detector.levels for clue in (*level.all, *level.any, *level.none)}
        for detector in ruleset.engine.detectors.detectors
    }
    found = dict(changed)
    for rule in ruleset.rules:
        named = set().union(*(words.get(name, ()) for name in rule.family.detectors(rule.params)))
        more = [one for name in sorted(named & lists.keys()) for one in lists[name]]
        if more:
            found[rule.id] = (*found.get(rule.id, ()), *more)
    return found


def where_overridden(changed: Iterable[Overridden]) -> str:
    """The keys of a rule that are overridden, each file with its own: `mode, message in rules/city.yaml:8`."""
    places: dict[str, list[str]] = {}
    for one in changed:
        places.setdefault(f"{shorten(one.file)}:{one.line}", []).append(f"`{one.key}`")
    return "; ".join(f"{', '.join(keys)} in {place}" for place, keys in places.items())


def markdown_rows(covered: Iterable[Coverage], changed: Changed) -> Iterator[str]:
    """The table in Markdown: each clause with its rules, those of a pack together, and what stays with people.

    Rules that a pack has overridden bear a mark.
    """
    yield "| clause | what it asks | what enforces it |"
    yield "|---|---|---|"
    for row in covered:
        packs: dict[str, list[str]] = {}
        for rule in row.rules:
            pack, _, name = rule.id.partition(".")
            plain = rule.terms.mode is Mode.ENFORCE and rule.rollout is None
            mode = "" if plain else f" ({rule.state})"
            packs.setdefault(pack, []).append(f"`{name or pack}`{mode}{' (overridden)' if rule.id in changed else ''}")
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


def _rules(row: Coverage, changed: Changed) -> Text:
    def told(rule: Rule) -> Text:
        shown = Text(f"{rule.id} ({rule.state})", style=STYLES[rule.terms.mode])
        return shown.append(" *", style="bold") if rule.id in changed else shown

    if row.rules:
        return Text("\n").join(map(told, row.rules))
    return Text(_without(row), style="dim" if row.clause.beside else "red")


def _row(row: Coverage, changed: Changed) -> dict[str, object]:
    def told(rule: Rule) -> dict[str, object]:
        overridden = [{"key": o.key, "file": o.file, "line": o.line} for o in changed.get(rule.id, ())]
        mode, action = str(rule.terms.mode), rule.terms.action.word
        rolling = str(rule.rollout) if rule.rollout is not None else ""
        return {"id": rule.id, "mode": mode, "action": action, "rollout": rolling, "overridden": overridden}

    return {
        "clause": row.clause.id,
        "meaning": row.clause.meaning,
        "rules": [told(r) for r in row.rules],
        "beside": row.clause.beside,
        "to_come": row.clause.to_come,
    }
