"""Reading a message from lines, for the tests of this folder."""

from smtp_gate.core.message import Message
from smtp_gate.core.view import MessageView, RegionKind
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope


def read_octets(content: bytes, limits: Limits | None = None) -> MessageView:
    return read(Message("TESTREF0001", envelope(), content, RECEIVED), limits or Limits(), {})


def read_mail(text: str, limits: Limits | None = None) -> MessageView:
    return read_octets(text.replace("\n", "\r\n").encode(), limits)


def said(view: MessageView, reading: str) -> list[str]:
    return [t.text for t in view.texts if t.reading == reading]


def regions(view: MessageView, kind: RegionKind) -> str:
    shown = [t for t in view.texts if t.reading in {"plain", "html", "header"}]
    return "\n".join(t.region_text(kind) for t in shown if t.region_text(kind))


def names(view: MessageView) -> set[str]:
    return {d.name for d in view.defects}


def seen(view: MessageView, value: str) -> bool:
    return any(value in t.text for t in view.texts)
