"""Whether what was read from a file is a row: every value of its type, every word one of those that are counted."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final, TypeGuard, get_args, get_origin, get_type_hints, is_typeddict

from smtp_gate.replay.rows import Change, CopyRow, How, ReplayRow
from smtp_gate.replay.tally import WORDS

_LATEST: Final = "9000"


def is_row(found: object) -> TypeGuard[ReplayRow]:
    """Whether a tally can count it and a report show it."""
    return _fits(found, ReplayRow) and isinstance(found, dict) and _says(found)


def _says(row: Mapping[str, object]) -> bool:
    """Whether its words are those of a row; it has the right types already."""
    words = {w.value for w in Change}, {w.value for w in How}, {"", *WORDS}
    change, how, before, after = (row[key] for key in ("change", "how", "before", "after"))
    if change not in words[0] or how not in words[1] or not {before, after} <= words[2]:
        return False
    copies = row["recipients"]
    return _is_day(row["day"]) and isinstance(copies, list) and all(map(_says_copy, copies))


def _says_copy(copy: CopyRow) -> bool:
    return copy["before"] in WORDS and copy["after"] in WORDS and copy["change"] in {w.value for w in Change}


def _is_day(word: object) -> bool:
    """Whether it is a day as reports write it, or none; one at the very end of all dates has no day after it."""
    try:
        return word == "" or (date.fromisoformat(str(word)).isoformat() == word and str(word) < _LATEST)
    except ValueError:
        return False


def _fits(found: object, kind: object) -> bool:
    """Whether a value of JSON is of this type: a row, a list of one type, or plain."""
    if isinstance(kind, type) and is_typeddict(kind):
        hints = _hints(kind)
        return (
            isinstance(found, dict)
            and found.keys() == hints.keys()
            and all(_fits(found[k], t) for k, t in hints.items())
        )
    if get_origin(kind) is list:
        return isinstance(found, list) and all(_fits(one, get_args(kind)[0]) for one in found)
    # A truth value is no number here, although Python counts it as one.
    return type(found) is kind


@cache
def _hints(kind: type) -> dict[str, object]:
    return get_type_hints(kind)
