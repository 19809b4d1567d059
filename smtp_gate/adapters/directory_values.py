"""Values of an entry of LDAP as texts, mail addresses, groups and days that a cell of the directory can hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from smtp_gate.adapters import directory_dn
from smtp_gate.adapters.directory_rows import is_address

MAX_VALUE: Final = 4096
"""Octets of a value that fills a column; a longer one is told and left out."""

# A cell of a row parts its values with these.
_UNWRITABLE: Final = str.maketrans(";[]", ",()")

Values = Mapping[str, Sequence[bytes]]
Problems = list[tuple[str, str]]
"""What was left out of a row: the column, empty for the whole row, and why."""


def named(given: Values, problems: Problems) -> dict[str, list[bytes]]:
    """The values under the attribute's name in lower case, without options; those that had none come first.

    Active Directory answers with `memberOf;range=0-1499` where it gives only a part: that is a problem, not a value.
    """
    values: dict[str, list[bytes]] = {}
    for described in sorted(given, key=lambda d: ";" in d):
        name, _, options = described.lower().partition(";")
        part = next((o for o in options.split(";") if o.startswith("range=") and not o.endswith("*")), "")
        if part:
            problems.append(("", f"the server gives only a part of {name[:80]} ({part[:40]})"))
        values.setdefault(name, []).extend(given[described])
    return values


def texts(values: Values, names: Iterable[str], column: str, problems: Problems) -> Iterator[str]:
    """The values of these attributes as text, without runs of spaces and control characters."""
    for name in names:
        for octets in values.get(name.lower(), ()):
            if len(octets) > MAX_VALUE:
                problems.append((column, f"{name} has {len(octets)} octets, {MAX_VALUE} at most"))
                continue
            try:
                text = octets.decode()
            except UnicodeDecodeError:
                problems.append((column, f"{name} is not UTF-8"))
                continue
            if not text.isprintable():
                text = "".join(c if c.isprintable() else " " for c in text)
            if text := " ".join(text.split()):
                yield text


def once(given: Iterable[str]) -> dict[str, str]:
    """Each text once whatever its case, as it was written first, under its form without case."""
    found: dict[str, str] = {}
    for text in given:
        if text:
            found.setdefault(text.casefold(), text)
    return found


def addresses(texts: Iterable[str]) -> Iterator[tuple[str, bool | None]]:
    """Addresses, each with whether it is the primary one, None where nothing says so.

    What proxyAddresses says of other networks (x500:, sip:) is no address of mail.
    """
    for text in texts:
        scheme, colon, rest = text.partition(":")
        if not colon or not scheme.replace("-", "").isalnum():
            yield text, None
        elif scheme.lower() == "smtp":
            yield rest.strip(), scheme == "SMTP"


def usable(values: Values, names: Sequence[str], column: str, problems: Problems) -> Iterator[str]:
    """The addresses of these attributes that a row can hold; the others are told."""
    for text, _ in addresses(texts(values, names, column, problems)):
        value, days = with_days(text)
        if fault := unusable(value):
            problems.append((column, fault))
        else:
            yield value + days


def unusable(address: str) -> str:
    """Why a row cannot hold the address; empty where it can."""
    if not is_address(address):
        return f"not an address: {address[:80]!r}"
    return f"an address with one of ; [ ]: {address[:80]!r}" if set(address) & set(";[]") else ""


def with_days(text: str) -> tuple[str, str]:
    """A value and the days behind it, as a row has them: `x [2026-07-01..]`."""
    if text.endswith("]"):
        value, _, days = text[:-1].rpartition("[")
        first, dots, last = (piece.strip() for piece in days.partition(".."))
        if dots and all(not d or (len(d) == 10 and _is_day(d)) for d in (first, last)) and not first > last > "":
            return value.strip(), f" [{first}..{last}]"
    return text, ""


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


@lru_cache(maxsize=16384)
def below(text: str, base: str) -> bool:
    """Whether a DN stands below another one; False where either is none."""
    name, above = directory_dn.parse(text), directory_dn.parse(base)
    if name is None or above is None or len(name) <= len(above):
        return False
    return directory_dn.comparable(name)[-len(above) :] == directory_dn.comparable(above)


@lru_cache(maxsize=16384)
def group(text: str) -> str:
    """The group's name: that of the entry where the value is its DN. What a cell parts values with stands as , ( ).

    A DN has more than one part; `role=clerk` is somebody's word.
    """
    name = directory_dn.parse(text)
    value, days = with_days(text) if name is None or len(name) == 1 else (directory_dn.own(name), "")
    return " ".join(value.translate(_UNWRITABLE).split()) + days
