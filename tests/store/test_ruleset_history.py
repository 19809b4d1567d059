"""What is remembered of rulesets: it comes back, or says nothing where it is damaged."""

from pathlib import Path

import pytest

from smtp_gate.store.ruleset_history import GOING, ORDER, PINNED, USES, Going, History, Pin

PIN = Pin("0" * 16, "content", ("a", "b"))


def test_a_rollback_is_remembered_until_it_is_ended(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.pin() is None
    history.set_pin(PIN)
    assert History(tmp_path).pin() == PIN
    assert (tmp_path / PINNED).stat().st_mode & 0o777 == 0o600
    history.set_pin(None)
    history.set_pin(None)
    assert history.pin() is None


@pytest.mark.parametrize("octets", [b"", b"[]", b"{", b'{"name": "x"}', b"\xff", b'{"a": 1}', b'{"a": [1]}'])
def test_a_damaged_file_says_nothing_and_is_written_anew(tmp_path: Path, octets: bytes) -> None:
    history = History(tmp_path)
    for name in (PINNED, USES):
        (tmp_path / name).write_bytes(octets)
    assert history.pin() is None
    assert history.uses() == {}
    history.used("sha256:1", 5.0)
    history.set_pin(PIN)
    assert (history.uses(), history.pin()) == ({"sha256:1": (5.0, 5.0)}, PIN)


def test_a_crash_while_writing_leaves_the_old_and_stops_nobody(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.set_pin(PIN)
    (tmp_path / f".{PINNED}").write_bytes(b"half")
    assert history.pin() == PIN
    history.set_pin(Pin("1" * 16, "content"))
    assert history.pin() == Pin("1" * 16, "content")


def test_the_first_use_stays_and_the_last_moves_on(tmp_path: Path) -> None:
    history = History(tmp_path)
    for ruleset, at in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        history.used(ruleset, at)
    assert history.uses() == {"a": (1.0, 3.0), "b": (2.0, 2.0)}
    history.forget({"a", "c"})
    assert history.uses() == {"b": (2.0, 2.0)}


def test_the_order_is_that_of_use_whatever_the_clock_says(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.order() == ()
    for name in ("a", "b", "c", "a"):
        history.put_last([name], {"a", "b", "c"})
    assert history.order() == ("b", "c", "a")
    history.put_last(["d", "d"], {"c", "d"})
    assert history.order() == ("c", "d")


@pytest.mark.parametrize("octets", [b"", b"{", b'{"a": 1}', b"5", b"\xff", b"[" * 100_000])
def test_a_damaged_order_says_nothing_and_is_written_anew(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / ORDER).write_bytes(octets)
    history = History(tmp_path)
    assert history.order() == ()
    history.put_last(["a"], {"a"})
    assert history.order() == ("a",)


@pytest.mark.parametrize("pin", [PIN, None])
def test_what_is_about_to_be_done_is_remembered_until_it_is_done(tmp_path: Path, pin: Pin | None) -> None:
    history = History(tmp_path)
    assert history.going() is None
    history.set_going(Going("0" * 16, pin))
    assert History(tmp_path).going() == Going("0" * 16, pin)
    history.set_going(None)
    history.set_going(None)
    assert history.going() is None


@pytest.mark.parametrize(
    "octets", [b"", b"[]", b'{"name": "x"}', b'{"name": "x", "pin": 1}', b'{"name": "x", "pin": {}}']
)
def test_damaged_it_says_that_nobody_was_about_anything(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / GOING).write_bytes(octets)
    assert History(tmp_path).going() is None
