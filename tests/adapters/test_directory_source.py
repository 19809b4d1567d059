"""Which reader a source has, and which attributes fill its columns."""

from datetime import UTC, date
from pathlib import Path
from typing import get_args

import pytest

from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_columns import COLUMNS
from smtp_gate.adapters.directory_rows import RowMistake
from smtp_gate.adapters.directory_source import SourceError, attributes_of, ldap_of, read
from smtp_gate.config.directories import Column, DirectorySettings, LdapSettings

DAY = date(2026, 7, 7)
LDIF = "dn: uid=ann,dc=b\nuid: ann\nmail: ann@b.c\nou: Health\nsn: Lee\n"


def test_the_settings_know_every_column_and_no_other() -> None:
    assert get_args(Column) == COLUMNS


def test_attributes_that_are_not_named_are_the_usual_ones(tmp_path: Path) -> None:
    settings = DirectorySettings(
        ldif=tmp_path / "x", attributes={"name": ("sn",)}, statuses={"Staff": "employee"}, groups_below=("ou=g,dc=b",)
    )
    made = attributes_of(settings)
    assert made.name == ("sn",)
    assert made.address == Attributes().address
    assert (made.statuses, made.groups_below) == ({"Staff": "employee"}, ("ou=g,dc=b",))


def test_an_ldif_file_gives_rows_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "people.ldif"
    file.write_text("version: 1\n\n" + LDIF)
    mistakes: list[RowMistake] = []
    ((line, row),) = read(DirectorySettings(ldif=file, attributes={"name": ("sn",)}), DAY, UTC, mistakes)
    assert (line, row["address"], row["name"], row["department"]) == (3, "ann@b.c", "Lee", "Health")
    assert mistakes == []


def test_a_server_gets_its_password_from_its_file_and_shows_it_to_nobody(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("pass word\n")
    settings = LdapSettings(
        server="ldaps://dc1.b.c", base=("dc=b",), bind_dn="cn=gate,dc=b", password_file=file, page=7, timeout=3
    )
    made = ldap_of(settings, Attributes())
    assert (made.url, made.bases, made.password, made.page_size, made.timeout) == (
        "ldaps://dc1.b.c", ("dc=b",), "pass word", 7, 3,
    )  # fmt: skip
    assert "pass word" not in repr(made) + repr(settings)
    file.write_bytes(b"pass\xffword")
    with pytest.raises(SourceError, match="is not UTF-8"):
        ldap_of(settings, Attributes())
    file.write_text("\n")
    with pytest.raises(SourceError, match="holds no password"):
        ldap_of(settings, Attributes())


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = DirectorySettings(ldap=LdapSettings(server="ldap://127.0.0.1:1", base=("dc=b",), timeout=1))
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:1 cannot be reached|needs another package"):
        list(read(settings, DAY, UTC, []))


def test_a_csv_file_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="read as it is"):
        read(DirectorySettings(csv=tmp_path / "x"), DAY, UTC, [])


def test_a_base_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="groups_below: not a DN"):
        list(read(DirectorySettings(ldif=tmp_path / "x", groups_below=("nonsense",)), DAY, UTC, []))
