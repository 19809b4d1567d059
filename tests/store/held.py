"""A data folder with a journal of several workers and held files in several states, for the tests of what reads them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smtp_gate.core.verdict import Disposition
from smtp_gate.store.files import make_private
from smtp_gate.store.index import Index
from smtp_gate.store.items import dump, make
from smtp_gate.store.journal_lines import body_of
from smtp_gate.store.journal_segment import SegmentFile
from smtp_gate.store.states import State
from tests.store.sample import judgement, secret_message

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
TABLES = ("messages", "events", "holds", "deferrals", "positions")


def decided(ref: str, *, verdict: str = "accept", blame: Sequence[tuple[str, str]] = (), **more: Any) -> dict[str, Any]:
    """A record of kind decided; `blame` are rules that defer and their causes."""
    weights = [{"rule": r, "disposition": "defer", "cause": "failure", "lifted_from": ""} for r, _ in blame]
    joint = Disposition.DEFER.word if blame else verdict
    return {
        "time": NOW.isoformat(timespec="milliseconds"),
        "kind": "decided",
        "ref": ref,
        "received": NOW.isoformat(),
        "message_id": f"<{ref}@milwaukee.gov>",
        "sha256": "ab" * 32,
        "size": 1234,
        "sender": "dokafor@milwaukee.gov",
        "verdict": joint,
        "joint": joint,
        "recipients": [{"address": "lee@example.org", "disposition": joint, "weights": weights}],
        "failures": [{"rule": r, "cause": c} for r, c in blame],
    } | more


def answered(ref: str, outcome: str = "relayed", reply: str = "250 2.0.0 queued", **more: Any) -> dict[str, Any]:
    """A record of kind answered."""
    time = NOW.isoformat(timespec="milliseconds")
    return {"time": time, "kind": "answered", "ref": ref, "outcome": outcome, "reply": reply, "late": False} | more


class Writing:
    """One worker's journal, written record by record."""

    def __init__(self, data: Path, worker: str = "w0", size: int = 1 << 20) -> None:
        make_private(data / "journal")
        self._file = SegmentFile(data / "journal", worker, size, NOW.isoformat)

    def add(self, *records: dict[str, Any]) -> None:
        """Append records durably."""
        self._file.append([body_of(r) for r in records])

    def restart(self) -> None:
        """End the segment; the next record begins another."""
        self._file.end()


def hold(data: Path, ref: str, state: State = State.HELD) -> Path:
    """A held file in a folder, claimed by nobody."""
    path = make_private(data / "quarantine" / state) / f"{ref}.hold"
    message = secret_message(ref)
    path.write_bytes(b"".join(dump(make(message, judgement(message), (0, 3)))))
    return path


def tables(index: Index) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of its own."""
    with index._using():
        return {t: sorted(map(tuple, index._db.execute(f"SELECT * FROM {t}")), key=repr) for t in TABLES}  # noqa: S608 - our own names


def recipients(row: dict[str, Any]) -> list[str]:
    """The addresses in a row."""
    return [r["address"] for r in json.loads(row["recipients"])]
