"""How far the release of a held message has come: steps in, the state of each recipient out. Pure, and total.

Invariants of this file: from the step `dot` on a recipient is `unknown` until a reply or `undone` says otherwise, so that a
crash at any moment is seen as one; nothing but a person's approval makes an unknown recipient anything that is sent; a
released recipient stays released.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

BACKOFF: Final = (60, 300, 900, 1800, 3600)
"""Seconds from the start of an attempt to the next; the last stays."""


class Kind(StrEnum):
    """What a step says."""

    APPROVED = "approved"
    JUDGED = "judged"
    RETURNED = "returned"
    ATTEMPT = "attempt"
    DOT = "dot"
    UNDONE = "undone"
    REPLY = "reply"
    LOST = "lost"
    GAVE_UP = "gave_up"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    NOTICE_DUE = "notice_due"
    NOTICE_SUPPRESSED = "notice_suppressed"
    NOTICE_DOT = "notice_dot"
    NOTICE_SENT = "notice_sent"
    NOTICE_PUT_OFF = "notice_put_off"
    NOTICE_FAILED = "notice_failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done or is about to be. `to` are recipients of the item, by index.

    `reply` is the next hop's reply on one line, its code first; `why` the words of a person or of the gate.
    """

    kind: Kind
    at: datetime
    to: tuple[int, ...] = ()
    who: str = ""
    rules: tuple[str, ...] = ()
    reply: str = ""
    why: str = ""


class Standing(StrEnum):
    """What has become of one recipient's copy; `retry` is approved and not sent yet."""

    HELD = "held"
    RETRY = "retry"
    RELEASED = "released"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DISCARDED = "discarded"
    EXPIRED = "expired"


OVER: Final = frozenset({Standing.FAILED, Standing.DISCARDED, Standing.EXPIRED})
"""What the sender is owed a notice of."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy. `before` is what it is again where its pass is returned; `told`: a notice was decided on."""

    standing: Standing = Standing.HELD
    reply: str = ""
    before: Standing = Standing.HELD
    told: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """A reviewer's approval: it spares these rules, once. `judged`: nothing else weighed when it was judged again."""

    who: str
    at: datetime
    rules: tuple[str, ...]
    why: str = ""
    judged: bool = False


class Post(StrEnum):
    """What has become of a notice; `unknown` where a crash or a lost line came between its dot and the reply."""

    DUE = "due"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice to the sender about the copies `to`; `why` it was suppressed or failed."""

    to: tuple[int, ...]
    at: datetime
    post: Post = Post.DUE
    attempts: int = 0
    tried: datetime | None = None
    why: str = ""

    @property
    def next(self) -> datetime:
        """When it is to be sent, again or at all."""
        return due(self.at, self.attempts, self.tried)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an item is. `granted` is the last pass, spent or not; `attempts` are those under it."""

    copies: tuple[Copy, ...]
    granted: Pass | None = None
    attempts: int = 0
    tried: datetime | None = None
    ended: Standing | None = None
    notice: Notice | None = None
    steps: int = 0

    def having(self, *standings: Standing) -> tuple[int, ...]:
        """The indexes of the recipients that stand so."""
        return tuple(i for i, c in enumerate(self.copies) if c.standing in standings)

    @property
    def waiting(self) -> bool:
        """Whether a pass is in use: somebody's copy is approved and not settled."""
        return self.granted is not None and bool(self.having(Standing.RETRY))

    @property
    def next(self) -> datetime | None:
        """When the next attempt is due, None where none is."""
        return due(self.granted.at, self.attempts, self.tried) if self.waiting and self.granted else None

    @property
    def owing(self) -> tuple[int, ...]:
        """Whom a notice has to be decided on for: their copies are over, and none is to be sent any more by itself."""
        if self.waiting:
            return ()
        return tuple(i for i, c in enumerate(self.copies) if c.standing in OVER and not c.told)

    @property
    def rests(self) -> str:
        """The folder where the item belongs: releasing, held, failed, released, discarded or expired."""
        if self.ended is not None:
            return str(self.ended)
        standings = {c.standing for c in self.copies}
        if standings & {Standing.RETRY, Standing.UNKNOWN}:
            return "releasing"
        found = (s for s in (Standing.HELD, Standing.FAILED) if s in standings)
        return str(next(found, Standing.RELEASED))

    @property
    def state(self) -> str:
        """The word for the item: where it rests, or unknown where anybody's copy is."""
        unknown = self.ended is None and bool(self.having(Standing.UNKNOWN))
        return "unknown" if unknown else self.rests

    def asks(self, now: datetime) -> bool:
        """Whether the gate has something to do by itself at this moment, beside putting the file where it belongs."""
        post = self.notice is not None and self.notice.post is Post.DUE and self.notice.next <= now
        return bool(self.owing) or post or (self.next is not None and self.next <= now)

    @property
    def idle(self) -> bool:
        """Whether nothing is left that the gate does by itself, now or later."""
        post = self.notice is not None and self.notice.post is Post.DUE
        return not (self.waiting or self.owing or post)


def due(begun: datetime, attempts: int, tried: datetime | None) -> datetime:
    """When the next attempt is due: at once, then as `BACKOFF` says, counted from when the last one began."""
    if not attempts or tried is None:
        return begun
    return tried + timedelta(seconds=BACKOFF[min(attempts, len(BACKOFF)) - 1])


def progress(recipients: int, steps: Iterable[Step]) -> Progress:
    """Where an item with so many recipients is after these steps. Raises ValueError for a recipient it has not."""
    now = Progress(tuple(Copy() for _ in range(recipients)))
    for step in steps:
        now = after(now, step)
    return now


def after(now: Progress, step: Step) -> Progress:
    """Where it is after one more step. Raises ValueError for a recipient it has not."""
    if any(not 0 <= i < len(now.copies) for i in step.to):
        raise ValueError("a step for a recipient that the item has not")
    now = replace(now, steps=now.steps + 1)
    match step.kind:
        case Kind.APPROVED:
            return _granted(now, step)
        case Kind.JUDGED:
            return replace(now, granted=None if now.granted is None else replace(now.granted, judged=True))
        case Kind.ATTEMPT:
            return replace(now, attempts=now.attempts + 1, tried=step.at)
        case Kind.DISCARDED | Kind.EXPIRED:
            ended = Standing(step.kind.value)
            open_ = now.having(Standing.HELD, Standing.RETRY, Standing.UNKNOWN)
            copies = _change(now.copies, open_, lambda c: replace(c, standing=ended, before=c.standing))
            return replace(now, copies=copies, ended=ended, granted=None)
        case Kind.DOT | Kind.UNDONE | Kind.REPLY | Kind.LOST | Kind.GAVE_UP | Kind.RETURNED:
            return replace(now, copies=_change(now.copies, step.to, lambda c: _moved(c, step)))
        case _:
            return _noticed(now, step)


def _change(copies: Sequence[Copy], to: Sequence[int], change: Callable[[Copy], Copy]) -> tuple[Copy, ...]:
    chosen = frozenset(to)
    return tuple(change(c) if i in chosen and c.standing is not Standing.RELEASED else c for i, c in enumerate(copies))


def _granted(now: Progress, step: Step) -> Progress:
    """A new pass. A notice that is still due no longer speaks of copies that are approved anew."""
    notice, untold = now.notice, frozenset[int]()
    if notice is not None and notice.post is Post.DUE:
        untold = frozenset(notice.to) & frozenset(step.to)
        left = tuple(i for i in notice.to if i not in untold)
        notice = replace(notice, to=left) if left else None

    def approved(copy: Copy) -> Copy:
        before = copy.before if copy.standing is Standing.RETRY else copy.standing
        return replace(copy, standing=Standing.RETRY, before=before)

    copies = _change(now.copies, step.to, approved)
    copies = _change(copies, tuple(untold), lambda c: replace(c, told=False))
    granted = Pass(step.who, step.at, step.rules, step.why)
    return replace(now, copies=copies, granted=granted, attempts=0, tried=None, notice=notice)


def _moved(copy: Copy, step: Step) -> Copy:
    """What a step of the wire makes of a copy."""
    reply = step.reply or step.why or copy.reply
    match step.kind:
        case Kind.DOT:
            return replace(copy, standing=Standing.UNKNOWN)
        case Kind.UNDONE:
            return replace(copy, standing=Standing.RETRY) if copy.standing is Standing.UNKNOWN else copy
        case Kind.LOST:
            return replace(copy, standing=Standing.UNKNOWN, reply=reply)
        case Kind.GAVE_UP:
            return replace(copy, standing=Standing.FAILED)
        case Kind.RETURNED:
            return replace(copy, standing=copy.before, reply=reply) if copy.standing is Standing.RETRY else copy
        case _:
            return replace(copy, standing=_answered(step.reply), reply=reply)


def _answered(reply: str) -> Standing:
    """What a reply settles; one that cannot be read settles nothing."""
    match reply[:1]:
        case "2":
            return Standing.RELEASED
        case "5":
            return Standing.FAILED
        case "4":
            return Standing.RETRY
        case _:
            return Standing.UNKNOWN


def _noticed(now: Progress, step: Step) -> Progress:
    """What a step of the notice makes of it; a second one that is due before the first was sent joins it."""
    notice = now.notice
    if step.kind in {Kind.NOTICE_DUE, Kind.NOTICE_SUPPRESSED}:
        copies = _change(now.copies, step.to, lambda c: replace(c, told=True))
        waits = notice is not None and notice.post is Post.DUE
        if step.kind is Kind.NOTICE_SUPPRESSED:
            said = Notice(step.to, step.at, Post.SUPPRESSED, why=step.why)
            return replace(now, copies=copies, notice=notice if waits else said)
        to = tuple(sorted({*step.to, *(notice.to if waits and notice else ())}))
        return replace(now, copies=copies, notice=Notice(to, step.at))
    if notice is None:
        return now
    posts = {
        Kind.NOTICE_DOT: Post.UNKNOWN,
        Kind.NOTICE_SENT: Post.SENT,
        Kind.NOTICE_FAILED: Post.FAILED,
        Kind.NOTICE_PUT_OFF: Post.DUE,
    }
    post = posts[step.kind]
    put_off = post is Post.DUE
    attempts = notice.attempts + 1 if put_off else notice.attempts
    said = replace(notice, post=post, attempts=attempts, why=step.reply or step.why)
    return replace(now, notice=replace(said, tried=step.at) if put_off else said)
