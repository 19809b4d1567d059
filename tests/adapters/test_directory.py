"""The dated directory: who has an address on which day, and every bad row with its line."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory import load, parse
from smtp_gate.adapters.directory_rows import RowMistake
from smtp_gate.core.directory import Directory
from smtp_gate.core.facts import Account, FactKey, directory
from smtp_gate.core.finding import Failure

CHICAGO = ZoneInfo("America/Chicago")
HEAD = "address,kind,name,status,groups,aliases,personal,valid_from,valid_to,successor\n"
TRANSFER = HEAD + (
    "nrobles@milwaukee.gov,person,Nancy Robles,employee,,Nancy.Robles@milwaukee.gov,,2018-02-12,2026-06-30,nrobles2@milwaukee.gov\n"
    "nrobles2@milwaukee.gov,person,Nancy Robles,employee,payroll;legal,Nancy.Robles@milwaukee.gov,n@x.example,2026-07-01,,\n"
)


def good(text: str) -> Directory:
    found = parse(text, CHICAGO)
    assert isinstance(found, Directory), found
    return found


def account(text: str, address: str, day: str) -> Account | None:
    return good(text).look_up(address, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("address", "day", "expected", "current"),
    [
        ("nrobles@milwaukee.gov", "2026-06-30", "nrobles@milwaukee.gov", True),
        ("nrobles@milwaukee.gov", "2026-07-01", "nrobles@milwaukee.gov", False),
        ("nrobles2@milwaukee.gov", "2026-06-30", "nrobles2@milwaukee.gov", False),
        ("NROBLES2@milwaukee.gov", "2026-07-01", "nrobles2@milwaukee.gov", True),
        ("nancy.robles@milwaukee.gov", "2026-06-30", "nrobles@milwaukee.gov", True),
        ("nancy.robles@milwaukee.gov", "2026-07-01", "nrobles2@milwaukee.gov", True),
    ],
)
def test_the_transfer_by_date(address: str, day: str, expected: str, current: bool) -> None:
    found = account(TRANSFER, address, day)
    assert found is not None
    assert (found.address, found.current) == (expected, current)


def test_an_ended_account_names_its_successor_and_lists_are_split() -> None:
    ended = account(TRANSFER, "nrobles@milwaukee.gov", "2026-07-01")
    now = account(TRANSFER, "nrobles2@milwaukee.gov", "2026-07-01")
    assert ended is not None
    assert now is not None
    assert ended.successor == "nrobles2@milwaukee.gov"
    assert now.groups == {"payroll", "legal"}
    assert now.personal == ("n@x.example",)


def test_nobody_has_an_unknown_address() -> None:
    assert account(TRANSFER, "x@milwaukee.gov", "2026-07-01") is None


async def test_days_begin_at_the_citys_midnight() -> None:
    people = good(TRANSFER)
    key = directory("nancy.robles@milwaukee.gov")
    before = await people.ask([key], datetime(2026, 7, 1, 4, 59, tzinfo=UTC))
    after = await people.ask([key], datetime(2026, 7, 1, 5, 0, tzinfo=UTC))
    first, second = before[key], after[key]
    assert isinstance(first, Account)
    assert isinstance(second, Account)
    assert (first.address, second.address) == ("nrobles@milwaukee.gov", "nrobles2@milwaukee.gov")


async def test_a_question_to_somebody_else_is_a_failure() -> None:
    key = FactKey("dns", "example.org")
    assert isinstance((await good(TRANSFER).ask([key], datetime(2026, 7, 1, tzinfo=UTC)))[key], Failure)


@pytest.mark.parametrize(
    ("rows", "line", "column"),
    [
        ("nobody,person,N,employee,,,,,,\n", 2, "address"),
        (",person,N,employee,,,,,,\n", 2, "address"),
        ("a@b.c,robot,N,employee,,,,,,\n", 2, "kind"),
        ("a@b.c,person,N,employee,,,,yesterday,,\n", 2, "valid_from"),
        ("a@b.c,person,N,employee,,,,2026-02-30,,\n", 2, "valid_from"),
        ("a@b.c,person,N,employee,,,,2026-07-01,2026-06-30,\n", 2, "valid_to"),
        ("a@b.c,person,N,employee,,nobody,,,,\n", 2, "aliases"),
        ("a@b.c,person,N,employee,,,,,,next\n", 2, "successor"),
        ("a@b.c,person\n", 2, ""),
        ("a@b.c,person,N,employee,,,,,,\nb@b.c,person,N,employee,,a@b.c,,,,\n", 3, "aliases"),
        ("a@b.c,person,N,employee,,,,,2026-06-30,\nA@b.c,person,N,employee,,,,2026-06-30,,\n", 3, "address"),
        ('a@b.c,"person\n', 2, ""),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_nothing_is_loaded(rows: str, line: int, column: str) -> None:
    mistakes = parse(HEAD + rows, CHICAGO)
    assert not isinstance(mistakes, Directory)
    assert (mistakes[0].line, mistakes[0].column) == (line, column)


def test_every_bad_row_is_told_at_once() -> None:
    mistakes = parse(HEAD + "x,person,,,,,,,,\ny,person,,,,,,,,\n", CHICAGO)
    assert not isinstance(mistakes, Directory)
    assert [m.line for m in mistakes] == [2, 3]


@pytest.mark.parametrize(("header", "column"), [("name\n", "address"), ("address,nmae\n", "nmae")])
def test_a_wrong_header_is_told(header: str, column: str) -> None:
    mistakes = parse(header, CHICAGO)
    assert not isinstance(mistakes, Directory)
    assert mistakes[0].line == 1
    assert mistakes[0].column == column


def test_blank_lines_and_comments_are_passed_over() -> None:
    assert len(good(HEAD + "\n# a comment,,,,,,,,,\na@b.c,person,N,employee,,,,,,\n").entries) == 1


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_bytes(b"address\na@b.c\n\xff@b.c\n")
    assert load(file, CHICAGO) == (RowMistake(3, "", "not UTF-8"),)


def test_the_snapshot_is_named_by_the_files_own_hash(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("address\na@b.c\n")
    found = load(file, CHICAGO)
    assert isinstance(found, Directory)
    assert len(found.id) == 64


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    parse(text, CHICAGO)
    parse(HEAD + text, CHICAGO)


def test_a_file_without_header_is_one_mistake_that_says_which_it_must_have() -> None:
    mistakes = parse("a@b.org,person,Ann\nc@b.org,person,Cy\n", CHICAGO)
    assert not isinstance(mistakes, Directory)
    (mistake,) = mistakes
    assert str(mistake).startswith("line 1: address: the first line must be a header that names this column")


def test_an_address_in_use_twice_is_told_at_the_line_further_down() -> None:
    mistakes = parse("address,valid_from\na@b.org,2020-01-01\na@b.org,\n", CHICAGO)
    assert not isinstance(mistakes, Directory)
    (mistake,) = mistakes
    assert str(mistake) == "line 3: address: a@b.org is also in use by line 2, first on 2020-01-01"


def test_groups_are_compared_in_small_letters() -> None:
    made = parse("address,groups\na@b.org,Benefits-Office\n", CHICAGO)
    assert isinstance(made, Directory)
    assert made.roster("BENEFITS-office", date(2026, 1, 1)).members == (("a@b.org", "", ""),)


@pytest.mark.parametrize(
    ("header", "column", "said"),
    [
        ("address;name", "", "cells are parted by ; here, and by , in a directory"),
        ('"Name";"Address"', "", "cells are parted by ; here, and by , in a directory"),
        ("address;name;a,b", "", "cells are parted by ; here, and by , in a directory"),
        ("address\tname", "", "cells are parted by tabs here, and by , in a directory"),
        ("address,name, Name", "name", "this column stands twice in the header"),
    ],
)
def test_a_header_of_another_kind_is_told(header: str, column: str, said: str) -> None:
    assert parse(f"{header}\na@b.c\n", CHICAGO) == (RowMistake(1, column, said),)
