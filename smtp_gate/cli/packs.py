"""`smtp-gate pack diff`: after an upgrade, what the shipped packs bring, and what it means for yours."""

import sys
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from smtp_gate.cli.options import config_option, json_option, print_json, settings, show_mistakes
from smtp_gate.cli.render import console
from smtp_gate.ruleset.changes_told import line
from smtp_gate.ruleset.differences import Change
from smtp_gate.ruleset.upgrades import Fate, Step, Touch
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.server.shipped import BASE, Upgrade, compare_shipped

_SAID: Final = {
    Fate.CONFLICT: ("changed by both: compare them, yours stays as it is", "bold red"),
    Fate.NEW: ("new in the shipped packs", "green"),
    Fate.CHANGED: ("changed in the shipped packs, not by you", "yellow"),
    Fate.GONE: ("gone from the shipped packs", "red"),
    Fate.YOURS: ("changed by you alone", "dim"),
    Fate.DIFFERS: ("different, from yours to the shipped ones", "yellow"),
    Fate.ONLY_SHIPPED: ("only in the shipped packs", "green"),
    Fate.ONLY_YOURS: ("only in yours", "dim"),
}


@click.group()
def pack() -> None:
    """The shipped packs, and yours that were made from them.

    Example: smtp-gate pack diff
    """


@pack.command()
@config_option
@json_option
@click.argument("packs", nargs=-1, metavar="[PACK]...")
def diff(config_file: Path | None, packs: tuple[str, ...], *, as_json: bool) -> None:
    """Show what the shipped packs of this version bring for yours: new, changed, gone, changed by both; PACK names some.

    Copies in the folders of `rules` are compared with what they were copied from, as `smtp-gate init` kept it; packs that
    are used as they are shipped, with those that the gate uses now. Your overrides and waivers that lie over what has
    changed are named. Nothing is written.

    Example: smtp-gate pack diff -c my-city/config/smtp-gate.yaml pii
    """
    config = settings(config_file)
    try:
        done = compare_shipped(config, snapshots_of(config), packs)
    except (LookupError, OSError) as error:
        raise click.UsageError(str(error)) from None
    show_mistakes(done.mistakes)
    _show_json(done) if as_json else _show(done)
    sys.exit(1 if done.mistakes else 0)


def _show(done: Upgrade) -> None:
    out = console()
    for fate, (said, style) in _SAID.items():
        steps = [step for step in done.steps if step.fate is fate]
        if not steps:
            continue
        out.print(Text(said, style=style))
        for step in steps:
            for text in _lines(step):
                out.print(Text(f"  {text}"), soft_wrap=True)
    if not done.steps and done.packs:
        out.print(f"yours are as they are shipped: {', '.join(done.packs)}", soft_wrap=True)
    if done.touches:
        out.print(Text("yours that lie over what has changed", style="bold"))
    for touch in done.touches:
        out.print(Text(f"  {touch.kind} {touch.name} lies over {touch.over}, {_end(touch)}"), soft_wrap=True)
    if done.without_base:
        said = f"{', '.join(done.without_base)}: no {BASE} folder says what was copied, so yours and theirs are not told apart"
        out.print(Text(said, style="dim"), soft_wrap=True)
    if done.left_out:
        said = f"{', '.join(done.left_out)}: used as shipped, and no gate has run with these settings yet"
        out.print(Text(said, style="dim"), soft_wrap=True)


def _end(touch: Touch) -> str:
    if touch.is_gone:
        return "which is gone"
    changed = f"which has changed: {', '.join(touch.keys)}" if touch.keys else "which has changed"
    return f"{changed}; the override replaces nothing of that" if touch.is_beside else changed


def _lines(step: Step) -> list[str]:
    if step.theirs is not None and step.own is not None:
        return [f"yours:   {line(step.own)}", f"shipped: {line(step.theirs)}"]
    return [line(step.change)]


def _step_row(step: Step) -> dict[str, object]:
    change = step.change
    both = {"shipped": _side(step.theirs), "yours": _side(step.own)}
    return {"fate": str(step.fate), "kind": str(change.kind), "name": change.name, "key": change.key, **both}


def _touch_row(touch: Touch) -> dict[str, object]:
    return {
        "fate": "touched",
        "kind": str(touch.kind),
        "name": touch.name,
        "over": touch.over,
        "gone": touch.is_gone,
        "keys": list(touch.keys),
        "beside": touch.is_beside,
    }


def _side(change: Change | None) -> dict[str, str] | None:
    return None if change is None else {"key": change.key, "before": change.before, "after": change.after}


def _show_json(done: Upgrade) -> None:
    for step in done.steps:
        print_json(_step_row(step))
    for touch in done.touches:
        print_json(_touch_row(touch))
    for name in done.without_base:
        print_json({"fate": "without_base", "kind": "pack", "name": name})
    for name in done.left_out:
        print_json({"fate": "left_out", "kind": "pack", "name": name})
