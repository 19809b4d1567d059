"""Days as LDAP servers write them, in the city's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_days import first_day, last_day

CHICAGO = ZoneInfo("America/Chicago")


def ticks(moment: datetime) -> str:
    """The moment as Active Directory writes it."""
    return str((moment.astimezone(UTC) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-06-30", date(2026, 6, 30), date(2026, 6, 30)),
        ("20260630", date(2026, 6, 30), date(2026, 6, 30)),
        # Midnight in Chicago, written in UTC and with its offset: the day before is the last.
        ("20260701050000Z", date(2026, 7, 1), date(2026, 6, 30)),
        ("20260701000000-0500", date(2026, 7, 1), date(2026, 6, 30)),
        ("20260701000000-05", date(2026, 7, 1), date(2026, 6, 30)),
        ("202607010500Z", date(2026, 7, 1), date(2026, 6, 30)),
        ("2026070105Z", date(2026, 7, 1), date(2026, 6, 30)),
        ("20260701050000.0Z", date(2026, 7, 1), date(2026, 6, 30)),
        ("20260701120000Z", date(2026, 7, 1), date(2026, 7, 1)),
        ("20260701140000+0900", date(2026, 7, 1), date(2026, 6, 30)),
        ("20261231235960Z", date(2026, 12, 31), date(2026, 12, 31)),
        (ticks(datetime(2026, 7, 1, tzinfo=CHICAGO)), date(2026, 7, 1), date(2026, 6, 30)),
        (ticks(datetime(2026, 1, 1, tzinfo=CHICAGO)), date(2026, 1, 1), date(2025, 12, 31)),
        (ticks(datetime(2026, 7, 1, 15, tzinfo=CHICAGO)), date(2026, 7, 1), date(2026, 7, 1)),
        # The shadow file names the first day on which nobody gets in.
        ("20635", date(2026, 7, 1), date(2026, 6, 30)),
        ("0", None, None),
        ("-1", None, None),
        ("9223372036854775807", None, None),
        ("9223372036854775806", None, None),
    ],
)
def test_the_first_and_the_last_day(written: str, first: date | None, last: date | None) -> None:
    assert (first_day(written, CHICAGO), last_day(written, CHICAGO)) == (first, last)


@pytest.mark.parametrize(
    "written",
    ["", "soon", "2026-02-30", "20260230", "20260701250000Z", "20260701000000", "12345678901", "٢٠٢٦٠٧٠١",
     "00010101000000+1400", "99991231235959-1400", "2026-7-1"],
)  # fmt: skip
def test_what_is_no_day(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        last_day(written, CHICAGO)


def test_there_is_no_day_before_the_calendar() -> None:
    with pytest.raises(ValueError, match="calendar"):
        last_day("00010101000000Z", UTC)


@given(st.dates(date(1605, 1, 1), date(9998, 1, 1)))
def test_an_end_at_midnight_leaves_the_day_before(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHICAGO)
    assert last_day(ticks(midnight), CHICAGO) == day - timedelta(1)
    assert first_day(ticks(midnight), CHICAGO) == day


@given(st.text(alphabet="0123456789-+.Z", max_size=25))
def test_any_text_is_a_day_or_a_value_error(text: str) -> None:
    for read in (first_day, last_day):
        try:
            read(text, CHICAGO)
        except ValueError:
            continue
