"""Releases in a running gate: what reviewers ask for over the control socket, and what is due by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from smtp_gate.adapters.control import Frame
from smtp_gate.adapters.logs import Logger, Value, describe
from smtp_gate.config import Config
from smtp_gate.core.ports import NextHop
from smtp_gate.judge import Judge
from smtp_gate.server.settings import hostname_of
from smtp_gate.store.notices import NoticeTerms
from smtp_gate.store.progress import Progress
from smtp_gate.store.quarantine import FileQuarantine, NoSuchItemError, State
from smtp_gate.store.release import Events, Order, Outcome, Releaser, ReleaseTerms

T = TypeVar("T")

AT_A_TIME: Final = 4
"""How many items are worked on at once, so that a silent next hop does not take every connection."""

EXPIRE_EVERY: Final = timedelta(minutes=10)
"""How often the held messages are looked through for old ones."""

REASON: Final = 500
"""Longest reason that is kept."""


class Releases:
    """Releases, discards and expires held mail, and sends the notices. One object a process; `close` it in the end."""

    def __init__(  # noqa: PLR0913 - each is one thing that a release touches
        self,
        quarantine: FileQuarantine,
        judge: Judge,
        next_hop: NextHop,
        journal: Events,
        config: Config,
        *,
        logger: Logger,
        now: Callable[[], datetime],
    ) -> None:
        self._quarantine = quarantine
        self._logger = logger
        self._now = now
        self._expire_after = timedelta(seconds=config.quarantine.expire)
        self._releaser = Releaser(quarantine, judge, next_hop, journal, release_terms(config), now)
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._running: set[asyncio.Task[Any]] = set()
        self._expired_at: datetime | None = None
        self._unreadable: set[str] = set()

    async def release(
        self, ref: str, who: str, rules: tuple[str, ...] = (), *, again: bool = False, why: str = ""
    ) -> Outcome:
        """Release one item now. Raises NoSuchItemError where that cannot be, ValueError for no ref, OSError.

        A caller that is cancelled stops nothing: the release goes on, and its outcome stands in the item's progress.
        """
        order = Order(who, rules, why[:REASON], again)
        return await self._whole(self._releaser.release(ref, order))

    async def discard(self, ref: str, who: str, why: str, *, notify: bool = True) -> Outcome:
        """Give one item up. Raises as `release` does."""
        return await self._whole(self._releaser.discard(ref, who, why[:REASON], notify=notify))

    async def expire(self) -> int:
        """Give up the held messages that are older than the settings allow; returns how many. Raises OSError."""
        now = self._now()
        before = now - self._expire_after
        refs = await self._quarantine.run(lambda: list(self._quarantine.held_before(before)))
        expired = 0
        for ref in refs:
            try:
                await self._whole(self._releaser.expire(ref))
            except NoSuchItemError:
                # Somebody has just decided on it.
                continue
            expired += 1
            self._logger.log("info", "expired", {"ref": ref})
        return expired

    async def tick(self) -> None:
        """Do all that is due by itself: approved and put-off releases, expiry, notices. Raises OSError, after the rest.

        One item that fails keeps no other from its turn.
        """
        refs = await self._quarantine.run(self._quarantine.progress.refs)
        failed = [e for e in await asyncio.gather(*map(self._tend, refs)) if e is not None]
        if self._expired_at is None or self._now() - self._expired_at >= EXPIRE_EVERY:
            self._expired_at = self._now()
            if await self.expire():
                await asyncio.gather(*map(self._tend, await self._quarantine.run(self._quarantine.progress.refs)))
        if failed:
            raise failed[0]

    async def tend(self, ref: str) -> Outcome | None:
        """Do what is due about one item. Raises as `Releaser.tend` does."""
        return await self._whole(self._releaser.tend(ref))

    async def serve(self, frame: Frame) -> Frame:
        """The answer to a reviewer's frame; never raises for what the frame says.

        `{"do": "release"|"discard", "ref", "who", "rules", "again", "why", "notify"}` gives `frame_of` the outcome, or
        `{"failed": why}`; a frame of another kind is not understood.
        """
        asked = _asked(frame)
        if asked is None:
            return {"failed": "not understood"}
        ref, who, why = asked
        try:
            if frame["do"] == "release":
                rules = tuple(str(r) for r in frame.get("rules") or ())
                outcome = await self.release(ref, who, rules, again=frame.get("again") is True, why=why)
            else:
                outcome = await self.discard(ref, who, why, notify=frame.get("notify") is not False)
        except NoSuchItemError as error:
            return {"failed": str(error)}
        except ValueError:
            return {"failed": "that is no ref"}
        except OSError as error:
            self._logger.log("error", "release_failed", {"ref": ref, "error": describe(error)})
            return {"failed": f"the disk failed: {error.strerror}"}
        return frame_of(outcome)

    async def close(self, within: float = 30.0) -> None:
        """Wait so many seconds for what is under way, then cut it off: it goes on, or is unknown, at the next start."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _tend(self, ref: str) -> OSError | None:
        try:
            outcome = await self.tend(ref)
        except (NoSuchItemError, ValueError) as error:
            # One item that cannot be understood keeps no other from its turn.
            if ref not in self._unreadable:
                # Told once a process, not once a tick; lists show it for as long as it lasts.
                self._unreadable.add(ref)
                self._logger.log("error", "release_unreadable", {"ref": ref, "why": str(error)})
        except OSError as error:
            self._logger.log("error", "release_failed", {"ref": ref, "error": describe(error)})
            return error
        else:
            if outcome is not None:
                self._log(outcome)
        return None

    def _log(self, outcome: Outcome) -> None:
        level = "warning" if outcome.state in {State.UNKNOWN, State.FAILED} or not outcome.told else "info"
        state, attempts = str(outcome.state), outcome.progress.attempts
        fields: dict[str, Value] = {
            "ref": outcome.ref,
            "state": state,
            "attempts": attempts,
            "journalled": outcome.told,
        }
        self._logger.log(level, "release", fields)

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Work that is done to its end although whoever waits for it is cancelled, a few at a time."""

        async def in_turn() -> T:
            async with self._room:
                return await work

        task = asyncio.get_running_loop().create_task(in_turn())
        self._running.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Seen, also where whoever waited has gone: what was done stands in the item's progress.
            task.exception()


def release_terms(config: Config) -> ReleaseTerms:
    """What the settings say about releases and notices."""
    hostname, settings = hostname_of(config), config.quarantine
    notices = NoticeTerms(hostname, settings.notices, settings.contact or "", config.way_out, config.timezone)
    return ReleaseTerms(hostname, timedelta(seconds=settings.retry_for), notices)


def frame_of(outcome: Outcome) -> Frame:
    """An outcome as commands and the console show it: `state`, `recipients` by address, and the rest.

    `rules` are those that kept it held, `approved` those that the last pass spares, `next` when it is tried again, `notice`
    what has become of the sender's.
    """
    held_by = f"not sent: {', '.join(outcome.rules)} also weighs on it" if outcome.rules else ""
    return {
        "ref": outcome.ref,
        "state": str(outcome.state),
        "recipients": recipients_of(outcome.addresses, outcome.progress),
        "why": held_by,
        "rules": list(outcome.rules),
        "approved": [] if outcome.progress.granted is None else list(outcome.progress.granted.rules),
        "next": _iso(outcome.progress.next),
        "notice": "" if outcome.progress.notice is None else str(outcome.progress.notice.post),
    }


def recipients_of(addresses: tuple[str, ...], now: Progress) -> dict[str, Frame]:
    """Each recipient's state and the reply behind it."""
    pairs = zip(addresses, now.copies, strict=True)
    return {address: {"state": str(copy.standing), "reply": copy.reply} for address, copy in pairs}


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")


def _asked(frame: Frame) -> tuple[str, str, str] | None:
    """Ref, who and why of a frame, None where it is none of ours. Whoever is not named is `somebody`."""
    ref, who, why = frame.get("ref"), frame.get("who", ""), frame.get("why", "")
    if frame.get("do") not in {"release", "discard"} or not isinstance(frame.get("rules", []), list):
        return None
    if not (isinstance(ref, str) and isinstance(who, str) and isinstance(why, str)):
        return None
    return ref, who[:100] or "somebody", why
