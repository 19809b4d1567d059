"""What the settings may say of the directory: a CSV file as it is, or a source that is synced into snapshots."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from smtp_gate.ruleset.written import Duration, File, Flag, Line, ListOf, Written, wrong

Column = Literal[
    "address", "kind", "name", "person", "department", "title", "status",
    "groups", "aliases", "personal", "senders", "valid_from", "valid_to", "successor",
]  # fmt: skip
"""The columns of a directory; a test holds them to those that the readers know."""
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]


class LdapSettings(Written):
    """An LDAP server and what to ask it."""

    server: Line
    """ldap://host:389 or ldaps://host:636."""
    base: Annotated[ListOf[Line], Field(min_length=1)]
    """The entry below which accounts are looked for, or a list of them."""
    filter: Line = "(|(mail=*)(proxyAddresses=*))"
    """Which entries are accounts."""
    bind_dn: Line | None = None
    """Who we log in as; nobody where it is left out."""
    password_file: File | None = None
    """A file that holds the password and nothing else."""
    ca: File | None = None
    """Certificate authorities; the system's where it is left out."""
    start_tls: Flag = False
    """Whether TLS begins on an ldap:// connection before anything else is said."""
    page: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 500
    """Entries asked for at a time."""
    timeout: Annotated[Duration, Field(ge=1, le=600)] = 30.0
    """How long the server may take for an answer."""

    @model_validator(mode="after")
    def _fit(self) -> "LdapSettings":
        scheme, host = _server(self.server)
        if scheme not in {"ldap", "ldaps"} or not host:
            raise wrong("`server` is not the address of an LDAP server", "like ldaps://ldap.milwaukee.gov")
        if (self.bind_dn is None) is not (self.password_file is None):
            raise wrong("`bind_dn` and `password_file` belong together")
        if scheme == "ldaps" and self.start_tls:
            raise wrong("`start_tls` is for ldap://", "ldaps:// begins with TLS anyway")
        if scheme == "ldap" and self.bind_dn is not None and not self.start_tls and not _is_loopback(host):
            raise wrong("the password would cross the network in clear", "write ldaps://, or `start_tls: true`")
        return self


class DirectorySettings(Written):
    """Where accounts are known from: exactly one of `csv`, `ldif` and `ldap`."""

    csv: File | None = None
    """A CSV file, read as it is; it holds its own history."""
    ldif: File | None = None
    """An LDIF file, which knows today only: `smtp-gate directory sync` takes it in."""
    ldap: LdapSettings | None = None
    """An LDAP server, asked by `smtp-gate directory sync` and never for a message."""
    attributes: dict[Column, ListOf[Line]] = Field(default_factory=dict)
    """Which attributes hold what a column means, for ldif and ldap; columns left out are taken from the usual ones."""
    statuses: dict[Line, Line] = Field(default_factory=dict)
    """What the words of the attribute for `status` mean here, like `Staff: employee`."""
    groups_below: ListOf[Line] = ()
    """Groups count only below one of these DNs; all do where it is left out."""
    every: Annotated[Duration, Field(ge=60)] | None = None
    """How often the gate syncs by itself; never where it is left out."""
    keep_at_least: Percent = 80
    """Share of the present accounts, in percent, that a sync must leave; one that would leave fewer is refused."""

    @model_validator(mode="after")
    def _fit(self) -> "DirectorySettings":
        named = [n for n in ("csv", "ldif", "ldap") if getattr(self, n) is not None]
        if len(named) != 1:
            said = f"{' and '.join(f'`{n}`' for n in named)} exclude each other" if named else "where is the directory?"
            raise wrong(said, "name exactly one of csv, ldif and ldap")
        extra = sorted({"attributes", "statuses", "groups_below", "every", "keep_at_least"} & self.model_fields_set)
        if self.csv is not None and extra:
            raise wrong(f"`{extra[0]}` is for ldif and ldap", "a CSV file is read as it is")
        return self

    @property
    def is_synced(self) -> bool:
        """Whether it is read from the last snapshot that a sync made."""
        return self.csv is None


def _server(written: str) -> tuple[str, str]:
    """Scheme and host of a server, both empty where there is neither."""
    try:
        parts = urlsplit(written)
        return (parts.scheme, parts.hostname or "") if parts.port != 0 and not parts.path.strip("/") else ("", "")
    except ValueError:
        return "", ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def short_form(value: object) -> object:
    """A path alone is short for a mapping with `csv`."""
    return {"csv": value} if isinstance(value, str) else value
