"""Days as LDAP servers write them: ISO days, generalized times, Active Directory's ticks, days of the shadow file."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

NEVER: Final = frozenset({"0", "-1", "9223372036854775807"})
"""What stands for no day at all in accountExpires and shadowExpire."""

_TIME: Final = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,]\d{1,9})?(?:Z|([+-])(\d\d)(\d\d)?)", re.ASCII
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{8}", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,19}", re.ASCII)
_EPOCH: Final = date(1970, 1, 1)
_TICKS_FROM: Final = datetime(1601, 1, 1, tzinfo=UTC)


def first_day(written: str, zone: tzinfo) -> date | None:
    """The first day from a value, None for an open one. Raises ValueError where it is no day."""
    found = _moment(written, zone)
    return found.date() if isinstance(found, datetime) else found


def last_day(written: str, zone: tzinfo) -> date | None:
    """The last day on which something holds that ends then; None where it never ends. Raises ValueError.

    A time is the moment of the end, so an end at midnight leaves the day before as the last one. A plain day is the last
    day itself, but for the numbers of the shadow file, which name the first day without access.
    """
    found = _moment(written, zone)
    if found is None:
        return None
    if not isinstance(found, datetime):
        return found if _ISO.fullmatch(written) else found - timedelta(1)
    if found.time() != time(0):
        return found.date()
    if found.date() == date.min:
        raise ValueError("outside of the calendar")
    return found.date() - timedelta(1)


def _moment(written: str, zone: tzinfo) -> date | datetime | None:
    """The day, or the moment in that zone, that the value names."""
    if written in NEVER:
        return None
    if _ISO.fullmatch(written):
        return date.fromisoformat(written)
    if _NUMBER.fullmatch(written):
        return _counted(int(written), zone)
    parts = _TIME.fullmatch(written)
    if parts is None:
        raise ValueError("neither a day nor a time")
    year, month, day, hour, minute, second = (int(n or 0) for n in parts.groups()[:6])
    offset = timedelta(hours=int(parts[8] or 0), minutes=int(parts[9] or 0))
    # A leap second is taken for the last second of its minute: datetime knows no 60.
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    try:
        return (moment + offset if parts[7] == "-" else moment - offset).astimezone(zone)
    except OverflowError as error:
        raise ValueError("outside of the calendar") from error


def _counted(number: int, zone: tzinfo) -> date | datetime | None:
    """Few digits are days since 1970, many are tenths of a microsecond since 1601; past the year 9999 is never."""
    if number < 1_000_000:
        return _EPOCH + timedelta(number)
    if number < 10**15:
        raise ValueError("neither days since 1970 nor ticks since 1601")
    try:
        return (_TICKS_FROM + timedelta(microseconds=number // 10)).astimezone(zone)
    except OverflowError:
        return None
