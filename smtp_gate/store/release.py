"""Release: the original octets and envelope of a held message go to its held recipients, once."""

from dataclasses import dataclass

from smtp_gate.core.ports import Attempt, NextHop
from smtp_gate.core.received import received_line
from smtp_gate.core.reply import Reply
from smtp_gate.store.items import Item
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State


@dataclass(frozen=True, slots=True)
class Released:
    """How a release ended: the state the item is in now, and the next hop's reply behind it."""

    state: State
    reply: Reply


async def release(quarantine: FileQuarantine, ref: str, next_hop: NextHop, hostname: str) -> Released:
    """Send one held item on. Raises NoSuchItemError where it is not held (any more), OSError where the disk fails.

    The move to `releasing` is an atomic rename, so of many releases at once one delivers. A 4xx puts the item back, a
    5xx makes it `failed`; where the reply to our final dot was lost the item stays in `releasing`, which lists as
    `unknown`: a person must look at the next hop before anybody sends it again.
    """
    found = quarantine.find(ref)
    if found.item is None:
        raise NoSuchItemError(f"{ref} cannot be read: {found.flaw}")
    await quarantine.move(ref, State.HELD, State.RELEASING)
    reply, dot_sent = await _send(found.item, next_hop, hostname)
    if reply.positive:
        state = State.RELEASED
    elif reply.permanent:
        state = State.FAILED
    elif dot_sent and reply.enhanced in {"4.4.2", "4.4.1"}:
        return Released(State.UNKNOWN, reply)
    else:
        state = State.HELD
    await quarantine.move(ref, State.RELEASING, state)
    return Released(state, reply)


async def _send(item: Item, next_hop: NextHop, hostname: str) -> tuple[Reply, bool]:
    """One transaction for all held recipients; the first refusal of one ends it for all. Also whether our dot went out."""
    attempt = await next_hop.begin(item.message.envelope)
    if isinstance(attempt, Reply):
        return attempt, False
    refusal = await _ask(item, attempt)
    if refusal is not None:
        await attempt.abort()
        return refusal, False
    head = received_line(item.message, hostname)
    chosen = range(len(item.message.envelope.recipients))
    reply = await attempt.send((head, item.message.content), chosen, lambda: True)
    if not attempt.dot_sent:
        await attempt.abort()
    return reply, attempt.dot_sent


async def _ask(item: Item, attempt: Attempt) -> Reply | None:
    for recipient in item.message.envelope.recipients:
        reply = await attempt.rcpt(recipient)
        if not reply.positive:
            return reply
    return None


async def discard(quarantine: FileQuarantine, ref: str) -> None:
    """Give a held item up; its file stays with the discarded ones. Raises NoSuchItemError, OSError."""
    await quarantine.move(ref, State.HELD, State.DISCARDED)
