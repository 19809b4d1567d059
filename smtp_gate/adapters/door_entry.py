"""Who comes in: banner, HELO and EHLO, STARTTLS, AUTH, and what listed peers say of others."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from smtp_gate.adapters import door_auth, door_esmtp
from smtp_gate.adapters.door_clients import NOT_TRUSTED, XCLIENT, XFORWARD, Peer
from smtp_gate.adapters.door_commons import FULL, FULL_FOR_YOU, Commons
from smtp_gate.adapters.door_settings import DoorLimits, DoorSettings, DoorWatcher, TlsMode
from smtp_gate.adapters.door_talk import SHUTTING_DOWN, Talk
from smtp_gate.adapters.door_transaction import Transaction
from smtp_gate.core import answer
from smtp_gate.core.course import Caller
from smtp_gate.core.features import Features
from smtp_gate.core.message import Message, Proof
from smtp_gate.core.ports import Attempt, NextHop
from smtp_gate.core.reply import Reply

READY_FOR_TLS: Final = Reply.of(220, "2.0.0", "Ready to start TLS")
NO_ARGUMENT: Final = Reply.of(501, "5.5.4", "no argument expected")
NOT_HERE: Final = Reply.of(502, "5.5.1", "command not implemented")
NEED_NAME: Final = Reply.of(501, "5.5.4", "Syntax: EHLO hostname")
NEED_HELO: Final = Reply.of(503, "5.5.1", "send HELO or EHLO first")
IN_TRANSACTION: Final = Reply.of(503, "5.5.1", "MAIL transaction in progress")
ALREADY_TLS: Final = Reply.of(503, "5.5.1", "TLS already active")


_WHY_AWAY: Final = {FULL: "connections", FULL_FOR_YOU: "per_client", SHUTTING_DOWN: "shutdown"}


class Receive(Protocol):
    """The gate's way in."""

    def __call__(self, message: Message, attempt: Attempt | None, caller: Caller) -> Awaitable[Reply]:
        """Answer the message; the caller's `over` is not called where this raises an error."""
        ...


class Host(Protocol):
    """The door as a session sees it: settings, ports, and the room that all sessions share."""

    settings: DoorSettings
    receive: Receive
    next_hop: NextHop
    features: Callable[[], Features]
    watcher: DoorWatcher
    commons: Commons
    password_checks: asyncio.Semaphore
    draining: bool

    @property
    def limits(self) -> DoorLimits:
        """The limits as the load of the moment makes them."""
        ...

    def admit(self, session: "Entry") -> Reply | None:
        """Take a connection in; the refusal where there is no room."""
        ...

    def leave(self, session: "Entry") -> None:
        """A connection has ended."""
        ...

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the conversation, and let nobody cancel it."""
        ...


class Entry(Talk):
    """A session up to the point where it may send mail, and the state that its commands share."""

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, host.settings.limits, host.settings.hostname)
        self.host = host
        self.settings = host.settings
        self.peer = Peer(host.settings, "", 0)
        self.transaction = Transaction(host.settings, host.next_hop, host.features, host.commons.mail_error)
        self.announced: frozenset[str] = frozenset()
        self.greeted = False

    @property
    def limits_now(self) -> DoorLimits:
        """The limits as the load of the moment makes them."""
        return self.host.limits

    @property
    def needs_tls(self) -> bool:
        """Whether STARTTLS must come first (RFC 3207, section 4)."""
        tls = self.settings.tls
        return tls is not None and tls.mode is TlsMode.REQUIRE and not self.peer.tls

    def turned_away(self, why: str) -> None:
        """Tell of a client that is cut off."""
        self.host.watcher.turned_away(self.settings.listener.name, why)

    def fault(self, what: str, error: BaseException) -> Reply:
        """Tell of a crash; the client reads 451 and a ref."""
        ref = self.host.commons.stamp.ref()
        self.host.watcher.fault(ref, what, error)
        return answer.fault(ref)

    async def greeting(self) -> Reply:
        """The banner, or the refusal of a client for which there is no room or no way in."""
        transport = self._wire
        name = transport.get_extra_info("peername") if transport is not None else None
        address, port = (str(name[0]), int(name[1])) if isinstance(name, tuple) else ("", 0)
        self.peer = Peer(self.settings, address, port)
        secured = transport.get_extra_info("ssl_object") if transport is not None else None
        if secured is not None:
            self.peer.secured(secured)
        refusal = self.host.admit(self) or self.peer.banner_error()
        if refusal is not None:
            self.turned_away(_WHY_AWAY.get(refusal, "client"))
            return refusal
        self.idle = self.host.limits.idle
        pause = self.settings.limits.greet_pause
        await asyncio.sleep(pause)
        return Reply(220, "", (f"{self.settings.hostname} ESMTP",))

    def leave(self) -> None:
        """Whatever was begun is given up, and the place is free."""
        self.reset()
        self.host.leave(self)

    def shut(self) -> None:
        """The gate is going down: a session between transactions ends now, another one with its transaction."""
        if not self.transaction.open and not self._waits_for_gate and self._wire is not None and not self.over:
            self.over = True
            self._wire.write(SHUTTING_DOWN.wire())
            self._wire.close()

    def cut_off(self) -> None:
        """The time to shut down has run out: the client keeps its mail, what the gate has begun goes on without it."""
        if self._wire is not None:
            self.over = True
            self._wire.write(SHUTTING_DOWN.wire())
            self._wire.close()

    def reset(self) -> None:
        """End the transaction, and with it what was said of its client."""
        self.peer.forget_forwarded()
        attempt = self.transaction.close()
        if attempt is not None:
            self.host.later(attempt.abort())

    async def ehlo(self, argument: bytes) -> Reply:
        """EHLO."""
        return self._hello(argument, esmtp=True)

    async def helo(self, argument: bytes) -> Reply:
        """HELO."""
        return self._hello(argument, esmtp=False)

    def _hello(self, argument: bytes, *, esmtp: bool) -> Reply:
        name = argument.decode("ascii")
        if not name or len(name) > 255:
            return NEED_NAME
        self.reset()
        # Greeting once is what everybody does; greeting again moves nothing on.
        self._junk += self.greeted
        self.greeted = True
        self.peer.greeted(name, esmtp=esmtp)
        if not esmtp:
            self.announced = frozenset()
            return Reply(250, "", (self.settings.hostname,))
        lines = door_esmtp.keywords(self.host.features(), self.settings.limits.message, self._own_keywords())
        self.announced = frozenset(line.split(" ", 1)[0] for line in lines)
        return Reply(250, "", (self.settings.hostname, *lines))

    def _own_keywords(self) -> list[str]:
        """What this session offers by our own settings."""
        extra = []
        if self.settings.tls is not None and not self.peer.tls:
            extra.append("STARTTLS")
        if self.settings.verifier is not None and self.peer.tls:
            extra.append(door_auth.MECHANISMS)
        if self.peer.may_forward:
            extra.append("XFORWARD " + " ".join(XFORWARD))
        if self.peer.may_impersonate:
            extra.append("XCLIENT " + " ".join(XCLIENT))
        return extra

    async def starttls(self, argument: bytes) -> Reply | None:
        """STARTTLS: octets behind it are an attack, and nothing said before it counts (RFC 3207, section 4.2)."""
        tls = self.settings.tls
        if tls is None:
            return NOT_HERE
        if self.peer.tls:
            return ALREADY_TLS
        if argument:
            return NO_ARGUMENT
        if self.inlet.octets:
            self.turned_away("starttls_injection")
            self.over = True
            return None
        self.reset()
        self.say(READY_FOR_TLS)
        if not await self.encrypt(tls.context):
            self.turned_away("tls_handshake")
            self.over = True
            return None
        secured = self._wire.get_extra_info("ssl_object") if self._wire is not None else None
        if secured is not None:
            self.peer.secured(secured)
        self.greeted, self.announced = False, frozenset()
        return None

    async def auth(self, argument: bytes) -> Reply | None:
        """AUTH, over TLS only (RFC 4954, section 4)."""
        verifier = self.settings.verifier
        if verifier is None:
            return NOT_HERE
        error = self._auth_error()
        if error is not None:
            return error
        shown = await door_auth.exchange(argument, self._ask)
        if not isinstance(shown, door_auth.Credentials):
            return shown
        if not await door_auth.verify(shown, verifier, self.host.password_checks):
            self.turned_away("credentials")
            return door_auth.INVALID
        self.peer.proved(shown.user, Proof.AUTH)
        return door_auth.SUCCEEDED

    def _auth_error(self) -> Reply | None:
        if not self.peer.tls:
            return door_auth.NEED_TLS
        if not self.greeted:
            return NEED_HELO
        if self.transaction.open:
            return IN_TRANSACTION
        return door_auth.ALREADY if self.peer.proof is Proof.AUTH else None

    async def _ask(self, challenge: Reply) -> bytes | None:
        self.say(challenge)
        line = await self.line(door_auth.ROOM)
        if line is None or not line.endswith(b"\r\n"):
            self.over = True
            return None
        return line[:-2]

    async def xforward(self, argument: bytes) -> Reply:
        """XFORWARD, between transactions."""
        if not self.peer.may_forward:
            return NOT_TRUSTED
        return IN_TRANSACTION if self.transaction.open else self.peer.forward(argument)

    async def xclient(self, argument: bytes) -> Reply | None:
        """XCLIENT, between transactions; the session begins again with the banner."""
        if not self.peer.may_impersonate:
            return NOT_TRUSTED
        if self.transaction.open:
            return IN_TRANSACTION
        refusal = self.peer.impersonate(argument)
        if refusal is not None:
            return refusal
        self.greeted, self.announced = False, frozenset()
        return Reply(220, "", (f"{self.settings.hostname} ESMTP",))
