"""What is remembered of rulesets beside their snapshots: when each was used, and whether one was rolled back to.

Files in the snapshots' folder, each JSON, written under another name, synced and renamed: `uses.json` gives for each
ruleset's hash when it first and last came into use, `order.json` the snapshots in the order in which they came into use, and
`pinned` the snapshot that somebody rolled back to. Times are for people: a clock may go back, and so an order is kept beside
them. A file that is damaged says nothing: a lost `uses.json` costs dates, a lost `order.json` leaves the order to the times, a
lost `pinned` ends the rollback at the next load. `going` is there only while a rollback is begun or ended.
"""

import json
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from smtp_gate.store.files import read_regular, sync_directory, write_all

USES: Final = "uses.json"
ORDER: Final = "order.json"
PINNED: Final = "pinned"
GOING: Final = "going"


@dataclass(frozen=True, slots=True)
class Pin:
    """A rollback: the snapshot whose packs are used while the pack files on disk stay as they were (`content`).

    `passed` names the contents of packs that were in use and rolled away from, the newest last: a second rollback goes
    further back and not forth again.
    """

    name: str
    content: str
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Going:
    """A rollback that is being begun or ended: the snapshot that is about to be used, and the rollback that holds with it."""

    name: str
    pin: Pin | None


class History:
    """The files in one folder. Methods block; those that write raise OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def pin(self) -> Pin | None:
        """The rollback that somebody asked for, None where there is none."""
        try:
            return _pin(json.loads(read_regular(self._root / PINNED)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def set_pin(self, pin: Pin | None) -> None:
        """Remember a rollback, or that there is none any more; durable when it returns. Raises OSError."""
        if pin is not None:
            self._write(PINNED, asdict(pin))
            return
        (self._root / PINNED).unlink(missing_ok=True)
        sync_directory(self._root)

    def going(self) -> Going | None:
        """What somebody was about when he was killed, None where nobody was."""
        try:
            found = json.loads(read_regular(self._root / GOING))
            return Going(str(found["name"]), None if found["pin"] is None else _pin(found["pin"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def set_going(self, going: Going | None) -> None:
        """Remember what is about to be done, or that it is done; durable when it returns. Raises OSError."""
        if going is not None:
            self._write(GOING, asdict(going))
        elif (self._root / GOING).exists():
            (self._root / GOING).unlink()
            sync_directory(self._root)

    def uses(self) -> dict[str, tuple[float, float]]:
        """When each ruleset first and last came into use, in seconds since the epoch."""
        try:
            found = json.loads(read_regular(self._root / USES))
            return {str(name): (float(first), float(last)) for name, (first, last) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def used(self, ruleset: str, at: float | None = None) -> None:
        """It came into use. Raises OSError."""
        uses = self.uses()
        now = time.time() if at is None else at
        uses[ruleset] = (uses[ruleset][0] if ruleset in uses else now, now)
        self._write(USES, uses)

    def order(self) -> tuple[str, ...]:
        """The snapshots in the order in which they last came into use, the newest last; those used before it was kept are not in it."""
        try:
            found = json.loads(read_regular(self._root / ORDER))
        except (OSError, ValueError, RecursionError):
            return ()
        return tuple(dict.fromkeys(map(str, found))) if isinstance(found, list) else ()

    def put_last(self, names: Sequence[str], kept: Collection[str]) -> None:
        """These snapshots came into use now, one after another; none stays in the order that is not `kept`. Raises OSError."""
        earlier = (name for name in self.order() if name in kept and name not in names)
        self._write(ORDER, [*earlier, *dict.fromkeys(names)])

    def forget(self, rulesets: Collection[str]) -> None:
        """They are kept no more. Raises OSError."""
        uses = self.uses()
        if not uses.keys().isdisjoint(rulesets):
            self._write(USES, {name: use for name, use in uses.items() if name not in rulesets})

    def _write(self, name: str, value: object) -> None:
        temporary = self._root / f".{name}"
        temporary.unlink(missing_ok=True)
        write_new(temporary, json.dumps(value).encode())
        temporary.rename(self._root / name)
        sync_directory(self._root)


def _pin(found: dict[str, Any]) -> Pin:
    """A rollback as it was written. Raises KeyError, TypeError."""
    return Pin(str(found["name"]), str(found["content"]), tuple(map(str, found["passed"])))


def write_new(path: Path, octets: bytes) -> None:
    """A new file, synced. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        write_all(descriptor, octets)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
