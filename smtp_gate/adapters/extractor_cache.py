"""What equal documents were found to hold: in memory only, bounded in octets, the ones longest unused first to go."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from smtp_gate.core.view import Part, Reason

OCTETS: Final = 64 * 1024 * 1024
"""How much is remembered by default: contents of members, their names, and something for each."""
_EACH: Final = 1024
"""Octets that a member takes beside its content."""
_ALOUD: Final = 256 * 1024
"""Contents above this many octets are hashed in a thread, so that the event loop stays free."""
_PASSING: Final = frozenset({Reason.CRASH, Reason.LIMIT})
"""What may be otherwise another time: a child that was short of time or memory, a bug that needed an accident."""

Found = tuple[Part, ...] | Reason
Key = tuple[bytes, str, str, tuple[str, ...], str]
"""All that opening goes by: the content's hash, kind, media type, names, charset. Where the part stands in its message
changes nothing but the numbers of what is found.
"""


@dataclass(slots=True)
class ExtractorCache:
    """Remembers answers, and has equal questions that are asked at once wait for one answer."""

    octets: int = OCTETS
    _kept: OrderedDict[Key, tuple[Part, Found]] = field(default_factory=OrderedDict)
    _running: dict[Key, asyncio.Future[tuple[Part, Found] | OSError | None]] = field(default_factory=dict)
    _size: int = 0

    async def answer(self, part: Part, ask: Callable[[Part], Awaitable[Found]]) -> Found:
        """What the part holds, by memory or by asking. Raises what asking raises: OSError."""
        key = await _key(part)
        while True:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return _moved(known, part)
            running = self._running.get(key)
            if running is None:
                return await self._asked(key, part, ask)
            told = await asyncio.shield(running)
            if isinstance(told, OSError):
                raise told
            if told is not None:
                return _moved(told, part)
            # Whoever asked has been cancelled; somebody has to ask again.

    async def _asked(self, key: Key, part: Part, ask: Callable[[Part], Awaitable[Found]]) -> Found:
        running = self._running[key] = asyncio.get_running_loop().create_future()
        try:
            found = await ask(part)
            running.set_result((replace(part, content=b""), found))
        except OSError as error:
            running.set_result(error)
            raise
        finally:
            del self._running[key]
            if not running.done():
                running.set_result(None)
        self._keep(key, replace(part, content=b""), found)
        return found

    def _keep(self, key: Key, part: Part, found: Found) -> None:
        size = _size(found)
        passing = found in _PASSING if isinstance(found, Reason) else any(inner.lost in _PASSING for inner in found)
        if passing or size > self.octets:
            return
        self._kept[key] = (part, found)
        self._size += size
        while self._size > self.octets:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= _size(gone)


async def _key(part: Part) -> Key:
    if len(part.content) > _ALOUD:
        digest = await asyncio.to_thread(_digest, part.content)
    else:
        digest = _digest(part.content)
    return digest, part.kind, part.media_type, part.names, part.charset


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _size(found: Found) -> int:
    if isinstance(found, Reason):
        return _EACH
    return _EACH + sum(_EACH + len(inner.content) + sum(map(len, inner.names)) for inner in found)


def _moved(known: tuple[Part, Found], part: Part) -> Found:
    """What was found in an equal part, numbered as members of this one."""
    other, found = known
    if isinstance(found, Reason) or (other.part, other.depth) == (part.part, part.depth):
        return found
    deeper = part.depth - other.depth
    return tuple(
        replace(inner, part=part.part + inner.part.removeprefix(other.part), depth=inner.depth + deeper)
        for inner in found
    )
