"""Writing into the index: each record its own columns in any order, and an alert at the third deferral by one cause."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.store import index_writer
from smtp_gate.store.index import Index
from smtp_gate.store.repeats import Alert
from tests.store.held import NOW, answered, decided, recipients, tables

HOP = ("hop_deferred", "451 4.4.1 no answer")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index.db")
    yield made
    made.close()


class Feed:
    """Gives records to the index, one a line."""

    def __init__(self, index: Index) -> None:
        self.index, self.lines = index, itertools.count(2)

    def __call__(self, *records: dict[str, Any]) -> list[Alert]:
        with self.index.writing() as writer:
            return [a for r in records for a in writer.record("w0-00000001.jsonl", next(self.lines), r)]


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat(timespec="milliseconds")


def test_verdict_and_answer_fill_one_row_in_either_order(tmp_path: Path) -> None:
    rows = []
    records = [(2, decided("A")), (3, answered("A", sha256="cd" * 32, sender="x@y", recipients=["z@y"]))]
    for number, order in enumerate((records, records[::-1])):
        index = Index(tmp_path / str(number) / "index.db")
        with index.writing() as writer:
            for line, record in order:
                writer.record("w0-00000001.jsonl", line, record)
        rows.append(tables(index))
        row = index.message("A")
        assert row is not None
        assert (row["sender"], row["sha256"], recipients(row)) == (
            "dokafor@milwaukee.gov", "ab" * 32, ["lee@example.org"],
        )  # fmt: skip
        assert (row["verdict"], row["outcome"], row["late"], row["size"]) == ("accept", "relayed", 0, 1234)
        assert (row["segment"], row["line"], row["answered_line"]) == ("w0-00000001.jsonl", 2, 3)
        index.close()
    assert rows[0] == rows[1]


def test_of_copies_of_a_record_the_last_place_holds(tmp_path: Path) -> None:
    records = [(2, decided("A", size=1)), (5, decided("A", size=2)), (9, answered("A")), (7, answered("A", "late"))]
    rows = []
    for number, order in enumerate(itertools.permutations(records)):
        index = Index(tmp_path / str(number) / "index.db")
        with index.writing() as writer:
            for line, record in order:
                writer.record("w0-00000001.jsonl", line, record)
        row = index.message("A")
        assert row is not None
        rows.append((row["size"], row["outcome"], row["answered_line"]))
        index.close()
    assert set(rows) == {(2, "relayed", 9)}


def test_the_third_deferral_of_one_message_by_one_cause_and_each_further_one_alerts(index: Index) -> None:
    feed = Feed(index)
    alerts = [feed(decided(f"R{n}"), answered(f"R{n}", *HOP)) for n in range(1, 6)]
    assert alerts == [[], [], *([Alert("next_hop", "4.4.1", f"R{n}", n)] for n in (3, 4, 5))]


def test_other_causes_messages_and_envelopes_count_apart(index: Index) -> None:
    feed = Feed(index)
    for n in range(2):
        assert feed(decided(f"A{n}"), answered(f"A{n}", *HOP)) == []
        assert feed(decided(f"B{n}"), answered(f"B{n}", "hop_deferred", "450 4.2.0 busy")) == []
        assert feed(decided(f"C{n}", sha256="cd" * 32), answered(f"C{n}", *HOP)) == []
        assert feed(decided(f"D{n}", sender="x@milwaukee.gov"), answered(f"D{n}", *HOP)) == []
        assert feed(decided(f"E{n}", blame=[("links", "timeout")]), answered(f"E{n}", "deferred", "451 4.7.1 x")) == []
        assert feed(decided(f"F{n}", blame=[("links", "crash")]), answered(f"F{n}", "deferred", "451 4.7.1 x")) == []
    two = [("links", "timeout"), ("spoof", "fact_missing")]
    assert feed(decided("E9", blame=two), answered("E9", "deferred", "451 4.7.1 x")) == [
        Alert("links", "timeout", "E9", 3)
    ]


def test_a_message_that_crashed_before_a_verdict_is_known_by_its_answer(index: Index) -> None:
    feed = Feed(index)
    who = {"sha256": "ab" * 32, "sender": "dokafor@milwaukee.gov", "recipients": ["lee@example.org"]}
    found = [feed(answered(f"R{n}", "crashed", "451 4.3.0 x", **who)) for n in range(3)]
    assert found == [[], [], [Alert("fault", "crashed", "R2", 3)]]
    assert feed(answered("R9", "crashed", "451 4.3.0 x")) == [], "an old journal does not say which message it was"


def test_the_same_record_twice_counts_once(index: Index) -> None:
    feed = Feed(index)
    for _ in range(5):
        assert feed(decided("R1"), answered("R1", *HOP)) == []


def test_deferrals_count_for_seven_days_whatever_order_they_are_read_in(index: Index) -> None:
    feed = Feed(index)
    assert feed(decided("R1"), answered("R1", *HOP, time=at(0))) == []
    assert feed(decided("R2"), answered("R2", *HOP, time=at(6))) == []
    assert feed(decided("R3"), answered("R3", *HOP, time=at(7.5))) == []
    assert feed(decided("R4"), answered("R4", *HOP, time=at(7.6))) == [Alert("next_hop", "4.4.1", "R4", 3)]
    with index.writing() as writer:
        writer.caught_up()
    assert [row[0] for row in tables(index)["deferrals"]] == ["R2", "R3", "R4"]


def test_only_so_many_deferrals_are_remembered(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_writer, "MOST", 4)
    feed = Feed(index)
    for n in range(9):
        feed(decided(f"R{n}"), answered(f"R{n}", *HOP, time=at(n / 10)))
    with index.writing() as writer:
        writer.caught_up()
    assert [row[0] for row in tables(index)["deferrals"]] == ["R5", "R6", "R7", "R8"]


def test_hostile_text_and_numbers_are_taken(index: Index) -> None:
    feed = Feed(index)
    odd = decided("A", message_id="\ud800\0<x>", size=2**80, sender=7, client=None)
    odd["recipients"][0]["address"] = "m\udcffx@example.org"
    feed(odd, answered("A", "hop_deferred", "450 \ud800"))
    row = index.message("A")
    assert row is not None
    assert (row["message_id"], row["size"], row["sender"]) == ("\\ud800\0<x>", 0, "")


def test_events_are_rows(index: Index) -> None:
    Feed(index)({"kind": "event", "time": at(0), "what": "released", "ref": "A", "who": "dana"})
    assert tables(index)["events"] == [("w0-00000001.jsonl", 2, at(0), "A", "released", "dana", "")]
