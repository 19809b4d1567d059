"""The report of a replay as one HTML page: what was compared, what changes, for whom and by which rules; masked only."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from smtp_gate.replay.compared import Compared
from smtp_gate.replay.page import document, items, table, text
from smtp_gate.replay.plots import bars, timeline
from smtp_gate.replay.rows import DIFFERENT, NEW, Change
from smtp_gate.replay.said import HEADS, KINDS, facts_lines, short, untold_lines
from smtp_gate.replay.tally import WORDS, Sample, Tally, top

BARS: Final = 20
"""Bars of a plot of rules or departments; its table has all."""
COLUMNS: Final = 90
"""Bars of the timeline: longer times are told in spans of days."""


def report(tally: Tally, compared: Compared, made: str) -> str:
    """The whole page; `made` says when."""
    return document("smtp-gate replay: what would change", _sections(tally, compared, made))


def _sections(tally: Tally, compared: Compared, made: str) -> Iterator[str]:
    yield "<h1>What would change</h1>"
    sources = ", ".join(compared.sources)
    yield (
        f'<p class="dim">Mail from {text(sources)}, judged under the rules that run and under the candidate. Made {text(made)}.</p>'
    )
    yield _figures(tally)
    yield from _before_after(tally)
    yield from _rules(tally)
    yield from _groups(tally)
    yield from _days(tally)
    yield from _samples(tally)
    yield from _how(tally, compared)


def _figures(tally: Tally) -> str:
    figures = [
        (tally.messages, "messages"),
        *((tally.changes[kind], head) for kind, head in zip(KINDS, HEADS, strict=True)),
        (f"{tally.new_per_1000:.2f}", "newly stopped of 1,000"),
    ]
    boxes = "".join(f"<li><b>{text(number)}</b> {text(name)}</li>" for number, name in figures)
    return f'<ul class="figures">{boxes}</ul>'


def _before_after(tally: Tally) -> Iterator[str]:
    if not tally.judged:
        return
    before = {w: sum(tally.totals[w, a] for a in WORDS) for w in WORDS}
    after = {w: sum(tally.totals[b, w] for b in WORDS) for w in WORDS}
    yield "<h2>Before and after</h2>"
    yield bars("totals", "Messages by verdict, before and after", [("before", before), ("after", after)], WORDS)
    rows = [[w, *(tally.totals[w, a] for a in WORDS), before[w]] for w in WORDS]
    rows.append(["all after", *(after[w] for w in WORDS), tally.judged])
    yield table("Messages by verdict: before in the rows, after in the columns", ("before", *WORDS, "all before"), rows)


def _rules(tally: Tally) -> Iterator[str]:
    if not tally.rules:
        return
    yield "<h2>By rule</h2>"
    ranked = tally.ranked()
    plotted = [(n, c) for n, c in ranked if any(c[k] for k in NEW)][:BARS]
    if plotted:
        yield bars("rules", "Newly stopped messages by rule", plotted, _names(NEW))
    yield table("Messages by rule; one may count for several rules", ("rule", *HEADS), _counted(ranked))


def _groups(tally: Tally) -> Iterator[str]:
    rows = sorted(tally.departments.items(), key=lambda item: (-sum(item[1][k] for k in NEW), item[0]))
    changed = [(n, c) for n, c in rows if any(c[k] for k in DIFFERENT)]
    if not changed:
        return
    yield "<h2>By department of the sender</h2>"
    plotted = [(n, c) for n, c in changed if any(c[k] for k in NEW)][:BARS]
    if plotted:
        yield bars("departments", "Newly stopped messages by department", plotted, _names(NEW))
    yield table("Messages by department, as of the day of each", ("department", *HEADS), _counted(changed))
    if tally.senders:
        yield "<h2>Senders stopped most</h2>"
        yield table("Newly stopped messages by sender, the first ten", ("sender", "messages"), top(tally.senders, 10))


def _days(tally: Tally) -> Iterator[str]:
    spans = spans_of(tally.days)
    if len(spans) < 2:
        return
    yield "<h2>By day</h2>"
    yield timeline("days", "Messages that change, by day", spans, _names(DIFFERENT))
    changed = [(n, c) for n, c in spans if any(c[k] for k in DIFFERENT)]
    heads = ("days", "messages", *HEADS)
    yield table("Days on which something changes", heads, [[n, c.total(), *(c[k] for k in KINDS)] for n, c in changed])


def _samples(tally: Tally) -> Iterator[str]:
    if not tally.samples:
        return
    yield "<h2>Samples</h2>"
    yield '<p class="dim">See one whole with <code>smtp-gate explain</code>. Evidence is masked; no subject or text is shown.</p>'
    for rule, _ in tally.ranked():
        yield f"<h3>{text(rule)}</h3>"
        rows = [_sample(one) for one in tally.samples[rule]]
        yield table(f"Messages that {rule} changes", ("where", "before", "after", "sender", "seen"), rows, words=True)
        if tally.unshown(rule):
            yield f'<p class="dim">and {tally.unshown(rule)} more: <code>--json</code> has all of them</p>'


def _sample(one: Sample) -> tuple[str, ...]:
    named = " ".join(filter(None, (one.path, one.message_id)))
    return named, one.before, one.after, one.sender or "<>", "; ".join(one.evidence)


def _how(tally: Tally, compared: Compared) -> Iterator[str]:
    yield "<h2>What was compared</h2>"
    hashes = [("rules that run", compared.base), ("candidate", compared.candidate)]
    yield table("Rulesets", ("ruleset", "hash"), [(name, short(h, 64)) for name, h in hashes], words=True)
    if compared.differences:
        yield "<h3>How the two differ</h3>" + items(compared.differences)
    yield "<h3>What the verdicts rest on</h3>" + items(facts_lines(tally, compared) or ["nothing was judged"])
    lacking = untold_lines(tally)
    if lacking:
        yield "<h3>Of what nothing can be said</h3>" + items(lacking)
    rate = f"{tally.messages} messages in {compared.seconds:.1f} s, {compared.rate:.0f} a second, {compared.jobs} jobs"
    yield f'<p class="dim">{text(rate)}.</p>'


def _counted(rows: Sequence[tuple[str, Counter[str]]]) -> list[list[object]]:
    return [[name, *(counts[kind] for kind in KINDS)] for name, counts in rows]


def _names(kinds: frozenset[Change]) -> tuple[str, ...]:
    return tuple(str(kind) for kind in KINDS if kind in kinds)


def spans_of(days: dict[str, Counter[str]]) -> list[tuple[str, Counter[str]]]:
    """Every day from the first to the last, quiet ones too; spans of several days where there are more than fit."""
    if not days:
        return []
    first, last = (date.fromisoformat(d) for d in (min(days), max(days)))
    width = -(-((last - first).days + 1) // COLUMNS)
    spans: list[tuple[str, Counter[str]]] = []
    start = first
    while start <= last:
        end = start + timedelta(days=width - 1)
        spans.append((start.isoformat() if width == 1 else f"{start} to {end}", Counter()))
        start = end + timedelta(days=1)
    for day, counts in days.items():
        spans[(date.fromisoformat(day) - first).days // width][1].update(counts)
    return spans
