"""What a validator says of a candidate: which part of it is the value, and in which format it is written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SEPARATED: Final = "separated"
PLAIN: Final = "plain"
IRREGULAR: Final = "irregular"


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that holds: its format, and the stretch of the candidate that it is (`start` and `end` in characters).

    `key` is the value in one spelling, so that equal values in different spellings are told to be equal; empty where
    letters and digits alone do that.
    """

    format: str
    start: int
    end: int
    key: str = ""


Validator = Callable[[str], Checked | None]


def whole(value: str, form: str = "", key: str = "") -> Checked:
    """The whole candidate is the value."""
    return Checked(form, 0, len(value), key)


DIGITS: Final = re.compile(r"[0-9]+")
