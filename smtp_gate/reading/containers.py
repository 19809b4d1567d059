"""Opening what holds other content, within a budget. Runs in an extractor child: hostile octets may kill it, nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import Opener, OpenLimits
from smtp_gate.reading.openers.compressed import open_gzip


def open_container(part: Part, limits: OpenLimits) -> tuple[Part, ...] | Reason:
    """What a part holds, containers within it opened too, or why nobody can tell.

    May raise or crash on hostile octets: call it in a child. A container within that cannot be opened is a member with
    `lost` set. Names within name their way: `inner.zip!letter.docx`; text of the part itself has no name.
    """
    room = limits.octets
    places = limits.members
    members: list[Part] = []
    waiting = [(part, 0)]
    while waiting:
        outer, depth = waiting.pop()
        opener = OPENERS.get(outer.kind)
        if opener is None:
            found: tuple[Part, ...] | Reason = Reason.UNKNOWN
        elif depth >= limits.depth:
            found = Reason.LIMIT
        else:
            found = opener(outer, replace(limits, octets=room, members=places))
        if isinstance(found, Reason):
            if outer is part:
                return found
            members.append(replace(outer, content=b"", lost=found))
            continue
        places -= len(found)
        inner = []
        for member in found:
            room -= len(member.content)
            known = _placed(member, outer if outer is not part else None)
            if room < 0 or places < 0:
                known = replace(known, content=b"", lost=Reason.LIMIT)
            inner.append((known, depth + 1))
        members += [known for known, _ in inner if known.lost is not None or known.kind not in OPENERS]
        waiting += [(known, at) for known, at in reversed(inner) if known.lost is None and known.kind in OPENERS]
    return tuple(members)


def _placed(member: Part, outer: Part | None) -> Part:
    """The member with its kind and its way through the containers around it."""
    kind = member.kind or kind_of(member.content, member.media_type, member.name)
    names = member.names
    if outer is not None and outer.names:
        names = (f"{outer.name}!{member.name}",) if member.names else (outer.name,)
    return replace(member, kind=kind, names=names)


OPENERS: Final[Mapping[str, Opener]] = {"gz": open_gzip}
"""Each kind that can be opened, and by what; `kinds.OPENABLE` names them where no library is to be loaded."""
