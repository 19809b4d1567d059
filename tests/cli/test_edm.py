"""`edm key` and `edm build`: a list that is no leak, whole or not there, and columns that are refused."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.cli import main
from smtp_gate.detect.edm import EdmList
from smtp_gate.ruleset.lists import read_key

PEOPLE = "name,ssn,employee_id,room,badge\n" + "".join(
    f"Person {n},{536 + n % 200}-{10 + n % 80}-{1000 + 7 * n},E{4410000 + 13 * n},{n % 90},B{n:03}77\n"
    for n in range(300)
)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8-sig")
    assert run("edm", "key", tmp_path / "k").exit_code == 0
    return tmp_path


def build(folder: Path, columns: str, *more: str) -> Result:
    return run(
        "edm", "build", "--key", folder / "k", "--columns", columns, folder / "people.csv", "-o", folder / "l", *more
    )


def listed(folder: Path) -> EdmList:
    return EdmList.of((folder / "l").read_bytes(), read_key(folder / "k"))


def test_a_key_is_for_its_owner_alone_and_never_made_twice(folder: Path) -> None:
    assert (folder / "k").stat().st_mode & 0o777 == 0o600
    octets = (folder / "k").read_bytes()
    assert len(octets) == 32
    again = run("edm", "key", folder / "k")
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert (folder / "k").read_bytes() == octets


def test_every_value_is_in_the_list_and_none_in_its_file(folder: Path) -> None:
    done = build(folder, "ssn,employee_id", "--sample", "employee_id=E0000001")
    assert done.exit_code == 0, done.stderr
    assert "300 of ssn, 301 of employee_id" in done.stdout
    one, octets = listed(folder), (folder / "l").read_bytes()
    for row in PEOPLE.splitlines()[1:]:
        name, ssn, number, *_ = row.split(",")
        assert one.holds("ssn", ssn)
        assert one.holds("employee_id", number)
        assert not one.holds("ssn", number)
        plain = ssn.replace("-", "").encode()
        for clear in (ssn.encode(), plain, number.encode(), name.encode()):
            assert clear not in octets
        for clear in (ssn.encode(), plain, number.encode()):
            assert hashlib.sha256(clear).digest()[:16] not in octets
    assert one.holds("employee_id", "E0000001")
    assert not one.holds("employee_id", "E9999999")


def test_a_list_takes_the_place_of_the_older_one_whole(folder: Path) -> None:
    assert build(folder, "ssn").exit_code == 0
    assert build(folder, "employee_id").exit_code == 0
    assert list(listed(folder).columns) == ["employee_id"]
    assert {p.name for p in folder.iterdir()} == {"people.csv", "k", "l"}


@pytest.mark.parametrize(("columns", "why"), [("room", "letters and digits"), ("badge", "possible values")])
def test_short_or_few_values_are_refused_with_the_reason(folder: Path, columns: str, why: str) -> None:
    refused = build(folder, columns)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert "--allow-short" in refused.stderr
    assert not (folder / "l").exists()
    assert build(folder, columns, "--allow-short").exit_code == 0
    assert listed(folder).columns.keys() == {columns}


@pytest.mark.parametrize(
    ("columns", "more", "code", "why"),
    [
        ("phone", (), 1, "no column 'phone'; there are name, ssn"),
        ("", (), 2, "--columns"),
        ("ssn,ssn", (), 2, "--columns"),
        ("ssn", ("--sample", "room=1"), 2, "--sample"),
        ("ssn", ("--sample", "ssn=--"), 2, "--sample"),
    ],
)
def test_what_is_asked_wrongly_is_told(folder: Path, columns: str, more: tuple[str, ...], code: int, why: str) -> None:
    done = build(folder, columns, *more)
    assert done.exit_code == code
    assert why in done.stderr
    assert not (folder / "l").exists()


def test_a_key_that_others_may_read_and_a_table_that_is_none_are_refused(folder: Path) -> None:
    (folder / "k").chmod(0o644)
    assert "chmod 600" in build(folder, "ssn").stderr
    (folder / "k").chmod(0o600)
    (folder / "people.csv").write_bytes(b"ssn\n\xff\xfe\n")
    assert build(folder, "ssn").exit_code == 1
    (folder / "people.csv").write_text("ssn\n\n")
    assert "no values" in build(folder, "ssn").stderr
