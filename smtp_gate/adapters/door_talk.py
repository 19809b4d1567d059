"""The conversation at the door: greeting, raw command lines, junk and errors counted, crashes made a 451."""

import asyncio
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from smtp_gate.adapters import door_auth
from smtp_gate.adapters.door_settings import DoorLimits
from smtp_gate.adapters.door_wire import DRAIN, Wire
from smtp_gate.core.reply import Reply

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_FOREIGN: Final = re.compile(
    rb"(?i:GET|HEAD|POST|PUT|PATCH|DELETE|CONNECT|OPTIONS|TRACE|PRI)(?: |\Z)|[^A-Za-z]|[A-Za-z-]+:"
)
_EIGHT_BIT_VERBS: Final = frozenset({b"MAIL", b"RCPT"})
_ERRORS: Final = frozenset({500, 501, 502, 503, 504, 530, 535, 538, 555})
"""Codes that say the client speaks wrongly. What a next hop says of a recipient is no error of the client."""

BAD_SYNTAX: Final = Reply.of(500, "5.5.2", "bad syntax")
BARE_LF: Final = Reply.of(500, "5.5.2", "bare <LF> received")
TOO_LONG: Final = Reply.of(500, "5.5.2", "command too long")
UNKNOWN: Final = Reply.of(500, "5.5.2", "command not recognized")
CUT_LONG: Final = Reply.of(421, "4.7.0", "command too long, closing")
CUT_BARE_LF: Final = Reply.of(421, "4.7.0", "bare <LF> received, closing")
CUT_ERRORS: Final = Reply.of(421, "4.7.0", "too many errors")
CUT_FOREIGN: Final = Reply.of(421, "4.7.0", "this is an SMTP server, closing")
OUT_OF_SYNC: Final = Reply.of(554, "5.5.0", "SMTP protocol synchronization")
SHUTTING_DOWN: Final = Reply.of(421, "4.3.2", "service shutting down")
NEED_TLS: Final = Reply.of(530, "5.7.0", "Must issue a STARTTLS command first")


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: what answers it, the octets its line may have, and what is special about it.

    `alone`: it ends a pipelined group, so octets behind it are out of step (RFC 2920). `junk`: it moves nothing on.
    """

    run: Callable[[Any, bytes], Awaitable[Reply | None]]
    """A method of the session's class, given the session and the argument."""
    room: int = 512
    alone: bool = False
    junk: bool = False
    before_tls: bool = False


class Talk(Wire):
    """The loop of one conversation over a Wire; a subclass knows the commands."""

    _reading_data = False
    _errors = 0
    _junk = 0
    _bare = 0

    @property
    @abstractmethod
    def limits_now(self) -> DoorLimits:
        """The limits as the load of the moment makes them."""

    @property
    @abstractmethod
    def needs_tls(self) -> bool:
        """Whether TLS must come before anything else."""

    @abstractmethod
    async def greeting(self) -> Reply:
        """The banner; anything but 220 ends the conversation."""

    @abstractmethod
    def verb(self, name: bytes) -> Verb | None:
        """The command of that name, in upper case."""

    @abstractmethod
    def fault(self, what: str, error: BaseException) -> Reply:
        """Tell of a crash and make it a 451 with an opaque ref."""

    @abstractmethod
    def leave(self) -> None:
        """The conversation is over, however it ended."""

    async def _handle_client(self) -> None:
        """The whole conversation; aiosmtpd starts it as a task and cancels it when the connection is lost."""
        try:
            await self._converse()
        except ConnectionError:
            # The client has gone while a reply was on its way: nobody is left to be told.
            pass
        except Exception as error:  # noqa: BLE001 - a bug ends this one conversation, told of and without a 5xx
            self.say(self.fault("door_crash", error))
        finally:
            self.leave()
            if self._wire is not None:
                if self._out:
                    self._wire.write(bytes(self._out))
                    self._out.clear()
                self._wire.close()

    async def _converse(self) -> None:
        banner = await self.greeting()
        if self.inlet.octets and banner.code == 220:
            self.turned_away("sync")
            banner = OUT_OF_SYNC
        self.say(banner)
        self.over = self.over or banner.code != 220
        while not self.over:
            # The exchange of AUTH has longer lines than any command, and its first one may hold the whole of it.
            line = await self.line(door_auth.ROOM if self.inlet.octets[:5].upper() == b"AUTH " else DRAIN)
            if line is not None:
                await self._obey(line)
            elif self.inlet.eof or self.over:
                break
            else:
                self.cut(CUT_LONG, "long_command")
        await self.flush()

    def cut(self, reply: Reply, why: str) -> None:
        """Say the last word."""
        self.turned_away(why)
        self.say(reply)
        self.over = True

    async def _obey(self, line: bytes) -> None:
        try:
            reply = await self._reply_to(line)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks in a command is a 451, never a 5xx
            reply = self.fault("door_crash", error)
            # What is left of an unread message would be taken for commands.
            self.over = self.over or self._reading_data
        if reply is None:
            return
        if reply.code in _ERRORS:
            await self._count_error()
            if self.over:
                return
        self.say(reply)

    async def _count_error(self) -> None:
        """Slow a client that errs down, and close on one that goes on."""
        limits = self.limits_now
        self._errors += 1
        if self._errors >= limits.hard_errors:
            self.cut(CUT_ERRORS, "errors")
        elif self._errors > limits.soft_errors and limits.error_delay:
            await self.flush()
            await asyncio.sleep(limits.error_delay)

    def forgive(self) -> None:
        """Mail was delivered: the counting starts anew."""
        self._errors = self._junk = 0

    async def _reply_to(self, line: bytes) -> Reply | None:
        if line[-2:] != b"\r\n":
            return self._bare_lf()
        line = line[:-2]
        name, _, argument = line.partition(b" ")
        name = name.upper()
        if not line or _CONTROL.search(line):
            return BAD_SYNTAX
        verb = self.verb(name)
        if verb is None:
            return self._unknown(line)
        refusal = self._refusal(verb, line, name)
        if refusal is not None or self.over:
            return refusal
        return await verb.run(self, argument.rstrip(b" "))

    def _refusal(self, verb: Verb, line: bytes, name: bytes) -> Reply | None:
        """Why a known command is not obeyed; where nothing more is to be said the conversation is over."""
        if name not in _EIGHT_BIT_VERBS and not line.isascii():
            return BAD_SYNTAX
        if len(line) + 2 > verb.room:
            return TOO_LONG
        if verb.alone and self.inlet.octets:
            self.cut(OUT_OF_SYNC, "sync")
            return None
        if self.needs_tls and not verb.before_tls:
            return NEED_TLS
        self._junk += verb.junk
        if self._junk > self.limits_now.junk:
            self.cut(CUT_ERRORS, "junk")
        return None

    def _bare_lf(self) -> Reply | None:
        """A command ended by LF alone: the next server may see other lines than we do."""
        self._bare += 1
        if self._bare > 1:
            self.cut(CUT_BARE_LF, "bare_lf")
            return None
        return BARE_LF

    def _unknown(self, line: bytes) -> Reply | None:
        """No command of ours; a browser, or mail sent where commands belong, is not heard out."""
        if _FOREIGN.match(line):
            self.cut(CUT_FOREIGN, "not_smtp")
            return None
        return UNKNOWN
