"""The wall clock, for what people and the journal read; judging has no clock but `message.received`."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, as an aware time in UTC."""
    return datetime.fromtimestamp(time.time(), tz=UTC)
