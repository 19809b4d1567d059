"""How a verdict looks on a terminal: the reply, each recipient, each finding in its place, and the tree of the message."""

from collections.abc import Iterator, Mapping

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from smtp_gate.cli.render_tree import message_tree
from smtp_gate.core import answer
from smtp_gate.core.message import Message
from smtp_gate.core.verdict import Cause, Disposition, Exemption, Mode, Result, Verdict
from smtp_gate.core.view import MessageView
from smtp_gate.ruleset.reasons import Row, Shown

IN_LINE = 12
"""Findings of one message that are shown in their lines."""

DIFF = {"-": ("- expected  ", "green"), "+": ("+ came out  ", "red"), " ": ("  ", "default"), "?": ("? ", "dim")}
WHY = {" ": ("", "default"), "+": ("", "yellow"), "?": ("", "dim")}
"""How each sign of a row looks: what stands before it, and its style."""

COLOURS = {
    Disposition.ACCEPT: "green",
    Disposition.DEFER: "yellow",
    Disposition.QUARANTINE: "dark_orange",
    Disposition.REJECT: "red",
}
PAST = {
    Disposition.ACCEPT: "accepted",
    Disposition.DEFER: "deferred",
    Disposition.QUARANTINE: "held",
    Disposition.REJECT: "refused",
}


def verdict_line(disposition: Disposition) -> Text:
    """The disposition as one coloured word."""
    return Text(PAST[disposition].upper(), style=f"bold {COLOURS[disposition]}")


def recipients_table(message: Message, verdict: Verdict) -> Table:
    """Each recipient with its disposition and the rules behind it."""
    table = Table.grid(padding=(0, 2))
    for recipient, ruling in zip(message.envelope.recipients, verdict.rulings, strict=True):
        rules = dict.fromkeys(w.rule for w in ruling.weights if w.disposition is ruling.disposition)
        named = Text(", ".join(rules), style="dim") if ruling.disposition is not Disposition.ACCEPT else Text("")
        table.add_row(recipient.path.address, verdict_line(ruling.disposition), named)
        if ruling.would is not ruling.disposition:
            behind = dict.fromkeys(w.rule for w in ruling.shadow if w.disposition is ruling.would)
            would = Text(f"would be {PAST[ruling.would]}", style=COLOURS[ruling.would])
            table.add_row("", would, Text(f"{', '.join(behind)} in shadow", style="dim"))
    return table


def findings_table(verdict: Verdict) -> Table | None:
    """What each rule saw, with masked evidence; None where no rule saw anything."""
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("rule", "saw", "level", "where", "evidence", "then"):
        table.add_column(column, overflow="fold")
    rows = 0
    for result in verdict.results:
        for row in _rows(result):
            table.add_row(*row)
            rows += 1
    return table if rows else None


def _rows(result: Result) -> list[tuple[str, str, str, str, str, str]]:
    shadow = " (shadow)" if result.terms.mode is Mode.SHADOW else ""
    rows = []
    for finding in result.findings:
        saw = finding.detector or finding.detail or result.family
        many = f" x{finding.count}" if finding.count > 1 else ""
        place = f"{finding.region}" + (f" [{finding.part}]" if finding.part else "")
        then = result.terms.action.word + shadow
        rows.append((result.rule, saw + many, finding.level, place, finding.evidence, then))
    sealed_then = result.terms.on_unscannable.word + shadow
    rows += [
        (result.rule, f"unscannable ({u.reason})", "", f"{u.region} [{u.part}]", u.kind, sealed_then)
        for u in result.unscannable
    ]
    if result.failure is not None:
        then = result.terms.on_error.word + shadow
        rows.append((result.rule, f"could not look ({result.failure.cause})", "", "", "", then))
    rows += [(result.rule, f"spared by {e.by}{_unused(e)}", "", "", "", "accept") for e in result.exempt]
    return rows


def _unused(exempt: Exemption) -> str:
    return " (nothing to spare)" if exempt.is_waiver and not exempt.spared else ""


def why(verdict: Verdict) -> list[str]:
    """One plain sentence for each rule that weighed on somebody, in the order of the ruleset."""
    causes = {
        Cause.FINDING: "found something",
        Cause.UNSCANNABLE: "met content nobody can read",
        Cause.FAILURE: "could not look",
    }
    weights = {(w.rule, w.cause, w.disposition, w.lifted_from) for r in verdict.rulings for w in r.weights}
    order = {r.rule: n for n, r in enumerate(verdict.results)}
    sentences = []
    for rule, cause, disposition, lifted in sorted(weights, key=lambda w: (order.get(w[0], 0), w[1])):
        changed = f" ({lifted.word} turned into {disposition.word} here)" if lifted is not None else ""
        sentences.append(f"{rule} {causes[cause]}: {disposition.word}{changed}")
    return sentences


def evidence_lines(verdict: Verdict, shown: Shown) -> list[RenderableType]:
    """The first findings of detectors, each in its line of the message, masked."""
    found = [(r.rule, f) for r in verdict.results for f in r.findings if f.detector]
    lines: list[RenderableType] = [
        Text(f"{rule} {finding.region}: ", style="dim").append(shown.line(finding), style="default not dim")
        for rule, finding in found[:IN_LINE]
    ]
    more = len(found) - IN_LINE
    return [*lines, Text(f"and {more} more", style="dim")] if more > 0 else lines


def quiet_rules(verdict: Verdict) -> list[Text]:
    """The rules that looked and saw nothing, and those that are for none of these recipients, or spare all of them."""
    quiet = [r for r in verdict.results if not r.findings and not r.unscannable and r.failure is None]
    lines = []
    for head, some in (
        ("saw nothing  ", [r.rule for r in quiet if r.applies]),
        ("not for it   ", [r.rule for r in quiet if not r.applies]),
    ):
        if some:
            lines.append(Text(head, style="dim").append(", ".join(some), style="dim"))
    return lines


def explanation(
    message: Message, verdict: Verdict, view: MessageView | None, *, label: str, shown: Shown | None = None
) -> Panel:
    """The whole picture of one judged message; with `shown` the findings in their lines as well."""
    blocks: list[RenderableType] = [recipients_table(message, verdict)]
    found = findings_table(verdict)
    if found is not None:
        blocks += [Text(), found]
    lines = evidence_lines(verdict, shown) if shown is not None else []
    if lines:
        blocks += [Text(), *lines]
    if shown is not None:
        blocks += [Text(), *quiet_rules(verdict)]
    reply = answer.foretold(message, verdict)
    said = str(reply) if reply is not None else "the next hop's own reply"
    blocks += [Text(), Text("reply  ", style="dim").append(said, style="default not dim")]
    if view is not None:
        blocks += [Text(), message_tree(view)]
        if view.defects:
            blocks.append(Text("defects  " + ", ".join(map(str, view.defects)), style="dim"))
    title = Text(label).append("  ").append_text(verdict_line(verdict.strictest))
    return Panel(Group(*blocks), title=title, title_align="left", border_style=COLOURS[verdict.strictest])


def show_row(out: Console, row: Row, looks: Mapping[str, tuple[str, str]]) -> None:
    """One row of a diff or of a "why", and below it its line of the message."""
    mark, style = looks[row.sign]
    out.print(Text(f"    {mark}{row.said}", style=style), soft_wrap=True)
    if row.line:
        out.print(Text(f"        | {row.line}", style=style), soft_wrap=True)


class _Clean(Console):
    """A console on which a sender's words are only words: file names and addresses may hold orders to a terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Segments without signs that are not printable; those that the console itself puts in have their own kind."""
        for segment in super().render(renderable, options):
            text = segment.text
            if segment.control or text.isprintable() or text == "\n":
                yield segment
            else:
                yield Segment(_printable(text), segment.style)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " if c.isspace() else "" for c in text)


def console(*, stderr: bool = False) -> Console:
    """A console that keeps long addresses whole in a pipe and shows nothing but printable signs."""
    plain = _Clean(stderr=stderr)
    return plain if plain.is_terminal else _Clean(stderr=stderr, width=160, highlight=False)
