"""What a replay's options say of mail in files: envelope, login and day; each file becomes a message by them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.errors import MessageError
from email.utils import parsedate_to_datetime
from re import IGNORECASE
from re import compile as compile_pattern
from typing import Final

from smtp_gate.cli.explain import Said, as_message
from smtp_gate.config import Config
from smtp_gate.replay.work import Complete, Piece, day_of

_DATE: Final = compile_pattern(rb"(?:\A|\r\n)date:((?:[^\r\n]|\r\n[ \t])*)", IGNORECASE)
_YEARS: Final = range(1980, 2101)


@dataclass(frozen=True, slots=True)
class Completion:
    """Makes messages of files. `by_header` takes the day of judging from the message's own Date, where it has one.

    No message is of the time after `latest`: such a Date is wrong.
    """

    config: Config
    said: Said
    latest: datetime
    by_header: bool = False

    def __call__(self, piece: Piece) -> Complete:
        """The message of a file, and its day for the report."""
        head = header_of(piece.content)
        found = date_of(head)
        written = found if found is not None and found <= self.latest else None
        said = replace(self.said, on=written) if self.by_header and written is not None else self.said
        # Envelope addresses stand in the header; the whole message is read when it is judged, once.
        message = replace(as_message(head, self.config, said), content=piece.content)
        return Complete(message, day_of(written.astimezone(self.config.timezone)) if written is not None else "")


def header_of(content: bytes) -> bytes:
    """The message up to the empty line after its header."""
    end = content.find(b"\r\n\r\n")
    return content if end < 0 else content[: end + 4]


def date_of(head: bytes) -> datetime | None:
    """The first Date, aware, where it is one and of our times."""
    found = _DATE.search(head)
    if found is None:
        return None
    try:
        moment = parsedate_to_datetime(found[1].decode("ascii", "replace").strip())
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if aware.year in _YEARS else None
    except (ValueError, TypeError, IndexError, OverflowError, MessageError):
        return None
