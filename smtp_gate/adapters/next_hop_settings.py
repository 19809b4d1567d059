"""What the next hop's client is told: hosts, TLS, time-outs and bounds, as values."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class TlsMode(StrEnum):
    """How far TLS goes: never, where offered, or never without."""

    NONE = "none"
    MAY = "may"
    REQUIRE = "require"


@dataclass(frozen=True, slots=True)
class HopTls:
    """TLS towards the next hop. `verify` checks chain and name against `ca` (or the system's) and `server_name`."""

    mode: TlsMode = TlsMode.NONE
    verify: bool = True
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def context(self) -> ssl.SSLContext:
        """The TLS context. Raises OSError or ssl.SSLError where a file cannot be read or is no certificate."""
        made = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.verify:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        if self.certificate is not None:
            made.load_cert_chain(self.certificate, self.key)
        return made


@dataclass(frozen=True, slots=True)
class HopTimes:
    """Seconds to wait, as RFC 5321 section 4.5.3.2 has them; the gate's deadline is usually shorter."""

    connect: float = 30
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    idle: float = 30
    """How long an unused connection is kept."""
    down: float = 5
    """How long a host that could not be reached is passed over."""


@dataclass(frozen=True, slots=True)
class HopSettings:
    """The next hop: hosts in the order they are tried, and how many connections may be open at once."""

    hosts: tuple[tuple[str, int], ...]
    ehlo: str = "smtp-gate.invalid"
    tls: HopTls = field(default_factory=HopTls)
    times: HopTimes = field(default_factory=HopTimes)
    connections: int = 100
    uses: int = 500
    """How many messages one connection carries at most."""
