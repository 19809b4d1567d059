"""Names that look alike: the Unicode skeleton (UTS #39) without accents, and the distance of typing slips."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from disarm import skeleton_key
from rapidfuzz.distance import OSA

ROOM: Final = 256
"""Characters of a name that are compared; no name of a person or a domain is longer."""

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_BLANK: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
"""Characters that show nothing."""
_SPACE: Final = re.compile(r"\s{2,}")
# Pairs of letters that look like one in most typefaces, and digits that stand for letters; no table of Unicode has them.
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_DIGITS: Final = str.maketrans("01345", "oless")


def skeleton(text: str) -> str:
    """The text as the eye takes it: confusable characters, accents, case and full-width forms folded."""
    short = _SPACE.sub(" ", _BLANK.sub("", text[: 8 * ROOM]))
    # What is no word is cut first: a name may stand behind any number of dots.
    short = short if len(short) <= ROOM else _NOT_WORDS.sub(" ", short)[:ROOM]
    plain = "".join(c for c in unicodedata.normalize("NFKD", short) if not unicodedata.combining(c))
    return skeleton_key(plain).casefold().replace("\u00a1", "i")


@lru_cache(maxsize=4096)
def deep_skeleton(text: str) -> str:
    """The same with look-alike pairs (`rn` and `m`) and digits in words folded too, for comparing with a known name."""
    folded = skeleton(text).translate(_DIGITS)
    for pair, one in _PAIRS:
        folded = folded.replace(pair, one)
    # What is left of I, l and 1 depends on the typeface alone.
    return folded.replace("i", "l")


@lru_cache(maxsize=4096)
def name_words(text: str) -> tuple[str, ...]:
    """The words of a person's name or a title as the eye takes them, sorted: order and commas make no difference."""
    return tuple(sorted(w for w in _NOT_WORDS.split(skeleton(text)) if w))


def is_like(one: str, other: str) -> bool:
    """Whether two names differ by no more than the eye forgives: a look-alike, or a slip in a name of some length."""
    if not one or not other:
        return False
    first, second = deep_skeleton(one), deep_skeleton(other)
    if first == second:
        return True
    allowed = slips(min(len(first), len(second)))
    return allowed > 0 and OSA.distance(first, second, score_cutoff=allowed) <= allowed


def slips(length: int) -> int:
    """How many typing slips a name of that length forgives: short ones none, since they are other names."""
    return 0 if length < 6 else 1 if length < 14 else 2
