"""Tells what a word beside a label looks like: made up, an ordinary word, a placeholder, or a piece of code."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Final

ENGLISH: Final = ("english_wikipedia", "us_tv_and_film")
NAMES: Final = ("male_names", "female_names", "surnames")
COMMON: Final = 1500
"""Ordinary words up to this rank are taken for prose wherever they stand unquoted."""

_MASKS: Final = re.compile(r"[*•●x.#_\-?]{3,}|.*(?:[*•●]{3}|x{4}|\.{3}|…).*", re.IGNORECASE | re.DOTALL)
_PLACEHOLDER: Final = re.compile(
    r"[<\[{(].*[>\]})]|\$\{\w+\}|\$[A-Z_a-z]+|\$\(.*|%(?:\w+%|[sd])|\{\{.*|<.*|.*\$\{.*\}.*|"
    r"(?:.*[ _-])?(?:your|my|the|user|new|old|some|any|enter|insert|put)[ _-](?:\w{1,12}[ _-]?)?(?:pass|pwd|pw|secret|token|key|pin).*|"
    r"your(?:[a-z]{1,12})?(?:pass|pwd|pw|secret|token|key|pin).*|"
    r".*(?:example|placeholder|redacted|removed|dummy|fake|sample|not[_-]?(?:a|real)|goes[_-]?here).*|"
    r"(?:test|foo|bar|abc|null|none|nil|n/?a|tbd|todo|true|false|undefined|env|password|passwd|passcode|pass|pwd|pw)",
    re.IGNORECASE | re.DOTALL,
)
_CODE: Final = re.compile(
    r"\w[\w.]*\(.*|[\w.]+\[.*|[$@%]?[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+[();]*|[a-z]+(?:_[a-z]+)*_(?:pass|password|pwd|secret|token|key)\)?;?|"
    r".*(?:=>|\)\{|\);|&&|\|\||://|</|&nbsp).*|[\w.+-]+@[\w-]+\.[\w.-]+|www\..*|/[\w./-]*|[A-Za-z]:\\.*|"
    r"(?:str|string|text|char|varchar|int|bool|boolean|bytes|optional|required|any|object|number)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_MEASURE: Final = re.compile(
    r"[$€£]?\d[\d.,:/+-]*(?:%|st|nd|rd|th|am|pm|a\.m|p\.m|px|[kmg]b|x|days?|hours?|hrs?|min\w*|char\w*|digits?|bits?|weeks?|months?|years?)?",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[^\W\d_]+")


@cache
def ranked() -> Mapping[str, Mapping[str, int]]:
    """Words by how usual they are, in several dictionaries by name; large, so they are loaded when they are first asked."""
    from zxcvbn.matching import RANKED_DICTIONARIES  # type: ignore[import-untyped]  # noqa: PLC0415 - see above; no types

    found: Mapping[str, Mapping[str, int]] = RANKED_DICTIONARIES
    return found


def is_mask(value: str) -> bool:
    """Whether it shows that something was covered: `****`, `xxxxxx`, `....`."""
    return _MASKS.fullmatch(value) is not None


def is_placeholder(value: str) -> bool:
    """Whether it stands for a value that is not there: `<password>`, `${VAR}`, `your_api_key_here`, one sign repeated."""
    return _PLACEHOLDER.fullmatch(value) is not None or len(set(value.lower())) < 3


def is_code(value: str) -> bool:
    """Whether it is a name, a call or a type of a program, an address of mail or web, or a path."""
    return _CODE.fullmatch(value) is not None


def is_measure(value: str) -> bool:
    """Whether it is a number, date, time or amount, with its unit or without."""
    return _MEASURE.fullmatch(value) is not None


def is_word(word: str) -> bool:
    """Whether it is an ordinary word or name, in any case."""
    lowered = word.lower()
    return any(lowered in ranked()[name] for name in (*ENGLISH, *NAMES))


def is_common(word: str) -> bool:
    """Whether it is one of the most common ordinary words."""
    return any(ranked()[name].get(word.lower(), COMMON + 1) <= COMMON for name in ENGLISH)


def is_known_password(word: str) -> bool:
    """Whether many people use it as a password, and few as a word."""
    return ranked()["passwords"].get(word.lower(), 10_000) < 10_000 and not is_common(word)


def words_of(value: str) -> list[str]:
    """Its runs of letters."""
    return _WORDS.findall(value)


def entropy(value: str) -> float:
    """Bits a character, by how often each stands in it: below 3 for words and patterns, above 3.5 for drawn secrets."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def looks_drawn(value: str, least: float = 3.0) -> bool:
    """Whether it looks drawn at random: entropy, no placeholder, no mask, no row of the alphabet or of digits."""
    lowered = value.lower()
    rows = ("abcdefgh", "12345678", "01234567", "qwertyui", "deadbeef")
    return (
        entropy(value) >= least
        and not any(row in lowered for row in rows)
        and not is_mask(value)
        and not is_placeholder(value)
    )
