"""The wall clock, for what people and the journal read; judging has no clock but `message.received`."""

import time
from datetime import UTC, date, datetime, tzinfo


def utc_now() -> datetime:
    """Now, as an aware time in UTC."""
    return datetime.fromtimestamp(time.time(), tz=UTC)


def today_in(zone: tzinfo) -> date:
    """The day it is now in this zone."""
    return utc_now().astimezone(zone).date()
