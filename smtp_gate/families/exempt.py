"""Mail that no person signs: automatic replies, receipts, delivery reports, and meetings as the message itself.

Each is told by what a program writes into it, not by a header alone that anybody may add to a letter.
"""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.view import MessageView, Part
from smtp_gate.reading.params import split_params
from smtp_gate.reading.shown import answers, bears_words, outer

_METHODS: Final = frozenset({"request", "reply", "cancel", "counter", "declinecounter", "add", "refresh"})
_EVENTS: Final = frozenset({"VEVENT", "VTODO"})
_PEOPLE: Final = frozenset({"ORGANIZER", "ATTENDEE"})
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_PROPERTY: Final = re.compile(r"[A-Za-z-]+")
_AROUND: Final = frozenset({"multipart/mixed", "multipart/related", "multipart/signed", "multipart/alternative"})
_RECEIPTS: Final = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_BOUNCES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_FIELDS: Final = (re.compile(rb"(?im)^disposition[ \t]*:"), re.compile(rb"(?im)^final-recipient[ \t]*:"))
_BOUNCE_FIELDS: Final = (re.compile(rb"(?im)^reporting-mta[ \t]*:"),)
_FEW_LINES: Final = 5
_LINE: Final = 100
_HEAD: Final = 64 * 1024
_TAG: Final = re.compile(rb"<[^<>]*>")


def is_exempt(view: MessageView) -> bool:
    """Whether the message is one of these."""
    return _is_automatic(view) or _is_report(view) or _is_meeting(view)


def _is_automatic(view: MessageView) -> bool:
    """An automatic message has the null sender, so that nothing answers it; programs that keep their user's address answer
    one message of one person (RFC 3834, sections 3.1.4 and 3.3).
    """
    said = [value.partition(";")[0].partition("(")[0].strip().lower() for value in view.all_headers("auto-submitted")]
    if not said or any(word in {"", "no"} for word in said):
        return False
    if view.envelope.sender.is_null:
        return True
    return set(said) == {"auto-replied"} and answers(view) and len(view.envelope.recipients) == 1


def _is_report(view: MessageView) -> bool:
    """A receipt or a delivery report with its fields (RFC 6522, 8098, 3464); one that a letter carries is none."""
    parts = [part for part in view.parts if not part.part.startswith("s")]
    root = next(iter(parts), None)
    if root is None:
        return False
    null = view.envelope.sender.is_null
    if root.media_type != "multipart/report":
        return null and (_is_receipt(root) or _is_bounce(root))
    inside = [part for part in parts if part.part != root.part and outer(part.part) == root.part]
    if null:
        return any(_is_receipt(part) or _is_bounce(part) for part in inside)
    # Some programs send receipts under the address of their user, with a few words of their own.
    own = [part for part in parts if bears_words(part)]
    return any(map(_is_receipt, inside)) and all(_lines(part) <= _FEW_LINES for part in own)


def _is_receipt(part: Part) -> bool:
    return part.media_type in _RECEIPTS and all(field.search(part.content[:_HEAD]) for field in _RECEIPT_FIELDS)


def _is_bounce(part: Part) -> bool:
    return part.media_type in _BOUNCES and all(field.search(part.content[:_HEAD]) for field in _BOUNCE_FIELDS)


def _lines(part: Part) -> int:
    """How many lines it takes on a screen; of a page, how many lines its words would fill."""
    content = part.content
    if part.kind == "html":
        content = b" ".join(_TAG.sub(b" ", content).split())
    return sum(1 + len(line) // _LINE for line in content.split(b"\n") if line.strip())


def _is_meeting(view: MessageView) -> bool:
    """A calendar that calls for, answers or cancels a meeting, as the message or as an alternative of it (RFC 6047).

    Outlook sends it as the last alternative, and Google the same with a file beside it. What else stands beside the
    alternatives must be files too: a letter is not spared by a calendar that comes with it.
    """
    parts = {part.part: part for part in view.parts if not part.part.startswith("s")}
    calendars = [part for part in parts.values() if part.media_type == "text/calendar"]
    return any(
        _is_call(part) and _is_the_message(part, parts) for part in calendars if part.disposition != "attachment"
    )


def _is_the_message(part: Part, parts: dict[str, Part]) -> bool:
    number = part.part
    if number == "0":
        return True
    number = alternatives = outer(number)
    while True:
        around = parts.get(number)
        if around is None or around.media_type not in _AROUND:
            return False
        if number == "0":
            break
        number = outer(number)
    if parts[alternatives].media_type != "multipart/alternative":
        return False
    within = "" if alternatives == "0" else f"{alternatives}."
    beside = [p for p in parts.values() if not p.part.startswith(within) and p.part != alternatives]
    return not any(bears_words(p) and p.content.strip() for p in beside)


def _is_call(part: Part) -> bool:
    """Whether it is a calendar of one method, the declared one, with an event that has a time and people."""
    declared = next((h for h in part.headers if h.key == "content-type"), None)
    if declared is None:
        return False
    methods = {value.strip().lower() for name, value in split_params(declared, [])[1] if name == "method"}
    if len(methods) != 1 or not methods <= _METHODS:
        return False
    said = part.content.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not said[:15].upper().startswith("BEGIN:VCALENDAR"):
        return False
    stated: set[str] = set()
    dated = peopled = False
    for component, name, value in _properties(said):
        if component == "VCALENDAR" and name == "METHOD":
            stated.add(value.strip().lower())
        dated |= component in _EVENTS and name == "DTSTART"
        peopled |= component in _EVENTS and name in _PEOPLE
    return stated == methods and dated and peopled


def _properties(said: str) -> Iterator[tuple[str, str, str]]:
    """Each property with the component that it stands in."""
    within: list[str] = []
    for line in _FOLD.sub("", said).splitlines():
        named = _PROPERTY.match(line)
        if named is None:
            continue
        name, value = named[0].upper(), line.partition(":")[2]
        if name == "BEGIN":
            within.append(value.strip().upper())
        elif name == "END" and within:
            within.pop()
        elif within:
            yield within[-1], name, value
