"""What fits is what a run writes, and whatever fits can be counted and shown."""

import copy as copying
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.record import UnscannableRow
from smtp_gate.replay.compared import Compared
from smtp_gate.replay.report import report
from smtp_gate.replay.row_shape import is_row
from smtp_gate.replay.rows import blank
from smtp_gate.replay.tally import Tally
from tests.replay.test_tally import copy, row, seen

WHOLE = row(
    1,
    copy("accept", "quarantine", "held", now="pii/ssn"),
    copy("reject", "defer", "changed", was="x"),
    findings_before=[seen("x")],
    findings_after=[seen("pii/ssn")],
    unscannable=[UnscannableRow(part="1", reason="encrypted")],
    asked=["directory"],
    as_recorded="yes",
)
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    1,
    -1,
    1.5,
    "",
    "x",
    "2026-99-99",
    [],
    [1],
    ["x"],
    [[]],
    [{}],
    {},
    {"a": 1},
    [None],
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where anything stands in a row."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(found for key, one in inner for found in places(one, (*at, key)))]


def test_rows_as_they_are_written_fit() -> None:
    for made in (WHOLE, row(2), blank("id", "a\udcff.eml", "files")):
        assert is_row(json.loads(json.dumps(made)))


@pytest.mark.parametrize("at", [at for at in places(WHOLE) if at], ids=str)
def test_what_is_missing_or_too_much_anywhere_does_not_fit(at: tuple[Any, ...]) -> None:
    made: Any = copying.deepcopy(WHOLE)
    inner = made
    for key in at[:-1]:
        inner = inner[key]
    if isinstance(inner, dict):
        del inner[at[-1]]
        assert not is_row(made)
        inner[at[-1]], inner["more"] = "x", "x"
    else:
        inner[at[-1]] = None
    assert not is_row(made)


@given(
    st.sampled_from(places(WHOLE)), st.sampled_from(HOSTILE), st.sampled_from(places(WHOLE)), st.sampled_from(HOSTILE)
)
def test_whatever_fits_is_counted_and_shown_without_a_crash(
    at: tuple[Any, ...], what: object, again: tuple[Any, ...], more: object
) -> None:
    made: Any = copying.deepcopy(WHOLE)
    for place, value in ((at, what), (again, more)):
        made = put(made, place, value)
    if not is_row(made):
        return
    tally = Tally()
    tally.add(made)
    json.dumps(tally.summary())
    report(tally, Compared("a", "b", ("x",), 1.0, 1.0, 1, 0, ()), "2026-03-02")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("change", "x"),
        ("how", "x"),
        ("before", "x"),
        ("after", "x"),
        ("day", "20260302"),
        ("day", "9999-12-31"),
        ("moved", 1),
        ("asked", "ab"),
    ],
)
def test_a_word_that_nobody_counts_does_not_fit(key: str, value: object) -> None:
    assert not is_row(WHOLE | {key: value})


@pytest.mark.parametrize(("key", "value"), [("change", "x"), ("before", ""), ("after", "x")])
def test_a_word_of_a_copy_that_nobody_counts_does_not_fit(key: str, value: str) -> None:
    assert not is_row(
        row(1, copy("accept", "quarantine", "held")) | {"recipients": [{**WHOLE["recipients"][0], key: value}]}
    )


def put(made: Any, at: tuple[Any, ...], value: object) -> Any:
    """The row with another value there, as it is where nothing stands there any more."""
    if not at:
        return value
    inner = made
    for key in at[:-1]:
        if not (isinstance(inner, dict) and key in inner) and not (
            isinstance(inner, list) and key in range(len(inner))
        ):
            return made
        inner = inner[key]
    if isinstance(inner, dict) or (isinstance(inner, list) and at[-1] in range(len(inner))):
        inner[at[-1]] = value
    return made
