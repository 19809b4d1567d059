"""The sources of the directory that a sync reads: rows of today, each with its line, from wherever the settings say."""

from collections.abc import Iterable, Mapping
from datetime import date, tzinfo
from pathlib import Path
from typing import Protocol

from smtp_gate.adapters import directory_ldap, directory_ldif
from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_ldap import LdapSettings, SourceError
from smtp_gate.adapters.directory_rows import RowMistake
from smtp_gate.config import directories as config
from smtp_gate.config.directories import DirectorySettings

__all__ = ["Read", "Row", "SourceError", "attributes_of", "ldap_of", "read"]

Row = tuple[int, Mapping[str, str]]


class Read(Protocol):
    """Reads a source. Rows are drawn from what it returns, and that may raise as `read` does."""

    def __call__(
        self, settings: DirectorySettings, today: date, zone: tzinfo, mistakes: list[RowMistake]
    ) -> Iterable[Row]:
        """The rows of the source; what cannot be used is told in `mistakes`."""


def read(settings: DirectorySettings, today: date, zone: tzinfo, mistakes: list[RowMistake]) -> Iterable[Row]:
    """The rows of the source that the settings name. Raises SourceError, OSError."""
    try:
        attributes = attributes_of(settings)
    except ValueError as error:
        raise SourceError(f"groups_below: {error}") from None
    if settings.ldif is not None:
        return directory_ldif.read(settings.ldif, attributes, today, zone, mistakes)
    if settings.ldap is not None:
        return directory_ldap.read(ldap_of(settings.ldap, attributes), today, zone, mistakes)
    raise SourceError("a CSV file is read as it is")


def ldap_of(settings: config.LdapSettings, attributes: Attributes) -> LdapSettings:
    """What the reader needs, the password read from its file. Raises SourceError, OSError."""
    password = _password(settings.password_file) if settings.password_file is not None else ""
    return LdapSettings(
        settings.server,
        settings.base,
        settings.bind_dn or "",
        password,
        settings.filter,
        settings.ca,
        settings.start_tls,
        settings.page,
        settings.timeout,
        attributes,
    )


def attributes_of(settings: DirectorySettings) -> Attributes:
    """Which attributes fill a column: as the settings say, else as most servers have it. Raises ValueError."""
    mapped: dict[str, tuple[str, ...]] = dict(settings.attributes.items())
    return Attributes(**mapped, statuses=settings.statuses, groups_below=settings.groups_below)


def _password(file: Path) -> str:
    """What the file holds, without the end of its line. Raises SourceError, OSError."""
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        # Without the cause, which shows an octet of it.
        raise SourceError(f"{file} is not UTF-8") from None
    if not password:
        raise SourceError(f"{file} holds no password")
    return password
