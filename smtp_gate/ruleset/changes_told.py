"""Changes of packs as lines that people read, like `~ pii.ssn: action quarantine -> reject`."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from smtp_gate.ruleset.differences import Change, ChangeKind

ROOM: Final = 60
"""Characters of a value that are shown."""


def line(change: Change) -> str:
    """The change on one line."""
    kind = "" if change.kind is ChangeKind.RULE else f"{change.kind} "
    said = _said(change) if change.key else ""
    return f"{change.sign} {kind}{change.name}" + (f": {said}" if said else "")


def summary(changes: Sequence[Change], most: int) -> list[str]:
    """The first lines, rules before all else, and how many more there are."""
    first = sorted(changes, key=lambda change: change.kind is not ChangeKind.RULE)
    lines = [line(change) for change in first[:most]]
    return [*lines, f"and {len(changes) - most} more"] if len(changes) > most else lines


def gone_rules(changes: Iterable[Change]) -> tuple[str, ...]:
    """The ids of the rules that are there no more."""
    return tuple(c.name for c in changes if c.kind is ChangeKind.RULE and c.sign == "-")


def shown(value: str) -> str:
    """A value that is given as JSON, as people write it, shortened; `-` for what is not there."""
    if not value:
        return "-"
    found = json.loads(value)
    text = " ".join(found.split()) if isinstance(found, str) and found else value
    return text if len(text) <= ROOM else f"{text[: ROOM - 3]}..."


def _said(change: Change) -> str:
    if change.key == "words":
        gone, come = (json.loads(side) for side in (change.before, change.after))
        return " ".join(filter(None, (_words("+", come), _words("-", gone))))
    if change.key == "examples":
        old, new = _examples(change.before), _examples(change.after)
        return f"{(new - old).total()} examples new, {(old - new).total()} gone"
    if change.key.startswith("order"):
        return change.key
    return f"{change.key} {shown(change.before)} -> {shown(change.after)}"


def _words(sign: str, words: list[object]) -> str:
    said = f"{sign}{len(words)} words: " if len(words) > 1 else sign
    return said + shown(json.dumps(", ".join(map(str, words)), ensure_ascii=False)) if words else ""


def _examples(value: str) -> Counter[str]:
    """Each example with its kind."""
    found = json.loads(value) if value else {}
    if not isinstance(found, dict):
        return Counter()
    return Counter(f"{kind} {json.dumps(e, sort_keys=True)}" for kind, some in found.items() for e in _list(some))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
