"""Passwords of people beside their labels: `password: X`, `the pw for the portal is X`, `login: u / X`, tables, PINs."""

import re
from typing import Final

from smtp_gate.detect.validators.base import Checked
from smtp_gate.detect.validators.stop_words import STOP_WORDS
from smtp_gate.detect.validators.wording import (
    is_code,
    is_common,
    is_known_password,
    is_mask,
    is_measure,
    is_placeholder,
    is_word,
    words_of,
)

CLEAR: Final = "clear"
"""Label, connection and value leave no doubt."""
LIKELY: Final = "likely"
"""Most readers would take it for a password."""
POSSIBLE: Final = "possible"
"""It may as well be an ordinary word."""

MIXED: Final = "mixed"
MADE: Final = "made"
WORD: Final = "word"
NUMBER: Final = "number"

_LABEL: Final = (
    r"(?:pass[ _-]?words?|passwd|pass[ _-]?(?:phrase|code)s?|p/?w|pwd|psw|pword|passwort|kennwort|contraseñ?n?as?|senha|"
    r"mot de passe|wachtwoord|parola|(?:access|security|entry|door|gate|alarm) code|"
    r"(?:wi-?fi|wlan|wireless|network|wpa2?|guest)(?: security)? (?:key|code|pass\b)|pre-?shared key|psk|pass|pins?|clave)"
)
_QUOTES: Final = "\"'\u201c\u201d\u2018\u2019\u00ab`"
_WHICH: Final = r"(?:[ \t]{1,2}(?:code|number|no\.?|\#))?(?:[ \t]?\([^)\n]{1,40}\))?"
_ABOUT: Final = rf"{_WHICH}(?:\s(?:for|to|of|on|at|in|into|that)\s[^\n:=]{{1,60}}?)?"
"""What may stand between a label and the sign that ties a value to it: `password (new) for the portal:`."""
_VALUE: Final = (
    rf"(?P<open>[{_QUOTES}(\[{{*_]{{0,3}})(?P<value>(?<=[\"\u201c`])[^\"\u201d`\n]{{4,80}}(?=[\"\u201d`])|\S{{1,64}})"
)
_BELOW: Final = r"(?P<below>[ \t]{0,3}[:=]?[*_\"']{0,2}[ \t|]{0,4}\n[\s>|]{0,12})"
_COLON: Final = r"(?P<colon>\s{0,3}(?::=|[:=]+>?|->|>|\u2192|[\u2013\u2014]|\s-)[*_\"']{0,2}\s{0,4})"
_SAID: Final = (
    r"(?P<said>\s{1,2}(?:"
    r"(?:(?:has been|have been|was|is|been|i)?\s?(?:now\s)?(?:re-?)?(?:set|changed|updated|switched)(?:\sback)?\s(?:to|as))|"
    r"(?:is|was|are|will be|would be|should be|es|ist|lautet|est)(?:\s(?:now|currently|simply|just|still|the word))?)"
    r"(?:\s?:)?\s{1,4})"
)
_LEADS: Final = tuple(
    re.compile(rf"(?P<before>[^a-z]?)(?P<label>{_LABEL})[*_)\]{_QUOTES}]{{0,3}}{tie}{_VALUE}", re.IGNORECASE)
    for tie in (
        rf"(?:{_WHICH}{_BELOW}|{_ABOUT}(?:{_COLON}|{_SAID}))",
        r"(?P<to>\s{1,2}to\s{1,2}(?:be\s)?:?\s?)",
        r"(?P<bare>[ \t]{1,4})",
    )
)
"""Label, tie and value, tried one after the other: what stands between them by a sign or verb, by `to`, by nothing."""
_WEAK: Final = frozenset({"pass", "pin", "pins", "clave", "psk", "p/w", "guest pass"})
_CUT: Final = re.compile(r"[;&,](?=\w{2,20}=)|[\"\u201d\u2019`<>|\u00bb]|(?<=\w)'|\\[nrt\"]|,(?=[\"'])")
_BENT: Final = re.compile(r"(?:ed|ing|ly|ble|ent|ive)$", re.IGNORECASE)
"""Ends of words that say something of a password and are none."""
_LAST: Final = ".,;:!?)]}*_\u2026'"
_INNER: Final = re.compile(r"\w[@$!#%^&*+=~?]+\w|\w[@$!#%^&*+=~?]{1,3}$")


def kind_of(value: str, *, quoted: bool = False) -> str:
    """MIXED, MADE, WORD or NUMBER; empty for what nobody would use as a password or no person wrote as one."""
    if len(value) < 4 or is_mask(value) or is_placeholder(value) or is_code(value):
        return ""
    if value.isdigit():
        return NUMBER if len(value) <= 12 else ""
    words = words_of(value)
    if any(c.isdigit() for c in value):
        return MIXED if words and not is_measure(value) else ""
    # One word of a whole pass phrase may be such a word.
    stopped = sum(word.lower() in STOP_WORDS for word in words) * 4 > len(words)
    if stopped and not (quoted and is_known_password(value)):
        return ""
    if len(value) >= 6 and _INNER.search(value) and any(len(w) > 1 for w in words):
        return MIXED
    return _of_letters(value, words)


def _of_letters(value: str, words: list[str]) -> str:
    """MADE or WORD. Three words tied together are a pass phrase; `two-factor`, `and/or`, `you're` are prose."""
    if words == [value]:
        return MADE if len(value) >= 5 and (is_known_password(value) or not is_word(value)) else WORD
    return MADE if len(words) >= 3 and "/" not in value else WORD


def password(candidate: str) -> Checked | None:
    """A password behind its label. The candidate begins with the sign before the label and goes on behind the value."""
    for lead in _LEADS:
        found = lead.match(candidate)
        if found is None:
            continue
        value, start = _trimmed(found["value"]), found.start("value")
        form = _judged(found.groupdict(), value, candidate[start + len(value) :])
        if form:
            return Checked(form, start, start + len(value), value)
    return None


def _judged(found: dict[str, str | None], value: str, after: str) -> str:
    """How sure it is, by how label and value are tied together; empty for no password."""
    quoted = not set(found["open"] or "").isdisjoint(_QUOTES)
    kind = kind_of(value, quoted=quoted)
    label = (found["label"] or "").lower()
    weak = label in _WEAK
    if not kind:
        return ""
    if label.startswith("pin"):
        tied = found.get("colon") is not None or found.get("said") is not None
        return _pin(value, kind, tied=tied or found["label"] == "PIN")
    if found.get("colon") is not None:
        sure = quoted or _ends(after) or (kind == MADE and not weak)
        return CLEAR if kind == MIXED else LIKELY if sure else POSSIBLE
    if found.get("said") is not None:
        ends = _ends(after) and not is_common(value) and not _BENT.search(value)
        return _said(kind, weak=weak, quoted=quoted, ends=ends)
    if found.get("below") is not None:
        return _below(kind, after, weak=weak or found["before"] in {",", ";", "|", "\t"})
    drawn = kind == MIXED and (quoted or (len(value) >= 6 and any(c.isdigit() for c in value)))
    return LIKELY if not weak and (drawn or (quoted and kind == MADE)) else ""


def _said(kind: str, *, weak: bool, quoted: bool, ends: bool) -> str:
    """Tied by `is`, `was set to` and the like, where prose goes on the same way."""
    if weak:
        return LIKELY if kind == MIXED or (quoted and kind == MADE) else ""
    if kind == MIXED:
        return CLEAR
    return LIKELY if quoted or ends or kind in {NUMBER, MADE} else POSSIBLE


def _below(kind: str, after: str, *, weak: bool) -> str:
    """The label ends one line, and the value begins a following one; it counts for more where it fills its line."""
    rest = after.lstrip(" \t.,;)|")
    alone = not rest or rest[0] == "\n"
    if weak:
        return POSSIBLE if kind == MIXED and alone else ""
    if kind == MIXED:
        return LIKELY
    return (LIKELY if kind in {MADE, NUMBER} else POSSIBLE) if alone else ""


def _pin(value: str, kind: str, *, tied: bool) -> str:
    """A PIN: four to eight digits. Written small and without a sign between, it is as well a pin of a plug."""
    return "" if kind != NUMBER or len(value) > 8 else LIKELY if tied else POSSIBLE


def _ends(after: str) -> bool:
    """Whether no prose goes on behind the value on its line."""
    rest = after.lstrip(_LAST + _QUOTES + ">")
    return after[:1] in {",", ";", ".", "\t"} or rest.lstrip(" \t")[:1] in {"", "\n", "\r", "|", "/", "(", "-", "<"}


def _trimmed(value: str) -> str:
    """The value without the signs that end a sentence, a quotation or the next parameter; signs within it stay."""
    cut = _CUT.search(value, 1)
    trimmed = value[: cut.start()] if cut is not None else value
    return trimmed.rstrip(_LAST) or trimmed


_PAIR: Final = re.compile(
    r"[^a-z]?(?:(?P<both>[a-z]{1,10} ?/ ?p[a-z]{1,9})[ \t]{0,2}(?:[:=]|\bis\b|\bare\b)?|[a-z][a-z -]{1,70}?[ \t]{0,2}(?:[:=]|\bis\b|\bare\b)|"
    r"(?P<act>(?:log|sign)[ -]?[io]n)(?: \w{2,10}){0,2}? (?:with|as|using))"
    r"[ \t]{1,3}[\"'\u201c]?(?P<user>[^\s/:,;\"'=()\[\]<>]{2,64})[\"'\u201d]?"
    r"(?:[ \t]?[/|][ \t]?|[ \t]?:[ \t]?|,[ \t]|[ \t](?:and|with)[ \t])[\"'\u201c(]?(?P<value>\S{3,64})",
    re.IGNORECASE,
)


_NAMED: Final = re.compile(
    r"[^a-z]?user(?:[ -]?(?:name|id))?[ :=]{1,3}[\"']?(?P<user>[^\s\"',;]{2,64})[\"']?[ ,;/|]{1,3}(?:and )?"
    r"(?:pass|pw|pwd|password|pin)[ :=]{1,3}[\"'\u201c]?(?P<value>\S{3,64})",
    re.IGNORECASE,
)


def login_pair(candidate: str) -> Checked | None:
    """An account and its password side by side: `login: jdoe / X`, `user/pass jdoe/X`, `log in as jdoe with X`."""
    found = _NAMED.match(candidate) or _PAIR.match(candidate)
    if found is None or found["user"].lower() in STOP_WORDS:
        return None
    value, start = _trimmed(found["value"]), found.start("value")
    kind = kind_of(value)
    if "/" in value or (kind != MIXED and (found.groupdict().get("act") or not found["user"].islower())):
        return None
    slashed = candidate[found.end("user") :].lstrip("\"' ").startswith("/")
    if kind not in {MIXED, MADE} and not (kind == NUMBER and len(value) >= 6 and slashed):
        return None
    return Checked(CLEAR if kind == MIXED else LIKELY, start, start + len(value), value)


_REVERSED: Final = re.compile(r"[\"'\u201c\u2018(`]{0,2}(?P<value>[^\s\"'\u201c\u2018(`]\S{2,63})(?=\s)")


def password_reversed(candidate: str) -> Checked | None:
    """A value before its label: `X is the password`, `use X as your pin`."""
    found = _REVERSED.match(candidate)
    if found is None:
        return None
    value, start = _trimmed(found["value"]), found.start("value")
    return Checked(LIKELY, start, start + len(value), value) if kind_of(value) == MIXED else None


_CELLS: Final = re.compile(r"[,;\t|]")


def password_table(candidate: str) -> Checked | None:
    """The first password below a column of that name, in lines whose cells are parted by `,`, `;`, `|` or a tab.

    The candidate begins with the column's head and the sign before it; columns are counted from the right.
    """
    head, *rows = candidate.split("\n") if candidate[:1] != "\n" else candidate[1:].split("\n")
    behind = len(_CELLS.split(head.lstrip(",;\t|"))) - 1
    least = behind + (2 if _CELLS.match(candidate) else 1)
    offset = len(candidate) - sum(len(row) + 1 for row in rows) + 1
    for row in rows if least > 1 else ():
        cells = _CELLS.split(row)
        cell = cells[-1 - behind] if len(cells) >= least else ""
        value = cell.strip(" \"'\r")
        kind = kind_of(value) if " " not in value else ""
        if kind:
            start = offset + sum(len(c) + 1 for c in cells[: len(cells) - 1 - behind]) + cell.index(value)
            return Checked(CLEAR if kind == MIXED else LIKELY, start, start + len(value), value)
        offset += len(row) + 1
    return None


def password_cell(value: str) -> Checked | None:
    """What a cell of a table holds, where its column is one of passwords."""
    kind = kind_of(value)
    form = {MIXED: CLEAR, MADE: POSSIBLE, NUMBER: POSSIBLE}.get(kind, "")
    return Checked(form, 0, len(value), value) if form else None
