"""What tests of openers ask of a document: its text, its files, what was lost."""

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits


def part(content: bytes, name: str = "file", kind: str = "") -> Part:
    kind = kind or kind_of(content, "", name)
    return Part("2", 1, "", (), 0, len(content), nested=True, names=(name,), kind=kind, content=content)


def opened(content: bytes, name: str = "file", *, kind: str = "", limits: OpenLimits | None = None) -> tuple[Part, ...]:
    found = open_container(part(content, name, kind), limits or OpenLimits())
    assert isinstance(found, tuple), found
    return found


def refused(content: bytes, name: str = "file", *, limits: OpenLimits | None = None) -> Reason:
    found = open_container(part(content, name), limits or OpenLimits())
    assert isinstance(found, Reason), found
    return found


def text(found: tuple[Part, ...]) -> str:
    """All text of the documents themselves."""
    return "\n".join(m.content.decode() for m in found if m.kind == "text" and m.charset == "utf-8" and m.lost is None)


def files(found: tuple[Part, ...]) -> dict[str, bytes]:
    """The files in it by their names within."""
    return {
        m.name.partition("!")[2] or m.name: m.content for m in found if m.names and m.lost is None and not m.charset
    }


def lost(found: tuple[Part, ...]) -> set[tuple[str, Reason]]:
    """Kind and reason of what was out of reach."""
    return {(m.kind, m.lost) for m in found if m.lost is not None}
