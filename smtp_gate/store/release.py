"""Release: the original octets and envelope of a held message go to its held recipients, once."""

from dataclasses import dataclass
from typing import Final

from smtp_gate.core.ports import Attempt, NextHop
from smtp_gate.core.received import received_line
from smtp_gate.core.reply import Reply
from smtp_gate.store.items import Item
from smtp_gate.store.quarantine import FileQuarantine, Listed, NoSuchItemError, State

LOST: Final = frozenset({"4.4.1", "4.4.2", "4.5.0"})
"""Enhanced codes of a connection that failed (RFC 3463): after our final dot they leave open what became of the mail."""

SETTLED: Final = frozenset({State.UNKNOWN, State.FAILED})
"""States that a person may release again, saying so: they have looked at the next hop."""


@dataclass(frozen=True, slots=True)
class Released:
    """How a release ended: the state the item is in now, and the next hop's reply behind it."""

    state: State
    reply: Reply


async def release(
    quarantine: FileQuarantine, ref: str, next_hop: NextHop, hostname: str, *, again: bool = False
) -> Released:
    """Send one held item on. Raises NoSuchItemError where it is not held (any more), OSError where the disk fails.

    The move to `releasing` is an atomic rename under a claim, so of many releases at once one delivers. A 4xx puts the
    item back, a 5xx makes it `failed`; where the reply to our final dot was lost the item stays in `releasing` and lists
    as `unknown`: a person must look at the next hop before it is sent `again`. Where the disk fails after the delivery
    it stays there too.
    """
    found, mine = await quarantine.take(ref, State.HELD, *(SETTLED if again else ()))
    try:
        item = _whole(found)
        if found.folder is not State.RELEASING:
            await quarantine.move(ref, found.folder, State.RELEASING)
        errand = _Errand(item)
        try:
            reply = await errand.run(next_hop, hostname)
        except BaseException:
            # A bug or a cancelled command: before our dot nobody has the mail, so it goes back to where it was held.
            if not errand.dot_sent:
                await quarantine.move(ref, State.RELEASING, State.HELD)
            raise
        state = _state(reply, dot_sent=errand.dot_sent)
        if state is not State.UNKNOWN:
            await quarantine.move(ref, State.RELEASING, state)
        return Released(state, reply)
    finally:
        mine.end()


def _whole(found: Listed) -> Item:
    if found.item is None:
        raise NoSuchItemError(f"{found.ref} cannot be read: {found.flaw}")
    return found.item


def _state(reply: Reply, *, dot_sent: bool) -> State:
    if reply.positive:
        return State.RELEASED
    if reply.permanent:
        return State.FAILED
    return State.UNKNOWN if dot_sent and reply.enhanced in LOST else State.HELD


class _Errand:
    """One transaction for all held recipients of an item; the first refusal of one ends it for all, before DATA."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._attempt: Attempt | None = None

    @property
    def dot_sent(self) -> bool:
        """Whether our final dot has gone out."""
        return self._attempt is not None and self._attempt.dot_sent

    async def run(self, next_hop: NextHop, hostname: str) -> Reply:
        """The reply that settles the item."""
        message = self._item.message
        opened = await next_hop.begin(message.envelope)
        if isinstance(opened, Reply):
            return opened
        self._attempt = opened
        try:
            refusal = await self._ask(opened)
            if refusal is not None:
                return refusal
            head = received_line(message, hostname)
            everybody = range(len(message.envelope.recipients))
            return await opened.send((head, message.content), everybody, lambda: True)
        finally:
            if not opened.dot_sent:
                await opened.abort()

    async def _ask(self, attempt: Attempt) -> Reply | None:
        for recipient in self._item.message.envelope.recipients:
            reply = await attempt.rcpt(recipient)
            if not reply.positive:
                return reply
        return None


async def discard(quarantine: FileQuarantine, ref: str) -> None:
    """Give a held, unknown or failed item up; its file stays with the discarded ones. Raises NoSuchItemError, OSError.

    Who did it and why stands in the journal's event, which the caller writes first.
    """
    found, mine = await quarantine.take(ref, State.HELD, State.UNKNOWN, State.FAILED)
    try:
        await quarantine.move(ref, found.folder, State.DISCARDED)
    finally:
        mine.end()
