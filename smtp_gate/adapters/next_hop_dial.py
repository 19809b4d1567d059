"""Opening a connection to a next hop: hosts in turn, banner, EHLO, STARTTLS; the result is a ready `Link`."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from smtp_gate.adapters.next_hop_settings import HopSettings, TlsMode
from smtp_gate.adapters.next_hop_wire import HopFault, Wire, lost
from smtp_gate.core.features import Features
from smtp_gate.core.reply import Reply


@dataclass(slots=True)
class Link:
    """A connection that has greeted: what it offers, how often it was used, when it was last idle."""

    wire: Wire
    features: Features
    xforward: frozenset[str] = frozenset()
    uses: int = 0
    idle_since: float = 0.0
    fresh: bool = True


@dataclass(slots=True)
class Dialler:
    """Opens links to the first host that answers; a host that did not is passed over for a while."""

    settings: HopSettings
    clock: Callable[[], float] = time.monotonic
    _down: dict[tuple[str, int], float] = field(default_factory=dict)
    _context: ssl.SSLContext | None = None

    async def dial(self) -> Link:
        """A ready link. Raises HopFault with the last host's reason where none answers."""
        fault = HopFault("4.4.1", "no next hop could be reached")
        now = self.clock()
        ready = [h for h in self.settings.hosts if self._down.get(h, 0.0) <= now]
        for host in ready or self.settings.hosts:
            try:
                link = await self._greet(host)
            except HopFault as error:
                fault = error
                self._down[host] = self.clock() + self.settings.times.down
            else:
                self._down.pop(host, None)
                return link
        raise fault

    async def _greet(self, host: tuple[str, int]) -> Link:
        wire = await self._connect(host)
        try:
            return await self._introduce(wire, host[0])
        except BaseException:
            # Whoever waited for it may be gone as well; nobody else knows of this connection.
            wire.close()
            raise

    async def _introduce(self, wire: Wire, host: str) -> Link:
        """Banner, EHLO, and TLS as far as the settings ask for it."""
        if (await wire.reply(self.settings.times.command)).code != 220:
            raise HopFault("4.4.1", "next hop is not ready")
        offered = await self._ehlo(wire)
        mode = self.settings.tls.mode
        if mode is not TlsMode.NONE and b"STARTTLS" in offered:
            wire = await self._start_tls(wire, host)
            offered = await self._ehlo(wire)
        elif mode is TlsMode.REQUIRE:
            raise HopFault("4.7.5", "next hop offers no TLS, which is required")
        return Link(wire, features_of(offered), xforward_of(offered))

    async def _connect(self, host: tuple[str, int]) -> Wire:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.times.connect):
                _, wire = await loop.create_connection(Wire, host[0].strip("[]"), host[1])
        except (OSError, TimeoutError):
            raise HopFault("4.4.1", "next hop cannot be reached") from None
        return wire

    async def _ehlo(self, wire: Wire) -> dict[bytes, bytes]:
        """The keywords offered with their arguments, upper-case; HELO where EHLO is not understood."""
        within = self.settings.times.command
        name = self.settings.ehlo.encode("ascii", "replace")
        said = await wire.ask(b"EHLO " + name, within)
        if said.code == 250:
            rows = [line.encode("ascii") for line in said.lines[1:]]
            return {row.split(b" ", 1)[0].upper(): row.partition(b" ")[2].upper() for row in rows if row}
        if said.permanent and (await wire.ask(b"HELO " + name, within)).code == 250:
            return {}
        raise HopFault("4.4.1", "next hop refused our greeting")

    async def _start_tls(self, wire: Wire, host: str) -> Wire:
        said = await wire.ask(b"STARTTLS", self.settings.times.command)
        if said.code != 220:
            raise HopFault("4.7.5", "next hop cannot start TLS")
        if wire.unasked:
            # Octets behind the reply came in the clear and could pose as encrypted replies (CVE-2011-0411's client side).
            raise HopFault("4.7.5", "next hop sent data before the TLS handshake")
        if wire.transport is None:
            raise lost()
        loop = asyncio.get_running_loop()
        inner = Wire()
        try:
            context = self._tls_context()
            name = self.settings.tls.server_name or host.strip("[]")
            transport = await loop.start_tls(
                wire.transport, inner, context, server_hostname=name, ssl_handshake_timeout=self.settings.times.connect
            )
        except (OSError, TimeoutError):
            # ssl.SSLError is an OSError: a wrong certificate and a dead peer are both temporary, and never plaintext.
            wire.close()
            raise HopFault("4.7.5", "TLS with the next hop failed") from None
        if transport is None:
            raise lost()
        if inner.transport is None:
            inner.connection_made(transport)
        inner.transport = transport
        return inner

    def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self.settings.tls.context()
        return self._context


def features_of(offered: dict[bytes, bytes]) -> Features:
    """The features in an EHLO reply. A hop that only knows HELO offers none, which `HELO` in the set records."""
    size = offered.get(b"SIZE", b"")
    limit = int(size) if size.isdigit() and len(size) < 19 and int(size) else None
    return Features(limit, frozenset(k.decode("ascii", "replace") for k in offered) | {"HELO"})


def xforward_of(offered: dict[bytes, bytes]) -> frozenset[str]:
    """The XFORWARD attributes that the next hop takes."""
    return frozenset(offered.get(b"XFORWARD", b"").decode("ascii", "replace").split())


def shortage(params: tuple[bytes, ...], recipients: tuple[tuple[bytes, ...], ...], features: Features) -> Reply | None:
    """`451 4.3.5` where the envelope needs what this hop does not offer; None where all fits."""
    needed = {NEEDS[keyword_of(p)] for p in params if keyword_of(p) in NEEDS}
    needed |= {"DSN" for some in recipients for p in some if keyword_of(p) in {b"NOTIFY", b"ORCPT"}}
    missing = sorted(needed - features.keywords)
    return Reply.of(451, "4.3.5", f"next hop does not offer {', '.join(missing)} now") if missing else None


def wanted(params: tuple[bytes, ...], features: Features) -> tuple[bytes, ...]:
    """The MAIL parameters as given, less those that mean nothing to a hop without the extension (SIZE, AUTH, 7BIT)."""
    droppable = {b"SIZE": "SIZE", b"AUTH": "AUTH"}
    kept = []
    for param in params:
        extension = droppable.get(keyword_of(param))
        plain = param.upper() == b"BODY=7BIT" and "8BITMIME" not in features.keywords
        if not plain and (extension is None or extension in features.keywords):
            kept.append(param)
    return tuple(kept)


def keyword_of(param: bytes) -> bytes:
    """The keyword of an ESMTP parameter, upper-case."""
    return b"BODY=8BITMIME" if param.upper() == b"BODY=8BITMIME" else param.split(b"=", 1)[0].upper()


NEEDS = {b"BODY=8BITMIME": "8BITMIME", b"SMTPUTF8": "SMTPUTF8", b"RET": "DSN", b"ENVID": "DSN"}
"""Which extension a MAIL parameter cannot do without."""
