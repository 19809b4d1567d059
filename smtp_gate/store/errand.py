"""One transaction with the next hop for approved copies, or for a notice: written down before it is done, and after."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from smtp_gate.core.message import Envelope
from smtp_gate.core.ports import Attempt, NextHop
from smtp_gate.core.received import received_line
from smtp_gate.core.reply import Reply
from smtp_gate.store.progress import Kind, Step
from smtp_gate.store.quarantine import Taken

LOST: Final = frozenset({"4.4.1", "4.4.2", "4.5.0"})
"""Enhanced codes of a connection that failed (RFC 3463): after our final dot they leave open what became of the mail."""

ROOM: Final = 500
"""Longest reply that is kept."""

Now = Callable[[], datetime]


def on_one_line(reply: Reply) -> str:
    """A reply as progress keeps it."""
    return str(reply)[:ROOM]


async def deliver(taken: Taken, next_hop: NextHop, hostname: str, to: tuple[int, ...], now: Now) -> None:
    """The original octets and envelope to these recipients. The outcome of each stands in the item's progress.

    A refused recipient settles alone, the accepted ones get the message. The step `dot` is durable before DATA is asked
    for, so that a crash from there on is never taken for mail that was not sent. Raises OSError where the disk fails.
    """
    message = taken.item.message
    opened = await next_hop.begin(message.envelope)
    if isinstance(opened, Reply):
        await taken.add(Step(Kind.REPLY, now(), to, reply=on_one_line(opened)))
        return
    try:
        accepted, refused = await _ask(opened, message.envelope, to, now)
        if not accepted:
            await taken.add(*refused)
            return
        await taken.add(*refused, Step(Kind.DOT, now(), accepted))
        octets = (received_line(message, hostname), message.content)
        reply = await _send(taken, opened, octets, accepted, now)
        await taken.add(_outcome(opened, accepted, reply, now()))
    finally:
        if not opened.dot_sent:
            await opened.abort()


async def _ask(
    attempt: Attempt, envelope: Envelope, to: tuple[int, ...], now: Now
) -> tuple[tuple[int, ...], tuple[Step, ...]]:
    """Ask for each recipient: who was accepted, and the reply to each of the others."""
    accepted: list[int] = []
    refused: list[Step] = []
    for index in to:
        reply = await attempt.rcpt(envelope.recipients[index])
        if reply.positive:
            accepted.append(index)
        else:
            refused.append(Step(Kind.REPLY, now(), (index,), reply=on_one_line(reply)))
    return tuple(accepted), tuple(refused)


async def _send(
    taken: Taken, attempt: Attempt, octets: tuple[bytes, ...], accepted: tuple[int, ...], now: Now
) -> Reply:
    """Send to all who were accepted; what ends it before our dot is written down as no dot."""
    try:
        return await attempt.send(octets, range(len(accepted)), lambda: True)
    except BaseException:
        if not attempt.dot_sent:
            await taken.add(Step(Kind.UNDONE, now(), accepted))
        raise


def _outcome(attempt: Attempt, to: tuple[int, ...], reply: Reply, at: datetime) -> Step:
    """What the reply to the dot, or to what came before it, settles."""
    if attempt.dot_sent and reply.temporary and reply.enhanced in LOST:
        return Step(Kind.LOST, at, to, reply=on_one_line(reply))
    if reply.positive and not attempt.dot_sent:
        # No reply can accept what was not sent; the attempt was given up for a reason of its own.
        return Step(Kind.UNDONE, at, to)
    return Step(Kind.REPLY, at, to, reply=on_one_line(reply))


async def post(taken: Taken, next_hop: NextHop, envelope: Envelope, octets: bytes, now: Now) -> None:
    """Send the notice to its one recipient. What became of it stands in the item's progress; never twice. Raises OSError."""
    opened = await next_hop.begin(envelope)
    if isinstance(opened, Reply):
        await taken.add(_posted(opened, now()))
        return
    try:
        reply = await opened.rcpt(envelope.recipients[0])
        if reply.positive:
            await taken.add(Step(Kind.NOTICE_DOT, now()))
            try:
                reply = await opened.send((octets,), (0,), lambda: True)
            except BaseException:
                if not opened.dot_sent:
                    await taken.add(Step(Kind.NOTICE_PUT_OFF, now()))
                raise
            if opened.dot_sent and reply.temporary and reply.enhanced in LOST:
                # Nobody knows whether it arrived: it stays unknown, because a second one would be one too many.
                return
        await taken.add(_posted(reply, now()))
    finally:
        if not opened.dot_sent:
            await opened.abort()


def _posted(reply: Reply, at: datetime) -> Step:
    if reply.positive:
        return Step(Kind.NOTICE_SENT, at, reply=on_one_line(reply))
    kind = Kind.NOTICE_FAILED if reply.permanent else Kind.NOTICE_PUT_OFF
    return Step(kind, at, reply=on_one_line(reply))
