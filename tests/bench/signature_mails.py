"""Mails of a contractor built from labelled mail, with the statement in one place or another, as mail programs write them."""

import html
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from tests.bench.zones import OWN, QUOTED, SIGNATURE, Sample

LINE: Final = "Contractor, not an employee of the City of Milwaukee"
MISSING: Final = {"signed": False, "absent": True, "quoted": True, "forwarded": True, "bare": False}
"""Whether the statement is missing, by class."""

_SPELT: Final[tuple[Callable[[str], str], ...]] = (
    lambda s: s,
    str.upper,
    lambda s: s.replace(", ", " \u2014 "),
    lambda s: s.replace(" of the", "\nof the"),
    lambda s: f"* {s}",
    lambda s: f"*{s}*",
    lambda s: f"_{s}_",
    lambda s: f"Carla Diaz | {s} | 414-555-0100",
    lambda s: s.replace(" ", "\u00a0"),
    lambda s: f"\u201c{s}\u201d",
    lambda s: "Non\u2011City employee",
    lambda s: "City of Milwaukee, Public Works\nnon city employee",
)
_ABOVE: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("", "-- ", "Carla Diaz"),
    ("", "Regards,", "Carla Diaz"),
    ("", "Carla Diaz"),
    ("",),
)
_HEADS: Final = (
    "---------- Forwarded message ---------",
    "-----Original Message-----",
    "________________________________",
    "Begin forwarded message:\n",
    "-------- Weitergeleitete Nachricht --------",
)
_FIELDS: Final = (
    "From: Sam Okonkwo <sokonkwo@milwaukee.gov>",
    "Sent: Monday, March 2, 2026 9:00 AM",
    "To: Carla Diaz <cdiaz@milwaukee.gov>",
    "Subject: the bridge",
)
_FEW: Final = 8
"""Lines at the beginning of a quote that may belong to what announces it."""
_UNSEEN: Final = re.compile(r"(?is)<!--.*?-->|<(style|script|head|xml|title)\b.*?</\1>|<[^>]*>")

Zones = Sequence[str | None]
Line = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Built:
    """One mail that was built: a name that says how, its class, and the octets."""

    name: str
    kind: str
    content: bytes


def in_text(sample: Sample, kind: str, dice: random.Random, *, signs: bool) -> Built | None:
    """The mail in one class, None where it has nothing of the kind. `signs`: only what bears the sign is surely quoted."""
    lines: list[Line] = list(zip(sample.lines, sample.zones, strict=True))
    mine = [n for n, (line, zone) in enumerate(lines) if zone in {OWN, SIGNATURE} and _says(line)]
    quoted = [
        n for n, (line, zone) in enumerate(lines) if zone == QUOTED and _says(line) and (not signs or _sign(line))
    ]
    spelt = dice.choice(_SPELT)(LINE).split("\n")
    if kind == "bare":
        if not quoted or (mine and mine[-1] > quoted[0]):
            return None
        # Below what bears the sign may stand what a list adds, or a signature that the set does not label.
        signed = [n for n in quoted if _sign(sample.lines[n])]
        last = signed[-1] if signed else len(lines)
        lines = [(line, zone) for line, zone in lines[: last + 1] if zone == QUOTED]
    elif not mine:
        return None
    elif kind == "signed":
        lines = _signed(lines, mine, spelt, dice)
    elif kind == "quoted":
        within = [n for n in quoted if mine[-1] > n or n > mine[-1] + _FEW]
        if not within or (quoted[0] < mine[0] and not signs and not _sign(sample.lines[within[0]])):
            return None
        at = dice.choice([n for n in within if _sign(sample.lines[n])] or within)
        lines[at + 1 : at + 1] = [(_sign(sample.lines[at]) + line, QUOTED) for line in spelt]
    elif kind == "forwarded":
        lines = [(line, zone) for line, zone in lines if zone in {OWN, SIGNATURE}]
        below = ["", *dice.choice(_HEADS).split("\n"), *_FIELDS, "", "Shall we meet?", "", "Sam Okonkwo", *spelt]
        lines += [(line, QUOTED) for line in below]
    form = dice.choice(tuple(FORMS))
    return Built(f"{sample.name} as {form}", kind, FORMS[form](lines, sample.author))


def _signed(lines: list[Line], mine: list[int], spelt: list[str], dice: random.Random) -> list[Line]:
    """The statement within or below the author's signature, or with one of the contractor's where the mail has none."""
    signature = [n for n in mine if lines[n][1] == SIGNATURE]
    at = dice.choice(signature[-6:]) if signature else mine[-1]
    above = [] if signature else list(dice.choice(_ABOVE))
    return [*lines[: at + 1], *((line, SIGNATURE) for line in (*above, *spelt)), *lines[at + 1 :]]


def _says(line: str) -> bool:
    return any(char.isalnum() for char in line)


def _sign(line: str) -> str:
    found = re.match(r"[ \t]*>[> \t]*", line)
    return found[0] if found else ""


def _as_text(lines: list[Line], author: str) -> bytes:
    return mail(author, text="\n".join(line for line, _ in lines))


def _as_page(lines: list[Line], author: str) -> bytes:
    return mail(author, page="".join(map(_div, lines)))


def _as_breaks(lines: list[Line], author: str) -> bytes:
    said = "<br>\r\n".join(html.escape(line).replace("  ", "&nbsp; ") for line, _ in lines)
    return mail(author, page=f'<html><body><font face="Arial">{said}</font></body></html>')


def _as_both(lines: list[Line], author: str) -> bytes:
    return mail(author, text="\n".join(line for line, _ in lines), page="".join(map(_div, lines)))


def _as_gmail(lines: list[Line], author: str) -> bytes:
    """The quote in an element of its own, and lines with the sign as what they stand for."""
    out, inside = ['<div dir="ltr">'], False
    for line, zone in lines:
        quoted = zone == QUOTED
        if quoted != inside:
            out.append('<div class="gmail_quote"><blockquote class="gmail_quote">' if quoted else "</blockquote></div>")
            inside = quoted
        out.append(_div((re.sub(r"^[ \t]*(?:>[ \t]*)+", "", line) if quoted else line, zone)))
    return mail(author, page="".join(out) + ("</blockquote></div></div>" if inside else "</div>"))


def _as_outlook(lines: list[Line], author: str) -> bytes:
    """What is quoted below the text behind a rule; what is quoted between its lines with the sign."""
    own = [n for n, (line, zone) in enumerate(lines) if zone in {OWN, SIGNATURE} and _says(line)]
    stop = own[-1] + 1 if own else 0
    rest = f'<hr><div id="divRplyFwdMsg">{"".join(map(_div, lines[stop:]))}</div>' if lines[stop:] else ""
    return mail(author, page=f"<html><body>{''.join(map(_div, lines[:stop]))}{rest}</body></html>")


def _div(line: Line) -> str:
    return f"<div>{html.escape(line[0]).strip() or '<br>'}</div>\n"


FORMS: Final[dict[str, Callable[[list[Line], str], bytes]]] = {
    "text": _as_text,
    "page": _as_page,
    "breaks": _as_breaks,
    "both": _as_both,
    "gmail": _as_gmail,
    "outlook": _as_outlook,
}


def mail(author: str, *, text: str = "", page: str = "") -> bytes:
    """The octets of a mail with a text, a page, or both as alternatives."""
    made = EmailMessage()
    name = re.sub(r"[^\w .,'-]", "", author)
    made["From"] = f'"{name or "Carla Diaz"}" <cdiaz@milwaukee.gov>'
    made["To"], made["Subject"] = "bids@builder.example", "Re: visit"
    # What mail programs write into every answer, and the rule asks of a quote that nothing else announces.
    made["In-Reply-To"] = "<visit@builder.example>"
    clean = [re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", said) for said in (text, page)]
    if text or not page:
        made.set_content(clean[0], cte="base64")
    if page and text:
        made.add_alternative(clean[1], subtype="html", cte="base64")
    elif page:
        made.set_content(clean[1], subtype="html", cte="base64")
    return made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def in_page(name: str, source: str, own: int, dice: random.Random) -> Iterator[Built]:
    """A page in each class: the statement behind the author's last stretch of text, or behind the last of all."""
    spots = list(_stretches(source))

    def with_line(place: int) -> bytes:
        said = html.escape(dice.choice(_SPELT)(LINE)).replace("\n", "<br>")
        start, at = spots[place]
        sign = "&gt; " if source[start:at].lstrip().startswith("&gt;") else ""
        return mail("", page=f"{source[:at]}<br>{sign}{said.replace('<br>', f'<br>{sign}')}{source[at:]}")

    if own:
        yield Built(name, "signed", with_line(own - 1))
        yield Built(name, "absent", mail("", page=source))
    if len(spots) > own:
        bare = source
        for start, end in reversed(spots[:own]):
            # Elements stay open as they were: only the words go.
            bare = bare[:start] + bare[end:]
        yield Built(name, "quoted" if own else "bare", with_line(len(spots) - 1))
        yield Built(name, "bare", mail("", page=bare))


def _stretches(source: str) -> Iterator[tuple[int, int]]:
    """Where text stands between tags."""
    at = 0
    for start, end in [*((m.start(), m.end()) for m in _UNSEEN.finditer(source)), (len(source), len(source))]:
        if source[at:start].replace("&nbsp;", " ").strip():
            yield at, start
        at = end
