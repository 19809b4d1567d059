"""Exact data match: whether a value stands in a list of the city's own identifiers, of which it holds keyed hashes only.

A list is one file. Version 1: a line `smtp-gate edm 1`; a line of JSON with the key's id, the normalisation and the
columns with their numbers of values; the columns' entries one after the other, each sorted; and a seal. An entry is
HMAC-SHA256 (RFC 2104) of the column's name and the normalised value, cut to 16 octets; the seal HMAC-SHA256 of all
before it. Without the key, another file, nobody can try values against it.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final

from smtp_gate.detect.validators.base import Checked, Validator, whole

KEY_OCTETS: Final = 32
ENTRY: Final = 16
SEAL: Final = 32
HEAD_ROOM: Final = 64 * 1024
"""Octets within which the two lines of the head end."""

_MAGIC: Final = b"smtp-gate edm 1\n"
_NORMALISATION: Final = "letters and digits, upper case"


class EdmError(ValueError):
    """A list or a key that cannot be used; the text says why, in words for a person, and holds nothing of either."""


def normalise(value: str) -> str:
    """Letters and digits alone, in NFKC and upper case, every decimal digit as ASCII: `12-34 a` is `1234A`."""
    if value.isascii():
        return "".join(filter(str.isalnum, value)).upper()
    plain = unicodedata.normalize("NFKC", value)
    signs = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain if c.isalnum())
    return "".join(signs).upper()


def key_id(key: bytes) -> str:
    """A name of the key by which lists are told to be made with it, 16 hexadecimal digits."""
    return hmac.digest(key, b"smtp-gate edm key", "sha256")[:8].hex()


def entry(key: bytes, column: str, value: str) -> bytes:
    """What a list holds of a normalised value of that column: equal values of two columns look unrelated."""
    return hmac.digest(key, column.encode() + b"\0" + value.encode(), "sha256")[:ENTRY]


def packed(columns: Mapping[str, set[bytes]], key: bytes) -> Iterator[bytes]:
    """The octets of a list with these entries, in blocks."""
    head = {"key": key_id(key), "normalisation": _NORMALISATION, "columns": {c: len(e) for c, e in columns.items()}}
    seal = hmac.new(key, digestmod="sha256")
    lines = _MAGIC + json.dumps(head, ensure_ascii=True).encode() + b"\n"
    for block in (lines, *(b"".join(sorted(entries)) for entries in columns.values())):
        seal.update(block)
        yield block
    yield seal.digest()


@dataclass(frozen=True, slots=True)
class Head:
    """What a list says of itself: its key's id, its columns with their numbers of values, and where the entries begin."""

    key: str
    columns: Mapping[str, int]
    size: int

    @classmethod
    def of(cls, octets: bytes) -> "Head":
        """Read from the first HEAD_ROOM octets of a file. Raises EdmError."""
        if not octets.startswith(_MAGIC):
            raise EdmError("this is no list of `smtp-gate edm build`, or of a version that this one does not read")
        line, end, _ = octets[len(_MAGIC) : HEAD_ROOM].partition(b"\n")
        try:
            said = json.loads(line) if end else {}
        except (ValueError, RecursionError):
            said = {}
        said = said if isinstance(said, dict) else {}
        columns = said.get("columns")
        if not isinstance(columns, dict) or not all(type(n) is int and n >= 0 for n in columns.values()):
            raise EdmError("the head of the list is broken")
        if said.get("normalisation") != _NORMALISATION:
            raise EdmError("the list was made with a normalisation that this version does not know")
        return cls(str(said.get("key")), columns, len(_MAGIC) + len(line) + 1)

    def check(self, key: bytes, octets: int) -> None:
        """Refuse another key, and a file of another size than the head says. Raises EdmError."""
        if not hmac.compare_digest(self.key.encode(), key_id(key).encode()):
            raise EdmError("the list was made with another key")
        if octets != self.size + sum(self.columns.values()) * ENTRY + SEAL:
            raise EdmError("the list was cut short, or something was added to it")


@dataclass(frozen=True, slots=True)
class EdmList:
    """One list, ready to be asked. `id` names its content; `columns` say where each one's entries begin and how many they are."""

    id: str
    columns: Mapping[str, tuple[int, int]]
    octets: bytes | mmap = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, octets: bytes | mmap, key: bytes) -> "EdmList":
        """The list in these octets of a file. Raises EdmError where key, size or seal do not fit."""
        head = Head.of(octets[:HEAD_ROOM])
        head.check(key, len(octets))
        with memoryview(octets) as view:
            seal = hmac.digest(key, view[:-SEAL], "sha256")
            content = hashlib.sha256(view).hexdigest()
        if not hmac.compare_digest(seal, octets[-SEAL:]):
            raise EdmError("the list is not as it was built")
        columns, start = {}, head.size
        for name, count in head.columns.items():
            columns[name] = (start, count)
            start += count * ENTRY
        return cls(f"sha256:{content}", columns, octets, key)

    def holds(self, column: str, value: str) -> bool:
        """Whether the value, normalised, is one of the column's. Raises KeyError without such a column."""
        start, count = self.columns[column]
        wanted = entry(self.key, column, normalise(value))
        octets, low, high = self.octets, 0, count
        while low < high:
            middle = (low + high) // 2
            at = start + middle * ENTRY
            found = octets[at : at + ENTRY]
            if found == wanted:
                return True
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return False

    def validator(self, column: str, before: Validator | None = None) -> Validator:
        """A validator of values that stand in the column; `before` is asked first and may cut the candidate."""

        def listed(candidate: str) -> Checked | None:
            checked = whole(candidate) if before is None else before(candidate)
            held = checked is not None and self.holds(column, candidate[checked.start : checked.end])
            return checked if held else None

        return listed
