"""Lists beside the packs: those for exact data match with their keys, and where feeds are; or why one cannot be used."""

import mmap
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smtp_gate.core import feeds
from smtp_gate.detect.edm import HEAD_ROOM, KEY_OCTETS, EdmError, EdmList, Head
from smtp_gate.ruleset.marks import Mistake


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list by its name in rules: its file and the file of its key.

    `ours` says that nobody else writes the file, so that it may be mapped into memory and shared by all processes.
    """

    name: str
    file: Path
    key: Path
    ours: bool = False


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed by its name in rules, and its file; `ours` as for a `ListSource`."""

    name: str
    file: Path
    ours: bool = False


def why_no_feed(file: Path) -> str:
    """Why this file cannot be a feed, as far as its head tells; empty where it can."""
    try:
        with file.open("rb") as opened:
            feeds.Head.of(opened.read(feeds.HEAD_ROOM)).check_size(file.stat().st_size)
    except OSError as error:
        return f"it cannot be read: {error.strerror or type(error).__name__}"
    except feeds.FeedError as error:
        return str(error)
    return ""


def read_key(path: Path) -> bytes:
    """The key in a file that its owner alone may read. Raises EdmError, OSError."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise EdmError("the key is no file")
    if mode & 0o077:
        raise EdmError("others may read the key: `chmod 600` it")
    with path.open("rb") as file:
        octets = file.read(KEY_OCTETS + 1)
    if len(octets) != KEY_OCTETS:
        raise EdmError(f"a key has {KEY_OCTETS} octets: make one with `smtp-gate edm key FILE`")
    return octets


def why_not(file: Path, key: Path) -> str:
    """Why this list cannot be used with this key, as far as its head tells; empty where it can."""
    try:
        with file.open("rb") as opened:
            Head.of(opened.read(HEAD_ROOM)).check(read_key(key), file.stat().st_size)
    except (EdmError, OSError) as error:
        return _said(error)
    return ""


def read_lists(sources: Iterable[ListSource], mistakes: list[Mistake]) -> dict[str, EdmList]:
    """Every list that can be used, by its name; a mistake in the first line of its file for every other one."""
    lists = {}
    for source in sources:
        try:
            lists[source.name] = EdmList.of(_octets(source), read_key(source.key))
        except (EdmError, OSError) as error:
            said = f"the list `{source.name}` cannot be used: {_said(error)}"
            # Where the two files stand in each other's place, the first line of this one is the key.
            mistakes.append(Mistake(str(source.file), 1, 1, said, secret=True))
    return lists


def _octets(source: ListSource) -> bytes | mmap.mmap:
    with source.file.open("rb") as file:
        if source.ours and source.file.stat().st_size:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return file.read()


def _said(error: EdmError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{Path(str(error.filename)).name} cannot be read: {error.strerror or type(error).__name__}"
    return str(error)
