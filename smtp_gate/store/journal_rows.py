"""Journal records as rows of the index: plain columns, whatever stands in a record that is not ours to trust."""

import json
from collections.abc import Mapping
from typing import Any, Final

from smtp_gate.store.repeats import rules_to_blame

HIGHEST: Final = 2**63 - 1
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Row = dict[str, str | int | None]
Fields = Mapping[str, Any]


def text(value: object) -> str:
    """A text that SQLite takes: a lone surrogate, as hostile mail may hold, is written out; anything but a text is empty."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")


def number(value: object) -> int:
    """A number that SQLite takes, 0 for anything else."""
    return value if isinstance(value, int) and 0 <= value <= HIGHEST else 0


def packed(value: object) -> str:
    """A list as JSON text that people can search in."""
    return text(_ENCODE(value))


def decided_row(segment: str, line: int, fields: Fields) -> Row:
    """The columns that a verdict fills. Raises TypeError, AttributeError where the record has another shape."""
    recipients = fields.get("recipients", ())
    rules = dict.fromkeys(w.get("rule") for r in recipients for w in r.get("weights", ()))
    row: Row = {name: text(fields.get(name)) for name in DECIDED_TEXTS}
    return row | {
        "size": number(fields.get("size")),
        "recipients": packed([{"address": r.get("address"), "disposition": r.get("disposition")} for r in recipients]),
        "rules": packed(list(rules)),
        "blame": packed(rules_to_blame(fields)),
        "segment": segment,
        "line": line,
    }


DECIDED_TEXTS: Final = (
    "ref", "received", "message_id", "sha256", "listener", "direction", "upstream", "client", "account", "proof",
    "sender", "verdict", "joint", "ruleset",
)  # fmt: skip


def answered_row(segment: str, line: int, fields: Fields) -> Row:
    """The columns that an answer fills; of a message without a verdict it knows the envelope and the content's hash."""
    recipients = fields.get("recipients")
    return {
        "ref": text(fields.get("ref")),
        "outcome": text(fields.get("outcome")),
        "reply": text(fields.get("reply")),
        "late": int(fields.get("late") is True),
        "answered": text(fields.get("time")),
        "answered_segment": segment,
        "answered_line": line,
        "sha256": text(fields["sha256"]) if "sha256" in fields else None,
        "sender": text(fields["sender"]) if "sender" in fields else None,
        "recipients": None if recipients is None else packed([{"address": a, "disposition": ""} for a in recipients]),
    }


def event_row(segment: str, line: int, fields: Fields) -> Row:
    """The columns of what somebody did."""
    row: Row = {name: text(fields.get(name)) for name in ("time", "ref", "what", "who", "detail")}
    return row | {"segment": segment, "line": line}
