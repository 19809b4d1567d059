"""An example that came out wrong, as a diff: what was expected, what came out in its line, and what nearly counted."""

from collections.abc import Iterator

from smtp_gate.ruleset.asked import answers
from smtp_gate.ruleset.example_expect import said, unexpected, unmet
from smtp_gate.ruleset.examples import ExampleResult, Judged
from smtp_gate.ruleset.reasons import Row, link_reasons, reasons, shown_for


def differences(result: ExampleResult) -> tuple[Row, ...]:
    """What an example expected against what came out of it; nothing of value stands clear in any row."""
    judged, example = result.judged, result.example
    if judged is None or example is None:
        return (Row("-", "a finding" if result.kind == "hit" else "no finding"), Row("+", result.why))
    (rule,) = judged.alone.rules
    shown = shown_for(rule, judged.alone.engine, judged.view)
    why = (*_asked(judged), *reasons(rule, shown), *link_reasons(rule, judged.view))
    rows: list[Row] = []
    if result.kind == "miss":
        rows = [Row("-", "no finding"), *(shown.row("+", f) for f in result.found)]
    elif not result.found:
        expected = [said(e) for e in example.model.expect] or ["a finding"]
        rows = [*(Row("-", e) for e in expected), Row("+", result.why), *why]
    else:
        others = unexpected(example.model, result.found)
        lacking = unmet(example.model, result.found)
        rows = [shown.row(" ", f) for f in result.found if f not in others]
        rows += [Row("-", said(e)) for e in lacking]
        rows += [shown.row("+" if lacking or example.model.only else " ", f) for f in others]
        rows += why if lacking else ()
    return tuple(rows)


def _asked(judged: Judged) -> Iterator[Row]:
    return (Row("?", f"asked {said}") for said in answers(judged.facts, judged.alone.needs(judged.view)))
