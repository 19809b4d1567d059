"""The listening sockets of a gate: made before any child is, or taken from the service manager that made them."""

import os
import socket
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

from smtp_gate.config import Config

METRICS: Final = "metrics"
"""The name under which the metrics' socket goes; no listener can take it."""
BACKLOG: Final = 1024
FIRST: Final = 3
"""The first descriptor that a service manager passes (sd_listen_fds(3))."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """The sockets of each listener by its name, and those of the metrics' address."""

    by_name: Mapping[str, tuple[socket.socket, ...]]

    def address(self, name: str) -> tuple[str, int]:
        """Where one listens in fact, port included."""
        host, port = self.by_name[name][0].getsockname()[:2]
        return host, port

    def close(self, *, but: Container[str] = ()) -> None:
        """Close them in this process, all but those under these names."""
        for name, sockets in self.by_name.items():
            for one in sockets if name not in but else ():
                one.close()


def open_sockets(config: Config, environment: Mapping[str, str] | None = None) -> Sockets:
    """Every socket the settings ask for. Raises OSError naming the address, ValueError for sockets that fit nothing."""
    given = inherited(environment or {})
    wanted = {one.name: one.listen for one in config.listeners}
    if config.metrics is not None:
        wanted[METRICS] = config.metrics
    found: dict[str, tuple[socket.socket, ...]] = {}
    for name, address in wanted.items():
        mine = given.pop(name, ())
        found[name] = mine or _listen(address.host, address.port)
    if given:
        raise ValueError(f"no listener is called {', '.join(sorted(given))}: name sockets after listeners")
    return Sockets(found)


def inherited(environment: Mapping[str, str]) -> dict[str, tuple[socket.socket, ...]]:
    """The sockets a service manager passed to this process, by name (sd_listen_fds_with_names(3)). Raises ValueError."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = int(environment.get("LISTEN_FDS", "0"))
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    if len(names) != count:
        raise ValueError("sockets were passed without names: set FileDescriptorName= to a listener's name")
    found: dict[str, tuple[socket.socket, ...]] = {}
    for number, name in enumerate(names, FIRST):
        os.set_inheritable(number, False)
        one = socket.socket(fileno=number)
        one.setblocking(False)
        found[name] = (*found.get(name, ()), one)
    return found


def _listen(host: str, port: int) -> tuple[socket.socket, ...]:
    """Listen on every address of the host. Raises OSError."""
    made: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            one = socket.socket(family, kind, protocol)
            made.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(BACKLOG)
            one.setblocking(False)
    except OSError as error:
        for one in made:
            one.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return tuple(made)
