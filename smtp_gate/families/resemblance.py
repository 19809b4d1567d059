"""How far the local part of an address bears a person's name: whole names are strong, initials are weak, a last name is nothing.

The letters must be made up of the person's names, each used once, and of words that people put beside them; one letter that is
neither, and the address is somebody else's. Relatives share the last name and bear another first name, so they never resemble.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase
from typing import Final

from smtp_gate.families.nicknames import NICKNAMES

STRONG: Final = "strong"
WEAK: Final = "weak"

_SHORTEST: Final = 5
"""Letters below which an address is too common to be anybody's: Li Ng is no ling."""
_STEPS: Final = 1_000_000
"""Steps for one person's comparisons, a thousand times what mail needs: names of one letter over and over cost no more."""
_ROOM: Final = 64
"""Longest local part (RFC 5321, section 4.5.3.1.1)."""
_NAMES: Final = 8
"""Names of one person that are looked at."""
_LETTERS: Final = re.compile(r"[^a-z]+")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_OFFICE: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|\s[-\u2013|/].*")
_LEET: Final = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t"})
_SPELLED: Final = {
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "æ": "ae",
    "œ": "oe",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "\u0131": "i",  # without its dot
}
_GERMAN: Final = {"ä": "ae", "ö": "oe", "ü": "ue"}
_TITLES: Final = frozenset("mr mrs ms miss mx dr prof rev hon jr sr ii iii iv phd md esq pe cpa rn".split())  # noqa: SIM905 - a sentence of words
_PARTICLES: Final = frozenset(
    [
        "de",
        "del",
        "della",
        "di",
        "da",
        "la",
        "le",
        "los",
        "las",
        "van",
        "von",
        "der",
        "den",
        "ten",
        "ter",
        "du",
        "st",
        "san",
        "bin",
        "al",
        "el",
        "y",
        "e",
    ]
)
_VOWELS: Final = "aeiouy"
_UNTOLD: Final = frozenset({"any", "vowel"})
_BESIDE: Final = tuple(
    """
    home personal private priv mke milw milwaukee family fam the real mr mrs ms miss dr prof work office mail email gmail yahoo
    outlook hotmail me my mine its it is im iam hey hi hello official jr sr ii iii iv wi wis wisc wisconsin usa us city x xo xx
    xoxo esq pe rn phd md cpa jd mpa mba dds dvm writes author photo photos photography pics music art arts design online web net
    inbox box new old alt other second two backup bak spam junk only just always ever contact info mailbox account acct brewcity
    cheesehead packers brewers bucks fan mom dad mama papa grandma grandpa and of at in on for from to by stuff things shopping
    bills school college uwm uw alum alumni msw marquette mu consulting law legal llc tech
    """.split()  # noqa: SIM905 - a hundred quoted words would hide them
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """A piece of a local part.

    `what` is first, middle or last; an initial of them (f, m, l); a beginning of the first name (start) or of the last (stem);
    an initial of a middle name that nobody told us (any, or vowel, which may also make another name: Dan, Dana), and both
    initials then (fx); or beside.
    """

    text: str
    what: str

    def beside(self, used: frozenset[str]) -> frozenset[str] | None:
        """The pieces used so far and this one, None where it cannot stand behind them.

        Each kind stands once, other words before or behind all names, and a letter that nobody told us behind the first name.
        """
        if self.what == "beside":
            return used | {"end"} if used else used
        if self.what in used or "end" in used:
            return None
        if self.what in _UNTOLD and (used & _UNTOLD or "first" not in used):
            return None
        return used | {self.what}


class Person:
    """A person's names, and the local parts of their accounts, ready to be compared with many addresses."""

    def __init__(self, name: str, logins: Iterable[str] = ()) -> None:
        self._name = name
        self._steps = _STEPS
        self._logins = frozenset(w for w in (_LETTERS.sub("", _plain(login)) for login in logins) if len(w) >= 5)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The words of the name."""
        return tuple(words_of(self._name))

    @cached_property
    def _atoms(self) -> tuple[_Atom, ...]:
        spellings = {tuple(words_of(self._name, german=german)) for german in (False, True)}
        return tuple(dict.fromkeys(atom for names in sorted(spellings) for atom in _atoms(names)))

    @cached_property
    def _by_letter(self) -> dict[str, list[_Atom]]:
        found: dict[str, list[_Atom]] = {}
        for atom in self._atoms:
            found.setdefault(atom.text[0], []).append(atom)
        return found

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        """Whoever bears none of these in an address does not resemble: most recipients are done with by them."""
        shortest = min((a.text for a in self._atoms if a.what == "stem"), key=len, default="")
        wanted = {a.text for a in self._atoms if a.what in {"last", "first"}} | {shortest}
        return tuple(sorted(wanted - {""}))

    @cached_property
    def _is_told_middle(self) -> bool:
        return any(a.what in {"middle", "m"} for a in self._atoms)

    def grade(self, local: str) -> str:
        """`strong`, `weak`, or empty."""
        bare = _plain(local[:_ROOM].partition("+")[0])
        if not bare:
            return ""
        pieces = [p for p in _LETTERS.split(bare) if p]
        if len(pieces) == 3 and not self._is_told_middle and self._frames(pieces):
            return STRONG
        best = ""
        for text in dict.fromkeys(("".join(pieces), _LETTERS.sub("", bare.translate(_LEET)))):
            found = self._grade(text, apart=any(len(p) == 1 for p in pieces))
            if found == STRONG:
                return STRONG
            best = best or found
        return best

    def _frames(self, pieces: list[str]) -> bool:
        """Whether first and last name stand around a third word, which may be the middle name that nobody told us."""
        ends = {(a.what, a.text) for a in self._atoms if a.what in {"first", "last"} and len(a.text) > 1}
        return ("first", pieces[0]) in ends and ("last", pieces[2]) in ends

    def _grade(self, text: str, *, apart: bool) -> str:
        if len(text) < _SHORTEST:
            return ""
        best = WEAK if text in self._logins else ""
        if not any(key in text for key in self._keys):
            return best
        for used in self._readings(text):
            grade = _weigh(used, apart=apart)
            if grade == STRONG:
                return STRONG
            best = best or grade
        return best

    def _readings(self, text: str) -> Iterator[frozenset[str]]:
        """Every set of pieces that the whole text can be made of, each kind used once but words beside the names."""
        reached: list[set[frozenset[str]]] = [set() for _ in range(len(text) + 1)]
        reached[0].add(frozenset())
        for place in range(len(text)):
            if not reached[place] or self._steps <= 0:
                continue
            for atom in self._by_letter.get(text[place], ()):
                if text.startswith(atom.text, place):
                    self._steps -= len(reached[place])
                    reached[place + len(atom.text)] |= {
                        used for x in reached[place] if (used := atom.beside(x)) is not None
                    }
        yield from reached[len(text)]


def words_of(name: str, *, german: bool = False) -> Iterator[str]:
    """The words of a name in lower-case ASCII letters, first name first, titles left out; few where there are many."""
    # What stands in brackets or behind a dash is an office: Dana Okafor (DPW), Dana Okafor - Public Works.
    name = _OFFICE.sub(" ", name[:200])
    last, comma, first = name.partition(",")
    if comma and set(_split(first, german=german)) - _TITLES:
        name = f"{first} {last}"
    words = [w for w in _split(name.replace(",", " "), german=german) if w not in _TITLES]
    yield from words if len(words) <= _NAMES else (*words[: _NAMES - 1], words[-1])


def _split(name: str, *, german: bool) -> list[str]:
    # An apostrophe parts no name: O'Brien is obrien.
    flat = re.sub(r"['\u2019\u02bc`]", "", name[:200])
    plain = "".join(_GERMAN.get(c, c) if german else c for c in unicodedata.normalize("NFC", flat).casefold())
    return [w for w in (_LETTERS.sub("", _plain(x)) for x in _WORDS.findall(plain)) if w]


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    spelled = "".join(_SPELLED.get(c, c) for c in text.casefold())
    return "".join(c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))


def _atoms(names: tuple[str, ...]) -> Iterator[_Atom]:
    """What an address of this person may be made of; nothing where only one name is known."""
    if len(names) < 2 or len(names[-1]) < 2:
        return
    first, middles, last = names[0], [n for n in names[1:-1] if n not in _PARTICLES], names[-1]
    firsts = [n for n in (first, *sorted(NICKNAMES.get(first, ()))) if len(n) > 1]
    # van der Berg, de la Cruz and Smith-Jones are written in one.
    lasts = ["".join(names[begin:]) for begin in range(1, len(names))]
    pieces: dict[str, Iterable[str]] = {
        "first": firsts,
        "f": first[0],
        "last": lasts,
        "l": last[0],
        "stem": (last[:size] for size in range(4, len(last))),
        "start": (first[:size] for size in range(3, len(first))),
        "beside": _BESIDE,
    }
    if middles:
        pieces["m"] = (n[0] for n in middles)
        pieces["middle"] = (n for name in middles for n in (name, *sorted(NICKNAMES.get(name, ()))) if len(n) > 1)
    elif len(first) > 2:
        pieces["fx"] = (first[0] + letter for letter in ascii_lowercase)
        pieces["vowel"] = _VOWELS
        pieces["any"] = sorted(set(ascii_lowercase) - set(_VOWELS))
    for what, texts in pieces.items():
        yield from (_Atom(text, what) for text in texts)


def _weigh(used: frozenset[str], *, apart: bool) -> str:
    """What a reading is worth; `apart` says that a letter stands by itself.

    A letter that nobody told us is strong only beside whole names, and as a vowel only where it stands apart.
    """
    used -= {"end"}
    if used & _UNTOLD:
        if "last" not in used:
            return ""
        return STRONG if "any" in used or apart else WEAK
    if "last" in used:
        if "first" in used or ("f" in used and used & {"m", "middle"}):
            return STRONG
        return WEAK if used & {"f", "fx", "middle", "start"} else ""
    if "first" in used:
        return WEAK if used & {"l", "stem", "middle"} else ""
    return WEAK if "stem" in used and "f" in used else ""
