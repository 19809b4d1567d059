"""How a replay's figures look on a terminal."""

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from smtp_gate.cli.render import COLOURS
from smtp_gate.core.verdict import Disposition
from smtp_gate.replay.compared import Compared
from smtp_gate.replay.rows import DIFFERENT, NEW
from smtp_gate.replay.said import HEADS, KINDS, facts_lines, short, untold_lines
from smtp_gate.replay.tally import WORDS, Tally, top

MOST = 10
"""Lines of a table of departments or senders."""


def show(out: Console, tally: Tally, compared: Compared) -> None:
    """The whole summary."""
    out.print(_headline(tally))
    out.print(Text(f"rules that run {short(compared.base)}, candidate {short(compared.candidate)}", style="dim"))
    if tally.judged:
        out.print()
        out.print(_totals(tally))
    if tally.different:
        out.print()
        out.print(_table("rule", tally.ranked()))
        changed = [(n, c) for n, c in tally.departments.items() if any(c[d] for d in DIFFERENT)]
        out.print()
        out.print(_table("department of the sender", sorted(changed, key=_most)[:MOST]))
        days = [(n, c) for n, c in sorted(tally.days.items()) if any(c[d] for d in DIFFERENT)]
        if len(days) > 1:
            out.print()
            out.print(_table(_days_head(len(days)), days[-MOST:]))
        _senders(out, tally)
        _samples(out, tally)
    out.print()
    for line in (*facts_lines(tally, compared), *untold_lines(tally)):
        out.print(Text(line, style="dim"))
    rate = f"{tally.messages} messages in {compared.seconds:.1f} s, {compared.rate:.0f} a second ({compared.jobs} jobs)"
    out.print(Text(rate, style="dim"))


def _headline(tally: Tally) -> Text:
    said = [f"{tally.changes[c]} {head}" for c, head in zip(KINDS, HEADS, strict=True) if tally.changes[c]]
    line = Text(f"{tally.messages} messages: ", style="bold").append(", ".join(said) or "nothing changes")
    if tally.new:
        line.append(f"  ({tally.new_per_1000:.2f} of 1,000 newly stopped)", style="bold")
    return line


def _totals(tally: Tally) -> Table:
    """Before in the rows, after in the columns."""
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    table.add_column("before \\ after")
    for word in WORDS:
        table.add_column(word, justify="right", style=COLOURS[Disposition[word.upper()]])
    table.add_column("all before", justify="right")
    for before in WORDS:
        row = [tally.totals[before, after] for after in WORDS]
        if any(row):
            table.add_row(before, *(str(n) if n else "" for n in row), str(sum(row)))
    after = [sum(tally.totals[before, word] for before in WORDS) for word in WORDS]
    table.add_row("all after", *map(str, after), str(sum(after)), style="bold")
    return table


def _table(name: str, rows: list[tuple[str, Counter[str]]]) -> Table:
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    table.add_column(name, overflow="fold")
    for head in HEADS:
        table.add_column(head, justify="right")
    for named, counts in rows:
        table.add_row(named, *(str(counts[c]) if counts[c] else "" for c in KINDS))
    return table


def _most(item: tuple[str, Counter[str]]) -> tuple[int, int, str]:
    name, counts = item
    return -sum(counts[c] for c in NEW), -sum(counts[c] for c in DIFFERENT), name


def _days_head(number: int) -> str:
    return "day" if number <= MOST else f"day (the last {MOST} of {number})"


def _senders(out: Console, tally: Tally) -> None:
    if tally.senders:
        named = ", ".join(f"{sender} ({n})" for sender, n in top(tally.senders, MOST))
        out.print()
        out.print(Text("newly stopped most: ", style="dim").append(named, style="default not dim"))


def _samples(out: Console, tally: Tally) -> None:
    for rule, _ in tally.ranked():
        out.print()
        out.print(Text(rule, style="bold"))
        for one in tally.samples[rule]:
            line = Text(f"  {one.before} -> {one.after}  ", style="bold").append(f"{one.path}", style="not bold")
            line.append(f"  {one.message_id}" if one.message_id else "", style="dim not bold")
            out.print(line, soft_wrap=True)
            for seen in one.evidence:
                out.print(Text(f"      {seen}", style="dim"), soft_wrap=True)
        if tally.unshown(rule):
            out.print(Text(f"  and {tally.unshown(rule)} more: --json has all of them", style="dim"))
