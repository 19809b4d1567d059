"""What a detector is: a pattern, a validator and the evidence that gives each level; values without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from smtp_gate.detect.edm import EdmList

LEVELS: Final = ("high", "medium", "low")
"""From the surest to the least sure; rules name the least level they act on."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Supporting evidence: a keyword of the named list, or a match of `regex`, within so many characters either side.

    Exactly one of `keywords` and `regex` is set. The window lies in the value's text, whatever regions that has, and goes
    on from the front of a body into the subject (`detect.evidence` says why); it never holds the value itself. A `regex` that ends in `$` must end right before the value, one that begins with `^` must begin
    right behind it; any other may stand on either side.
    """

    within: int
    keywords: str = ""
    regex: str = ""
    column: bool = False
    """A keyword counts in a title of the value's own column of a table alone, however many rows above."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level: it holds where all of `all`, one of `any` (if any is listed), none of `none`, and `format` hold.

    `format` is a name that the validator gives a match (`separated`, `plain`); empty means any.
    """

    name: str
    all: tuple[Evidence, ...] = ()
    any: tuple[Evidence, ...] = ()
    none: tuple[Evidence, ...] = ()
    format: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector. `group` is the capturing group of the value; `levels` are tried in order, the first that holds wins.

    `validator` names a function of `detect.validators`, empty for none; `mask` names how evidence is masked. `known` are
    texts in each of which it must find a value at its surest level, or it is not fit for use.
    """

    name: str
    regex: str
    levels: tuple[Level, ...]
    validator: str = ""
    mask: str = "last4"
    group: int = 0
    case_sensitive: bool = False
    known: tuple[str, ...] = ()
    edm: str = ""
    column: str = ""
    """A list for exact data match and its column: only values that stand there are found."""
    title: str = ""
    """What it finds, in one line for people."""


@dataclass(frozen=True, slots=True)
class Detectors:
    """Detectors and the keyword lists that their evidence names."""

    detectors: tuple[Detector, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, EdmList] = field(default_factory=dict)
    """Lists for exact data match by the names that detectors use."""
