"""LDIF read as RFC 2849 writes it, and every record that cannot be used with its line."""

import base64
import time
from datetime import UTC, date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters import directory_ldif
from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_ldif import read
from smtp_gate.adapters.directory_rows import RowMistake

TODAY = date(2026, 9, 1)
ANNA = "dn: cn=Anna,dc=city\nmail: anna@city.test\n"
BORIS = "dn: cn=Boris,dc=city\nmail: boris@city.test\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.ldif"


def taken(file: Path, text: str | bytes) -> tuple[list[tuple[int, dict[str, str]]], list[RowMistake]]:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    mistakes: list[RowMistake] = []
    return list(read(file, Attributes(), TODAY, UTC, mistakes)), mistakes


def good(file: Path, text: str | bytes) -> list[tuple[int, str, str]]:
    """Line, address and name of each row of a file without mistakes."""
    found, mistakes = taken(file, text)
    assert mistakes == []
    return [(line, row["address"], row["name"]) for line, row in found]


def wrong(file: Path, text: str | bytes) -> tuple[list[int], list[tuple[int, str]]]:
    """The lines of the rows that are left, and of the mistakes with their reasons."""
    found, mistakes = taken(file, text)
    return [line for line, _ in found], [(m.line, m.reason) for m in mistakes]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_records_with_comments_folds_and_base64(file: Path) -> None:
    text = (
        "# all people\n#  of the city\n goes on\nversion: 1\n\n"
        f"dn:: {b64('cn=Zoë,dc=city')}\nmail: zoe@ci\n ty.test\n# between\n  of two\ncn:: {b64('Zoë Ōkafor')}\n\n\n\n"
        + BORIS
    )
    assert good(file, text) == [(6, "zoe@city.test", "Zoë Ōkafor"), (15, "boris@city.test", "")]


@pytest.mark.parametrize("change", [lambda t: t, lambda t: t.replace("\n", "\r\n")])
def test_ends_of_lines(file: Path, change: object) -> None:
    assert callable(change)
    assert good(file, change(f"version: 1\n{ANNA}cn:Anna\n\n{BORIS}cn:   Boris\n")) == [
        (2, "anna@city.test", "Anna"), (6, "boris@city.test", "Boris"),
    ]  # fmt: skip


def test_text_that_should_be_base64_and_a_mark_at_the_start_are_taken(file: Path) -> None:
    assert good(file, b"\xef\xbb\xbf" + f"{ANNA}cn: Zoë\n".encode()) == [(1, "anna@city.test", "Zoë")]


def test_folds_may_part_a_character(file: Path) -> None:
    octets = "Zoë".encode()
    assert good(file, ANNA.encode() + b"cn: " + octets[:3] + b"\n " + octets[3:] + b"\n") == [
        (1, "anna@city.test", "Zoë")
    ]


def test_what_is_not_wanted_is_not_decoded(file: Path) -> None:
    assert good(file, f"{ANNA}jpegPhoto:: {'A' * 100_001}!\n") == [(1, "anna@city.test", "")]


def test_what_ldifde_and_ldapsearch_add_is_understood(file: Path) -> None:
    text = "dn: cn=Anna,dc=city\nchangetype: add\nmail: anna@city.test\n\n# refldap\nref: ldap://other/dc=x\n\n"
    assert good(file, text + "# result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n") == [
        (1, "anna@city.test", "")
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{ANNA}\n{BORIS}cn: Bor", 6),
        (f"{ANNA}\n{BORIS[:-1]}", 5),
        (f"{ANNA}cn: An\n na", 4),
        (f"{ANNA}# an", 3),
        (f"{ANNA}\r", 3),
    ],
)
def test_a_file_that_ends_within_a_line_is_told(file: Path, text: str, line: int) -> None:
    assert (line, "the file ends within a line: it was cut off") in wrong(file, text)[1]


def test_a_search_that_broke_off_is_told(file: Path) -> None:
    lines, mistakes = wrong(file, f"{ANNA}\nsearch: 2\nresult: 4 Size limit exceeded\n")
    assert lines == [1]
    assert mistakes == [(4, "the search broke off, so entries are missing: '4 Size limit exceeded'")]


@pytest.mark.parametrize(
    ("record", "line", "said"),
    [
        ("mail: x@city.test\n", 4, "begins with dn"),
        ("dn: cn=x\nmail x@city.test\n", 5, "not of the form"),
        ("dn: cn=x\n: x\n", 5, "not of the form"),
        ("dn: cn=x\nma il: x\n", 5, "not of the form"),
        (" mail: x@city.test\n", 4, "not of the form"),
        ("dn: cn=x\nmail:: eA=\n", 5, "not base64"),
        ("dn: cn=x\nmail:: e!A=\n", 5, "not base64"),
        ("dn:: gA==\nmail: x@city.test\n", 4, "not UTF-8"),
        ("dn: cn=x\nmail:< file:///etc/passwd\n", 5, "nothing is fetched"),
        ("dn: cn=x\njpegPhoto:< http://127.0.0.1/\n", 5, "nothing is fetched"),
        ("dn: cn=x\nchangetype: modify\nreplace: mail\nmail: x@city.test\n-\n", 4, "a change"),
        ("dn: cn=x\nchangetype: delete\n", 4, "a change"),
        ("dn: cn=x\nchangetype:: YWRk\n", 4, "a change"),
        ("dn: cn=x\ncontrol: 1.2.3 true\nchangetype: add\n", 4, "a change"),
        ("dn: cn=x\nmail: x@city.test\n-\n", 6, "a change"),
        ("dn: cn=x\nmail: x@city.test\ndn: cn=y\n", 6, "a second dn"),
        ("dn: cn=x\nmail: nobody\n", 4, "not an address"),
    ],
)
def test_a_broken_record_is_told_and_the_others_are_read(file: Path, record: str, line: int, said: str) -> None:
    lines, mistakes = wrong(file, f"{ANNA}\n{record}\n{BORIS}")
    assert lines == [1, 5 + record.count("\n")]
    assert [number for number, _ in mistakes] == [line]
    assert said in mistakes[0][1]


def test_a_version_that_is_not_known(file: Path) -> None:
    assert wrong(file, f"version: 2\n\n{ANNA}")[1] == [(1, "version '2' of LDIF is not known")]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_utf_16_is_told(file: Path, codec: str) -> None:
    lines, mistakes = wrong(file, ("" if codec == "utf-16" else "\ufeff").encode(codec) + ANNA.encode(codec)[2:])
    assert lines == []
    assert "UTF-16" in mistakes[0][1]


def test_a_line_that_is_too_long_costs_its_record(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_ldif, "MAX_LINE", 64)
    long = f"{ANNA}jpegPhoto: {'x' * 200}\n\n" + f"{ANNA}jpegPhoto: x\n" + f" {'x' * 30}\n" * 10 + f"\n{BORIS}"
    lines, mistakes = wrong(file, long)
    assert lines == [19]
    assert mistakes == [(3, "a line of more than 64 octets"), (7, "a line of more than 64 octets")]
    assert good(file, f"# {'x' * 300}\n\n{BORIS}cn: {'x' * 60}\n") == [(3, "boris@city.test", "x" * 60)]


def test_a_record_of_too_many_lines_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_ldif, "MAX_LINES", 10)
    assert wrong(file, ANNA + "x: y\n" * 20 + f"\n{BORIS}") == ([24], [(1, "a record of more than 10 lines")])


def test_a_file_that_is_too_large_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_ldif, "MAX_OCTETS", 10)
    assert wrong(file, ANNA)[0] == []


def test_a_file_of_something_else_is_given_up(file: Path) -> None:
    lines, mistakes = wrong(file, "nothing\n\n" * 5000)
    assert lines == []
    assert len(mistakes) == directory_ldif.MAX_MISTAKES + 1
    assert "not read" in mistakes[-1][1]


def test_a_missing_file_raises(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read(file, Attributes(), TODAY, UTC, []))


def test_reading_takes_time_in_proportion(file: Path) -> None:
    def seconds(folds: int) -> float:
        text = f"{ANNA}cn: x\n" + " x\n" * folds
        started = time.perf_counter()
        taken(file, text)
        return time.perf_counter() - started

    # Quadratic work would take a hundred times as long for ten times as much.
    assert seconds(400_000) < 40 * max(seconds(40_000), 0.01)


@given(
    st.lists(
        st.sampled_from(
            [
                b"dn: cn=x",
                b"mail: a@b.test",
                b" ",
                b"\n",
                b"\r\n",
                b"\n\n",
                b"#",
                b":",
                b"::",
                b"eA==",
                b"\xff",
                b"version: 1",
                b"-",
            ]
        )
    )
)
def test_any_octets_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    file = tmp_path_factory.mktemp("ldif", numbered=True) / "f.ldif"
    found, mistakes = taken(file, b"".join(pieces))
    assert all(line > 0 for line, _ in found)
    assert all(m.line > 0 for m in mistakes)


@given(st.text(min_size=1, max_size=200), st.integers(1, 20))
def test_any_name_comes_back_whatever_the_folds(
    tmp_path_factory: pytest.TempPathFactory, name: str, width: int
) -> None:
    try:
        line = f"cn:: {b64(name)}"
    except UnicodeEncodeError:
        return
    folded = "\n ".join(line[n : n + width] for n in range(0, len(line), width))
    found, mistakes = taken(tmp_path_factory.mktemp("ldif", numbered=True) / "f.ldif", ANNA + folded + "\n")
    assert mistakes == []
    shown = "".join(c if c.isprintable() else " " for c in name)
    assert found[0][1]["name"] == " ".join(shown.split())
