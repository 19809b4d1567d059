"""Supporting evidence around a value: keywords and patterns within so many characters of it, paid for in steps.

Evidence may stand anywhere in the value's own text, and the subject counts as standing right before a text. RULES.md
says that proximity never crosses a region; it does here, because a region is the sender's claim (law 8): a line with two
hyphens, a quoting sign or a `div` would otherwise part a label from its number for the gate and for no reader.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from smtp_gate.core.view import Text
from smtp_gate.detect.detectors import Detectors, Evidence
from smtp_gate.detect.patterns import Pattern
from smtp_gate.detect.tables import Tables
from smtp_gate.detect.words import Places, Words

BLOCK: Final = 16_384
"""Characters whose keywords are looked up at a time, so that a long text costs only where candidates stand."""

_VALUE: Final = 200
_S: Final = frozenset("Ss")


class SpentError(Exception):
    """The budget of a scan is used up."""


@dataclass(slots=True)
class Budget:
    """The steps that the scan of one message may still take; a step is about the cost of one short search."""

    left: int

    def spend(self, steps: int) -> None:
        """Take so many steps. Raises SpentError where they are not left."""
        self.left -= steps
        if self.left < 0:
            raise SpentError


class Lookup:
    """How evidence is looked up under one set of detectors; immutable and usable from several threads."""

    def __init__(self, detectors: Detectors) -> None:
        """Compile the keyword lists."""
        self.words = Words(detectors.keywords)
        levels = [level for d in detectors.detectors for level in d.levels]
        widest = max((e.within for lv in levels for e in (*lv.all, *lv.any, *lv.none)), default=0)
        # A keyword counts where a window holds it whole, so none that begins in a block goes on further than this.
        self.reach = 2 * widest + _VALUE
        self.block = max(BLOCK, 4 * self.reach)


class Subject:
    """What stands in the subject, as the text right before each body."""

    def __init__(self, said: str, lookup: Lookup) -> None:
        """`said` are the lines of the header text that hold it."""
        self.text = said
        self.octets = said.encode("utf-8", "replace") + b"\n"
        """The same in UTF-8, with the break behind it."""
        self._lookup = lookup

    def has(self, name: str, room: int) -> bool:
        """Whether a word of the list stands among its last `room` characters."""
        return self._places.between(name, len(self.text) - room, len(self.text))

    @cached_property
    def _places(self) -> Places:
        return self._lookup.words.places(self.text)


class Subjects:
    """The subjects of a message and of those within it, each standing before the bodies of its own message."""

    def __init__(self, texts: Iterable[Text], lookup: Lookup) -> None:
        """`texts` are all texts of one message."""
        self._by_prefix: dict[str, Subject] = {}
        for text in texts:
            if text.reading == "header" and (text.part == "0" or text.part.endswith(".0")):
                said = "\n".join(
                    line for line in text.text.split("\n") if line[:1] in _S and line[:8].lower() == "subject:"
                )
                if said:
                    self._by_prefix.setdefault(text.part.removesuffix("0"), Subject(said, lookup))

    def before(self, text: Text) -> Subject | None:
        """The subject of the innermost message that the text is a body of; None for headers."""
        if text.reading == "header":
            return None
        fitting = [prefix for prefix in self._by_prefix if text.part.startswith(prefix)]
        return self._by_prefix[max(fitting, key=len)] if fitting else None


class Nearby:
    """What stands near the values of one text."""

    def __init__(self, text: Text, subject: Subject | None, lookup: Lookup, budget: Budget) -> None:
        """`subject` is what stands before the text, None where nothing does."""
        self._text = text
        self._ascii = text.is_ascii
        self._subject = subject
        self._lookup = lookup
        self._budget = budget
        self._blocks: dict[int, Places] = {}

    def paid_from(self, budget: Budget) -> "Nearby":
        """The same, paid for by another budget: who asks again takes nothing from the scan."""
        return Nearby(self._text, self._subject, self._lookup, budget)

    def stands(self, evidence: Evidence, pattern: Pattern | None, start: int, end: int, *, weakens: bool) -> bool:
        """Whether the evidence stands on either side of the value from `start` to `end`.

        A pattern looks at each side alone. One that ends in `$` looks to the left only, where that is the value's
        front; one that begins with `^` to the right only, where that is its back. What weakens a value never counts
        from the subject.
        """
        within, said = evidence.within, self._text.text
        self._budget.spend(2 + (within >> 6))
        if evidence.column:
            # Lines of a header are no rows: commas stand in dates and lists of people there.
            name = evidence.keywords
            return self._text.reading != "header" and self._tables.titled(
                name, start, lambda low, high: self._has(name, low, high)
            )
        before, behind = start - within, end + within
        low = max(before, 0)
        high = min(behind, len(said))
        # One character stands for the line break between the subject and the text.
        room = 0 if weakens or self._subject is None else -before - 1
        if pattern is None:
            return self._has(evidence.keywords, low, high) or (
                room > 0 and self._subject is not None and self._subject.has(evidence.keywords, room)
            )
        if not evidence.regex.startswith("^"):
            side = self._octets(low, start)
            if room > 0 and self._subject is not None:
                side = self._subject.text[-room:].encode("utf-8", "replace") + b"\n" + side
            if pattern.search(side) is not None:
                return True
        if evidence.regex.endswith("$") and not evidence.regex.endswith("\\$"):
            return False
        return pattern.search(self._octets(end, high)) is not None

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self._text.text, self._budget.spend)

    def _octets(self, start: int, end: int) -> bytes:
        if self._ascii:
            return self._text.octets[start:end]
        return self._text.text[start:end].encode("utf-8", "replace")

    def _has(self, name: str, low: int, high: int) -> bool:
        size = self._lookup.block
        if high < size:
            return self._places(0).between(name, low, high)
        return any(self._places(number).between(name, low, high) for number in range(low // size, high // size + 1))

    def _places(self, number: int) -> Places:
        places = self._blocks.get(number)
        if places is None:
            size = self._lookup.block
            start = number * size
            octets = self._text.octets if self._ascii else None
            places = self._lookup.words.places(self._text.text, start, start + size, self._lookup.reach, octets)
            self._blocks[number] = places
            self._budget.spend(min(size, len(self._text.text)) // 128 + places.count // 4)
        return places
