"""What lies below a folder of packs, subfolders and links to folders too; one that cannot be read is said, not passed over."""

import os
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Unread:
    """A folder, or a link to one, of which nobody can say what is in it, and why."""

    path: Path
    why: str


def below(folder: Path, without: Collection[str] = ()) -> Iterator[Path | Unread]:
    """Everything below, in no order; nothing hidden, and nothing in folders of the names `without`. Never raises.

    A link to a folder is followed: whoever puts one there means what it leads to, as with a link to a file, and rules that
    were left out in silence would let mail go. Each folder is searched once, by its resolved path, so that links in a circle
    end; what is reached in two ways is given with its plain path rather than with that of a link.
    """
    seen: set[str] = set()
    plain, links = deque([folder]), deque[Path]()
    while plain or links:
        place = plain.popleft() if plain else links.popleft()
        resolved = os.path.realpath(place)
        if resolved in seen:
            continue
        seen.add(resolved)
        try:
            with os.scandir(place) as opened:
                entries = [entry for entry in opened if not entry.name.startswith(".")]
        except OSError as error:
            yield _unread(place, error)
            continue
        for entry in entries:
            path = place / entry.name
            yield path
            kind = _kind(entry)
            if isinstance(kind, OSError):
                yield _unread(path, kind)
            elif kind and entry.name not in without:
                (links if entry.is_symlink() else plain).append(path)


def _kind(entry: "os.DirEntry[str]") -> bool | OSError:
    """Whether it is a folder or leads to one; an error where nobody can tell."""
    try:
        if entry.is_symlink():
            # A link whose target is gone may have led to a folder: `is_dir` would only say no.
            entry.stat()
        return entry.is_dir()
    except OSError as error:
        return error


def _unread(path: Path, error: OSError) -> Unread:
    return Unread(path, error.strerror or type(error).__name__)
