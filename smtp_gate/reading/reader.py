"""`read`: the octets of one message become the view that families look at."""

from collections.abc import Mapping

from smtp_gate.core.message import Message
from smtp_gate.core.view import MessageView, Part
from smtp_gate.reading.limits import Limits


def read(message: Message, limits: Limits, opened: Mapping[str, tuple[Part, ...]]) -> MessageView:
    """Read a message; never raises. `opened` maps part numbers to what an extractor found inside them."""
    return MessageView(message)
