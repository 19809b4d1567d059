"""Rows that name a person beside an identifier, in tables, lists and blocks of labels."""

import re
from typing import Final

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.dates import date_of_birth
from smtp_gate.detect.validators.wording import ranked

BORN: Final = "born"
"""A name and a day on which somebody may have been born."""
NUMBERED: Final = "numbered"
"""A name and a number that may be the person's."""
REACHED: Final = "reached"
"""A name and a phone number or a street address."""
UNNAMED: Final = "unnamed"
"""No name stands in the row; told as a value all the same, so that the row is looked at once."""

_KNOWN: Final = ("male_names", "female_names", "surnames")
_ENGLISH: Final = ("english_wikipedia", "us_tv_and_film")
_REACH: Final = 160
"""Characters before an identifier in which its person is looked for."""

_NO_NAME: Final = frozenset(
    """
    account address ally apartment april area august ave avenue bldg blvd board boulevard bureau case center circle city
    clerk commission committee company corp council county court creek ct date day december department dept district
    division dr drive east february fire floor friday fund grant ground group hall health highway hill hotel hwy inc
    inspection inspector invoice item january july june lake lane library llc ltd march market meeting memorial milwaukee
    monday north november number october office order park parking parkway permit phase place plaza plan police
    project public road room route saturday school section september service services south square st state station
    street suite summary sunday system terrace thursday ticket total trail trust tuesday unit university update vendor
    version view village ward way wednesday west wisconsin work year
    """.split()  # noqa: SIM905 - a hundred quoted words would hide what is in the list
)
"""Words of places, offices, days and papers: capitalised as names are, and none."""

_WORD: Final = r"[A-Z][A-Za-z'\u2019]*[a-z'\u2019.]?(?:-[A-Z][A-Za-z'\u2019]+)?"
_NAME: Final = re.compile(
    rf"(?<![A-Za-z])({_WORD}(?: {_WORD}){{0,2}})(?:[ ]?[,;|\t\n][ \"]{{0,3}}|\"[,;|\t] ?\"?| )({_WORD}(?: {_WORD}){{0,2}})(?![A-Za-z])"
)
_WORDS: Final = re.compile(r"[A-Za-z'\u2019]{2,}")
_PERSONAL: Final = re.compile(
    r"(?:(?P<phone>\(?\d{3}\)?[-. ]{0,2}\d{3}[-.]\d{4})|(?P<street>\d{2,5} [A-Z][^\n,;|\t]{2,40})|"
    r"(?P<day>\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4})|"
    r"(?P<number>[A-Z]{0,3}-?\d{5,12}))(?P<behind>[ ]?[,;|\t]\"?[A-Za-z][^\n0-9]+)?\Z"
)
_NO_SIGN: Final = re.compile(r"[^0-9A-Za-z]")
_BEHIND: Final = 400
"""Characters at the end of a candidate that hold the identifier and what stands behind it."""


def person_row(candidate: str) -> Checked | None:
    """A name and what is said of it: a day of birth, a number, a phone number or a street.

    The candidate begins with capitalised words and goes on to the identifier, the next cell behind it included, or begins
    with the identifier. That alone is the value. Where nobody is named `unnamed` is told of it.
    """
    found = _PERSONAL.search(candidate, max(len(candidate) - _BEHIND, 0))
    if found is None:
        # A sign at the end stands for the row: it is no piece of a word, so the whole row is left behind.
        end = max((m.end() for m in _NO_SIGN.finditer(candidate)), default=0)
        return Checked(UNNAMED, end - 1, end) if end else None
    kind = next(k for k in ("phone", "street", "day", "number") if found[k])
    start, end = found.span(kind)
    form = _form(kind, found[kind])
    if form and not (has_name(candidate[max(start - _REACH, 0) : start]) or has_name(found["behind"] or "")):
        form = UNNAMED
    return Checked(form or UNNAMED, start, end)


def _form(kind: str, value: str) -> str:
    if kind == "day":
        born = date_of_birth(value)
        year = re.search(r"(?:19|20)\d\d", value)
        # A later year may be a child's, but is more often a hearing's or an inspection's.
        return BORN if born is not None and (year is None or int(year[0]) <= 2020) else ""
    return NUMBERED if kind == "number" else REACHED


def has_name(text: str) -> bool:
    """Whether a first and a last name stand in it, side by side or in cells side by side.

    One of them must be among the names that many people bear, or neither an English word; no word of a place or office.
    """
    position = 0
    while (found := _NAME.search(text, position)) is not None:
        words = [w.lower().strip("'\u2019") for w in _WORDS.findall(found[0])]
        if len(words) >= 2 and not _NO_NAME.intersection(words) and _are_names(words):
            return True
        position = found.end(1)
    return False


def _are_names(words: list[str]) -> bool:
    known = [any(word in ranked()[name] for name in _KNOWN) for word in words]
    return any(known) or not any(ranked()[name].get(w, 30_000) < 8_000 for w in words for name in _ENGLISH)
