"""The gate's settings turned into what the door, the next hop's client and the judge are told."""

import socket
from dataclasses import replace
from pathlib import Path

from smtp_gate.adapters import passwords
from smtp_gate.adapters.door_settings import (
    DoorLimits,
    DoorSettings,
    DoorTls,
    LineEndings,
    Nul,
    RcptMode,
    TlsMode,
    server_context,
)
from smtp_gate.adapters.next_hop_settings import HopSettings, HopTimes, HopTls
from smtp_gate.adapters.next_hop_settings import TlsMode as HopTlsMode
from smtp_gate.config import Config, LimitSettings, ListenerSettings
from smtp_gate.core.message import Listener
from smtp_gate.ruleset.marks import Mistake


def hostname_of(config: Config) -> str:
    """What the gate calls itself: the setting, else the machine's own name without asking DNS."""
    return config.hostname or socket.gethostname() or "smtp-gate.invalid"


def listener_of(config: Config, settings: ListenerSettings) -> Listener:
    """The listener as judging knows it."""
    return Listener(
        settings.name,
        settings.direction,
        settings.upstream,
        settings.sender_is_authenticated,
        frozenset(config.internal_domains),
    )


def door_settings(config: Config, settings: ListenerSettings) -> DoorSettings:
    """One listener's door. Raises OSError or ssl.SSLError where a certificate cannot be used, ValueError for users."""
    return DoorSettings(
        listener=listener_of(config, settings),
        hostname=hostname_of(config),
        limits=_limits(config.limits),
        data=Path(config.data_dir),
        clients=settings.clients,
        tls=_door_tls(settings),
        verifier=passwords.load(settings.auth.users) if settings.auth is not None else None,
        xforward=settings.xforward,
        xclient=settings.xclient,
        vouchers=settings.trusted_received.peers if settings.trusted_received is not None else (),
        voucher_hosts=frozenset(settings.trusted_received.hosts if settings.trusted_received is not None else ()),
        login_domain=settings.login_domain or "",
        rcpt=RcptMode(settings.rcpt),
        line_endings=LineEndings(config.line_endings),
        nul=Nul(config.nul),
    )


def listener_mistakes(file: Path, config: Config) -> tuple[Mistake, ...]:
    """What the settings' own files have that no listener could use: certificates, and users without a hash of ours.

    A bad line of a users file is named by its number, never shown.
    """
    found = []
    for listener in config.listeners:
        try:
            door_settings(config, listener)
        except passwords.BadLineError as error:
            hint = "a line is made by `smtp-gate passwd NAME`"
            users = listener.auth.users if listener.auth is not None else file
            found.append(Mistake(str(users), error.line, 1, error.why, hint, secret=True))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            said = f"listener `{listener.name}` cannot use its files: {why}"
            found.append(Mistake(str(file), 1, 1, said, "look at `tls` and `auth` of that listener"))
    return tuple(found)


def _limits(limits: LimitSettings) -> DoorLimits:
    return replace(
        DoorLimits(),
        message=limits.message_size,
        recipients=limits.recipients,
        line=limits.line,
        header=limits.header_size,
        header_lines=limits.header_lines,
        hops=limits.hops,
        connections=limits.connections,
        per_client=limits.connections_per_client,
        hard_errors=limits.errors,
        junk=limits.junk,
        idle=limits.command_timeout,
        chunk=limits.data_timeout,
        rate=limits.min_data_rate,
        in_flight=limits.in_flight,
        spool_above=limits.spool_above,
        queue_wait=limits.queue_wait,
        least_space=limits.least_space,
    )


def _door_tls(settings: ListenerSettings) -> DoorTls | None:
    tls = settings.tls
    if tls is None or tls.mode == "none" or tls.certificate is None or tls.key is None:
        return None
    authorities = str(tls.client_ca) if tls.client_ca is not None else None
    context = server_context(str(tls.certificate), str(tls.key), authorities)
    return DoorTls(context, TlsMode(tls.mode), {c.sha256: c.account for c in settings.certificates})


def hop_settings(config: Config) -> HopSettings:
    """The next hop. `may` encrypts without verifying, as opportunistic TLS does: a forger could as well strip it."""
    hop, tls, waits = config.next_hop, config.next_hop.tls, config.next_hop.timeouts
    mode = HopTlsMode(tls.mode)
    return HopSettings(
        hosts=tuple((peer.host, peer.port) for peer in hop.hosts),
        ehlo=hostname_of(config),
        tls=HopTls(
            mode,
            tls.verify and mode is HopTlsMode.REQUIRE,
            tls.ca,
            tls.certificate,
            tls.key,
            tls.server_name or "",
        ),
        times=HopTimes(waits.connect, waits.command, waits.data_init, waits.data_block, waits.data_done, idle=hop.idle),
        connections=hop.connections,
        uses=hop.uses,
    )
