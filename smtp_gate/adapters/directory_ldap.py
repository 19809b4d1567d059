"""The dated directory from an LDAP server or Active Directory: read whole over verified TLS, or not at all.

`ldap3` is in the extra `ldap` and loaded when a server is asked, so the gate runs without it. It is written in Python, so it
installs as a wheel; bonsai and python-ldap do not. Its answers are checked here: it takes a result that a server cut short
for a good one, and verifies certificates with code of its own, for which the standard library's stands here.
"""

import ipaddress
import math
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from smtp_gate.adapters.directory_attributes import Attributes, rows
from smtp_gate.adapters.directory_rows import RowMistake

if TYPE_CHECKING:
    import ldap3

MAX_ENTRIES: Final = 5_000_000
"""Entries after which a server is taken to repeat itself."""
PAGED: Final = "1.2.840.113556.1.4.319"
# What ldap3 lets through where an answer is not LDAP.
_GARBLED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_WAYS_OUT: Final = {
    "invalidCredentials": "bind_dn or the password is wrong",
    "inappropriateAuthentication": "this account cannot bind with a password",
    "noSuchObject": "no such base; or this account may not see it",
    "invalidDNSyntax": "a base or bind_dn is no DN",
    "insufficientAccessRights": "this account may not read there: set bind_dn, or grant it",
    "operationsError": "Active Directory wants a bind first: set bind_dn and its password",
    "strongerAuthRequired": "it insists on TLS: use ldaps:// or start_tls",
    "confidentialityRequired": "it insists on TLS: use ldaps:// or start_tls",
    "sizeLimitExceeded": "raise its size limit for this account (OpenLDAP: limits, size.prtotal=unlimited)",
    "timeLimitExceeded": "raise its time limit for this account, or read smaller bases",
    "adminLimitExceeded": "raise its limits for this account, or read smaller bases",
    "unavailableCriticalExtension": "it knows no paged results, without which a large directory comes in part",
    "protocolError": "it offers no StartTLS: use ldaps://",
    "referral": "the base is on another server: name that one in the url; referrals are not followed",
    "unwillingToPerform": "it refuses such a request; its log says why",
    "busy": "try again later",
    "unavailable": "try again later",
}


class SourceError(Exception):
    """A directory could not be read, or not whole: what, where, and the way out. Never with a password."""


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """Where the directory is, and who reads it.

    `bases` are read with everything below them. Without `ca_file` the system's authorities are trusted. `timeout` counts
    seconds for each answer. The password is the content of a file that the caller has read.
    """

    url: str
    bases: tuple[str, ...]
    bind_dn: str = ""
    password: str = field(default="", repr=False)
    filter: str = "(|(mail=*)(proxyAddresses=*))"
    ca_file: Path | None = None
    start_tls: bool = False
    page_size: int = 500
    timeout: float = 30.0
    attributes: Attributes = field(default_factory=Attributes)

    @property
    def server(self) -> tuple[str, str, int]:
        """Scheme, host and port. Raises SourceError where the url has none."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise SourceError(f"{self.url[:200]!r} is no url: {error}") from error
        if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
            raise SourceError("the url of a directory is like ldaps://dc1.city.gov or ldap://dc1.city.gov:389")
        return parts.scheme, parts.hostname, port or (636 if parts.scheme == "ldaps" else 389)


def read(
    settings: LdapSettings, today: date, zone: tzinfo, mistakes: list[RowMistake]
) -> list[tuple[int, dict[str, str]]]:
    """Every row of the directory with its running number from 1; what cannot be used is told in `mistakes` with its DN.

    Raises SourceError where the server cannot be asked, or does not give everything: a part of a directory would make
    strangers of the others. It blocks, so an event loop calls it in a thread.
    """
    check(settings)
    names: list[str] = []
    found: list[RowMistake] = []
    with _connected(settings) as connection:
        entries = _entries(connection, settings, names)
        read_rows = list(rows(entries, settings.attributes, today, zone, found))
    mistakes += [RowMistake(m.line, m.column, f"{names[m.line - 1][:200]}: {m.reason}") for m in found]
    if not names:
        raise SourceError(
            f"{settings.url} gives no entry that matches {settings.filter}: this account may not see any, or the bases are wrong"
        )
    return read_rows


def check(settings: LdapSettings) -> None:
    """Refuse settings that would give a password away or read something else than is meant. Raises SourceError."""
    scheme, host, _ = settings.server
    if not settings.bases or not all(settings.bases):
        raise SourceError(f"{settings.url}: name at least one base, like DC=city,DC=gov")
    if settings.start_tls and scheme == "ldaps":
        raise SourceError(f"{settings.url} has TLS from the start: leave start_tls out")
    if bool(settings.bind_dn) != bool(settings.password):
        # A name without a password binds as nobody, and who reads as nobody may see a part only (RFC 4513, 5.1.2).
        raise SourceError(f"{settings.url}: bind_dn and a password that is not empty go together")
    if settings.password and scheme == "ldap" and not settings.start_tls and not _is_loopback(host):
        raise SourceError(f"{settings.url} would send the password in clear: use ldaps:// or start_tls")
    if settings.page_size < 1 or not settings.timeout > 0:
        raise SourceError(f"{settings.url}: page_size and timeout must be above 0")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@contextmanager
def _connected(settings: LdapSettings) -> Iterator["ldap3.Connection"]:
    """A connection that is secured and bound."""
    try:
        import ldap3  # noqa: F401, PLC0415 - the gate runs without it, and starts faster
    except ImportError as error:
        raise SourceError("reading LDAP needs another package: pip install 'smtp-gate[ldap]'") from error
    connection = _connection(settings)
    try:
        with _told(settings, f"to {settings.bind_dn or 'nobody'}"):
            connection.open(read_server_info=False)
            if settings.start_tls:
                connection.start_tls(read_server_info=False)
            connection.bind(read_server_info=False)
        yield connection
    finally:
        # What was read is read, and what went wrong is told already; ldap3 leaves a socket open that did not connect.
        with suppress(SourceError), _told(settings):
            connection.unbind()
        with suppress(AttributeError, OSError):
            connection.socket.close()


@contextmanager
def _told(settings: LdapSettings, where: str = "") -> Iterator[None]:
    """Every fault of one question is a SourceError."""
    from ldap3.core.exceptions import LDAPException, LDAPOperationResult  # noqa: PLC0415 - the gate runs without it

    try:
        yield
    except LDAPOperationResult as error:
        raise _refused(settings, str(error.description), str(error.message or ""), where) from error
    except (LDAPException, OSError) as error:
        raise _broken(settings, error) from error
    except _GARBLED as error:
        raise SourceError(f"{settings.url} answers something that is not LDAP ({type(error).__name__})") from error


def _connection(settings: LdapSettings) -> "ldap3.Connection":
    """The client, not connected yet."""
    import ldap3  # noqa: PLC0415 - the gate runs without it

    scheme, host, port = settings.server
    secured = scheme == "ldaps" or settings.start_tls
    try:
        context = ssl.create_default_context(cafile=settings.ca_file) if secured else None
    except OSError as error:
        raise SourceError(f"ca_file {settings.ca_file} holds no certificates that can be read: {error}") from error

    class Verified(ldap3.Tls):
        """TLS as the standard library does it: the chain, the name and its notation in the handshake are one matter."""

        def wrap_socket(self, connection: "ldap3.Connection", do_handshake: bool = False) -> None:  # noqa: ARG002 - ldap3 passes it
            if context is not None:
                connection.socket = context.wrap_socket(connection.socket, server_hostname=host)

    server = ldap3.Server(
        host, port, use_ssl=scheme == "ldaps", get_info=ldap3.NONE, tls=Verified(), connect_timeout=settings.timeout
    )
    return ldap3.Connection(
        server,
        user=settings.bind_dn or None,
        password=settings.password or None,
        authentication=ldap3.SIMPLE if settings.bind_dn else ldap3.ANONYMOUS,
        auto_referrals=False,
        auto_range=False,
        check_names=False,
        return_empty_attributes=False,
        raise_exceptions=True,
        read_only=True,
        receive_timeout=math.ceil(settings.timeout),
    )


def _entries(
    connection: "ldap3.Connection", settings: LdapSettings, names: list[str]
) -> Iterator[tuple[int, str, dict[str, list[bytes]]]]:
    """Every entry below the bases once, numbered from 1; `names` takes their DNs."""
    seen: set[bytes] = set()
    for base in settings.bases:
        for answer in _answers(connection, settings, base):
            # Active Directory names its other partitions in referrals; they hold no accounts of this one.
            if answer["type"] != "searchResEntry":
                continue
            dn: bytes = answer["raw_dn"]
            if dn.lower() in seen:
                continue
            seen.add(dn.lower())
            names.append(dn.decode(errors="replace"))
            yield len(names), names[-1], answer["raw_attributes"]


def _answers(connection: "ldap3.Connection", settings: LdapSettings, base: str) -> Iterator[dict[str, Any]]:
    """Page by page what the server has below a base. Raises SourceError where it does not say that this was all."""
    wanted, cookie, count = list(settings.attributes.wanted()), None, 0
    while True:
        page, result = _page(connection, settings, (base, wanted, cookie))
        if result.get("result") != 0:
            description = str(result.get("description"))
            raise _refused(
                settings, description, str(result.get("message") or ""), f"below {base}, after {count} entries"
            )
        yield from page
        count += len(page)
        try:
            following = result["controls"][PAGED]["value"]["cookie"]
        except (KeyError, TypeError) as error:
            raise SourceError(f"{settings.url} does not say whether more follows after {count} entries") from error
        if not following:
            return
        if (following == cookie and not page) or count > MAX_ENTRIES:
            raise SourceError(f"{settings.url} comes to no end below {base}, after {count} entries")
        cookie = following


def _page(
    connection: "ldap3.Connection", settings: LdapSettings, asked: tuple[str, Sequence[str], bytes | None]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    base, wanted, cookie = asked
    with _told(settings, f"below {base}"):
        connection.search(
            base, settings.filter, attributes=wanted, dereference_aliases="NEVER",
            paged_size=settings.page_size, paged_criticality=True, paged_cookie=cookie,
        )  # fmt: skip
    return connection.response or [], connection.result


def _refused(settings: LdapSettings, description: str, message: str, where: str = "") -> SourceError:
    said = f" ({message.strip()[:200]})" if message.strip() else ""
    way_out = _WAYS_OUT.get(description, "its log may say more")
    return SourceError(f"{settings.url} answers {description}{said} {where}".rstrip() + f": {way_out}")


def _broken(settings: LdapSettings, error: Exception) -> SourceError:
    said = " ".join(str(error).split())[:300].strip("()', \"")
    if "Filter" in type(error).__name__:
        return SourceError(f"{settings.filter[:200]!r} is no filter of LDAP: {said}")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        way_out = "name the authority that issued it in ca_file, and the server as its certificate does in url"
        return SourceError(f"{settings.url} shows a certificate that is not trusted: {said}: {way_out}")
    if "SSL" in said or "TLS" in said:
        return SourceError(
            f"{settings.url}: TLS fails: {said}: is it ldaps:// where it should be start_tls, or the reverse?"
        )
    return SourceError(f"{settings.url} cannot be reached, or broke off: {said}: nothing of it is used")
