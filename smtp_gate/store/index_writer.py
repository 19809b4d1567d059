"""Writing into the index within one transaction: each record changes its own columns, whichever order records come in."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import apsw

from smtp_gate.store.journal_rows import Fields, Row, answered_row, decided_row, event_row, text
from smtp_gate.store.journal_tail import Position
from smtp_gate.store.repeats import DEFERRING, MOST, THRESHOLD, WINDOW, Alert, Blame, blame, key_of

# A record of a ref that is there already is a copy; the one at the last place wins, so that order does not matter.
_DECIDED: Final = """
INSERT INTO messages (ref, received, message_id, sha256, size, listener, direction, upstream, client, account, proof,
    sender, recipients, verdict, joint, rules, blame, ruleset, segment, line)
VALUES (:ref, :received, :message_id, :sha256, :size, :listener, :direction, :upstream, :client, :account, :proof,
    :sender, :recipients, :verdict, :joint, :rules, :blame, :ruleset, :segment, :line)
ON CONFLICT (ref) DO UPDATE SET received = excluded.received, message_id = excluded.message_id,
    sha256 = excluded.sha256, size = excluded.size, listener = excluded.listener, direction = excluded.direction,
    upstream = excluded.upstream, client = excluded.client, account = excluded.account, proof = excluded.proof,
    sender = excluded.sender, recipients = excluded.recipients, verdict = excluded.verdict, joint = excluded.joint,
    rules = excluded.rules, blame = excluded.blame, ruleset = excluded.ruleset, segment = excluded.segment,
    line = excluded.line
WHERE messages.segment IS NULL OR (excluded.segment, excluded.line) > (messages.segment, messages.line)
"""
_ANSWERED: Final = """
INSERT INTO messages (ref, outcome, reply, late, answered, answered_segment, answered_line, sha256, sender, recipients)
VALUES (:ref, :outcome, :reply, :late, :answered, :answered_segment, :answered_line, :sha256, :sender, :recipients)
ON CONFLICT (ref) DO UPDATE SET outcome = excluded.outcome, reply = excluded.reply, late = excluded.late,
    answered = excluded.answered, answered_segment = excluded.answered_segment, answered_line = excluded.answered_line,
    sha256 = coalesce(messages.sha256, excluded.sha256), sender = coalesce(messages.sender, excluded.sender),
    recipients = coalesce(messages.recipients, excluded.recipients)
WHERE messages.answered_segment IS NULL
    OR (excluded.answered_segment, excluded.answered_line) > (messages.answered_segment, messages.answered_line)
"""
_EVENT: Final = """
INSERT OR REPLACE INTO events (segment, line, time, ref, what, who, detail)
VALUES (:segment, :line, :time, :ref, :what, :who, :detail)
"""
_HOLD: Final = """
INSERT OR REPLACE INTO holds (ref, folder, state, received, sender, recipients, rules, size, sha256, message_id, flaw,
    octets, written, inode, progress)
VALUES (:ref, :folder, :state, :received, :sender, :recipients, :rules, :size, :sha256, :message_id, :flaw,
    :octets, :written, :inode, :progress)
"""
_DEFERRAL: Final = "INSERT OR IGNORE INTO deferrals (ref, rule, cause, message, time) VALUES (?, ?, ?, ?, ?)"
_COUNT: Final = "SELECT count(*) FROM deferrals WHERE message = ? AND rule = ? AND cause = ? AND time > ?"
_OLD: Final = "DELETE FROM deferrals WHERE time <= ?"
_BEYOND: Final = """
DELETE FROM deferrals WHERE (time, ref, rule, cause) <=
    (SELECT time, ref, rule, cause FROM deferrals ORDER BY time DESC, ref DESC, rule DESC, cause DESC LIMIT 1 OFFSET ?)
"""


class Writer:
    """What one transaction writes. Used within `Index.writing` only."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def record(self, segment: str, line: int, fields: Fields) -> list[Alert]:
        """One journal record; the alerts it raises. Raises TypeError, AttributeError where it has another shape."""
        match fields.get("kind"):
            case "decided":
                self._db.execute(_DECIDED, decided_row(segment, line, fields))
            case "answered":
                row = answered_row(segment, line, fields)
                self._db.execute(_ANSWERED, row)
                if row["outcome"] in DEFERRING:
                    return self._deferred(row)
            case "event":
                self._db.execute(_EVENT, event_row(segment, line, fields))
        return []

    def position(self, segment: str, at: Position) -> None:
        """How far a segment has been read, in the same transaction as its rows."""
        self._db.execute(
            "INSERT OR REPLACE INTO positions (segment, offset, line, seq, hash) VALUES (?, ?, ?, ?, ?)",
            (segment, at.offset, at.line, at.seq, at.hash),
        )

    def hold(self, row: Row) -> None:
        """One held file as it is."""
        self._db.execute(_HOLD, row)

    def hold_gone(self, ref: str, folder: str) -> None:
        """A file that is in that folder no longer."""
        self._db.execute("DELETE FROM holds WHERE ref = ? AND folder = ?", (ref, folder))

    def caught_up(self) -> None:
        """The index is level with the files; deferrals too old to count are forgotten."""
        self._db.execute("DELETE FROM notes WHERE name = 'building'")
        newest = self._db.execute("SELECT max(time) FROM deferrals").fetchone()
        if newest is not None and newest[0] is not None:
            self._db.execute(_OLD, (_before(str(newest[0])),))
            self._db.execute(_BEYOND, (MOST,))

    def _deferred(self, row: Row) -> list[Alert]:
        """Remember a deferral under each of its causes; an alert for each that has come too often."""
        found: Any = self._db.execute(
            "SELECT sha256, sender, recipients, blame FROM messages WHERE ref = ?", (row["ref"],)
        ).fetchone()
        sha256, sender, recipients, rules = found
        if sha256 is None or recipients is None:
            # Written before answers carried it, or its verdict's line is damaged: nothing says which message it was.
            return []
        message = key_of(sha256, sender or "", [text(r["address"]) for r in json.loads(recipients)])
        blamed: Sequence[Blame] = [(rule, cause) for rule, cause in json.loads(rules or "[]")]
        alerts = []
        for rule, cause in blame(str(row["outcome"]), str(row["reply"]), blamed):
            when = str(row["answered"])
            self._db.execute(_DEFERRAL, (row["ref"], rule, cause, message, when))
            if self._db.changes():
                ((count,),) = self._db.execute(_COUNT, (message, rule, cause, _before(when)))
                alerts.append(Alert(rule, cause, str(row["ref"]), int(count)))
        return [alert for alert in alerts if alert.count >= THRESHOLD]


def _before(time: str) -> str:
    """The moment before which deferrals no longer count beside one of that time; empty, so all count, where it is none."""
    try:
        return (datetime.fromisoformat(time) - WINDOW).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return ""
