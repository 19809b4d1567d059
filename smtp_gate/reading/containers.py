"""Opening what holds other content, within a budget. Runs in an extractor child: hostile octets may kill it, nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.archives import zip_start
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import Opener, OpenLimits, member
from smtp_gate.reading.openers.compressed import open_bzip2, open_gzip, open_lzma, open_xz
from smtp_gate.reading.openers.mail import open_mail, open_mbox
from smtp_gate.reading.openers.office import open_flat
from smtp_gate.reading.openers.ole import open_ole
from smtp_gate.reading.openers.pdf import open_pdf
from smtp_gate.reading.openers.rar import open_rar
from smtp_gate.reading.openers.rtf import open_rtf
from smtp_gate.reading.openers.sevenzip import open_7z
from smtp_gate.reading.openers.tar import open_tar
from smtp_gate.reading.openers.tnef import open_tnef
from smtp_gate.reading.openers.zip import open_zip

_NAMES: Final = 1024 * 1024
"""Octets that the names and types of all members may take together; one that goes beyond it is cut, and its member lost."""
_SHOWN: Final = 80
_EFFORTS: Final = 4
"""How many times the octets it may yield a container may have produced, counting what was given up: a thousand bombs in
one archive are together no more work than four.
"""
_CARRIERS: Final = frozenset({"pdf", "rtf"})
"""Documents whose readers look at neither what stands before them nor behind them, where a zip file may stand."""


def open_container(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """What a part holds, containers within it opened too, or why nobody can tell.

    May kill or outlast its process on hostile octets: call it in a child. A container within that cannot be opened is a
    member with `lost` set. Names within name their way: `inner.zip!letter.docx`; text of the part itself has no name.
    """
    return _Opening(part, limits).run()


class _Opening:
    """One part being opened, and what is left of its budget."""

    def __init__(self, part: Part, limits: OpenLimits) -> None:
        self._part = part
        self._limits = limits
        self._room = limits.octets
        self._places = limits.members
        self._effort = _EFFORTS * limits.octets
        self._ink = _NAMES

    def run(self) -> tuple[Part, ...] | Reason:
        """Open the part and what it holds, in the order in which it holds it."""
        first = self._look(self._part, 0)
        if isinstance(first, Reason):
            return first
        members: list[Part] = []
        waiting = [(found, 1) for found in reversed(self._placed(first, None))]
        while waiting:
            known, depth = waiting.pop()
            if known.lost is not None or known.kind not in OPENERS:
                members.append(known)
                continue
            found = self._look(known, depth)
            if isinstance(found, Reason):
                members.append(replace(known, content=b"", lost=found))
            else:
                waiting += [(inner, depth + 1) for inner in reversed(self._placed(found, known))]
        return tuple(members)

    def _look(self, outer: Part, depth: int) -> tuple[Part, ...] | Reason:
        """What one container holds."""
        opener = OPENERS.get(outer.kind)
        if opener is None:
            return Reason.UNKNOWN
        if depth >= self._limits.depth or self._effort < 0:
            return Reason.LIMIT
        limits = replace(self._limits, octets=max(self._room, 0), members=max(self._places, 0))
        found = _opened(opener, outer, limits)
        if isinstance(found, Reason):
            self._effort -= limits.room(len(outer.content)) if found is Reason.LIMIT else len(outer.content)
            return found
        self._effort -= sum(len(inner.content) for inner in found)
        behind = zip_start(outer.content) if outer.kind in _CARRIERS else 0
        if behind > 0:
            found = (*found, member(outer, len(found) + 1, "", outer.content[behind:], kind="zip"))
        return found

    def _placed(self, found: tuple[Part, ...], outer: Part | None) -> list[Part]:
        """Members with their kinds and their ways through the containers around them, as far as the budget goes."""
        placed = []
        for inner in found:
            self._room -= len(inner.content)
            self._places -= 1
            names = inner.names
            if outer is not None and outer.names:
                names = tuple(f"{outer.name}!{name}" for name in names) or (outer.name,)
            kind = inner.kind or kind_of(inner.content, inner.media_type, inner.name)
            known = replace(inner, kind=kind, names=names)
            self._ink -= sum(map(_ink, (*names, inner.media_type, inner.charset)))
            if self._ink < 0:
                known = replace(known, names=tuple(name[-_SHOWN:] for name in names[:1]), media_type="", charset="")
            if min(self._room, self._places, self._ink) < 0:
                known = replace(known, content=b"", lost=Reason.LIMIT)
            placed.append(known)
        return placed


def _ink(name: str) -> int:
    """The most octets that a name takes in an answer, where characters may be escaped."""
    return len(name) if name.isascii() and name.isprintable() else 12 * len(name)


def _opened(opener: Opener, outer: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """What an opener says; one that breaks tells nothing of the other members."""
    try:
        return opener(outer, limits)
    except MemoryError:
        return Reason.LIMIT
    except Exception:  # noqa: BLE001 - a parser that breaks on hostile octets has not read them: that is the answer
        return Reason.CRASH


OPENERS: Final[Mapping[str, Opener]] = {
    "7z": open_7z,
    "bz2": open_bzip2,
    "gz": open_gzip,
    "lzma": open_lzma,
    "mail": open_mail,
    "mbox": open_mbox,
    "officexml": open_flat,
    "ole": open_ole,
    "pdf": open_pdf,
    "rar": open_rar,
    "rtf": open_rtf,
    "tar": open_tar,
    "tnef": open_tnef,
    "xz": open_xz,
    "zip": open_zip,
}
"""Each kind that can be opened, and by what; `kinds.OPENABLE` names them where no library is to be loaded."""
