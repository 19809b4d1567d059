"""Broken files on the way that `check` and a reload take: each told at its line, nothing loaded, the running gate untouched."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from click.testing import CliRunner

from smtp_gate.cli import main
from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.examples import failed_examples
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.plugins import installed
from tests.ruleset.broken_files import DIRECTORY, PACK, SETTINGS, WHOLE, Broken, broken_files, load_city
from tests.running import running

FILES = {one.name: one for one in broken_files()}
SETTING = BuildSettings(frozenset({"milwaukee.gov"}), UTC)


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 60
    assert {one.file for one in FILES.values()} == set(WHOLE)
    assert len({one.content for one in FILES.values()}) == len(FILES)


def test_unbroken_they_load(tmp_path: Path) -> None:
    Broken("", "rules/city.yaml", PACK.encode(), "").write(tmp_path)
    told = load_city(tmp_path)
    assert (told.mistakes, told.loaded) == ((), True)


@pytest.mark.parametrize("name", FILES)
def test_the_mistake_is_told_at_its_place_and_nothing_is_loaded(name: str, tmp_path: Path) -> None:
    broken = FILES[name]
    file = broken.write(tmp_path)
    told = load_city(tmp_path)
    assert not told.loaded
    shown = [str(m) for m in told.mistakes]
    here = [m for m in told.errors if (m.file, (m.line, m.column)) == (str(file), broken.place)]
    assert any(broken.word in m.message for m in here), shown
    assert len(told.errors) == 1 or broken.also, shown


@pytest.mark.parametrize("name", ["tab as indentation", "settings: unknown key", "directory: no address", "waiver of no rule"])  # fmt: skip
def test_check_says_the_same_and_ends_with_1(name: str, tmp_path: Path) -> None:
    broken = FILES[name]
    file = broken.write(tmp_path)
    shown = CliRunner().invoke(main, ["check", "-c", str(tmp_path / "smtp-gate.yaml"), "--format", "json"])
    assert shown.exit_code == 1
    (row,) = (json.loads(line) for line in shown.output.splitlines())
    assert (row["file"], row["line"], row["column"], row["severity"]) == (str(file), *broken.place, "error")


def prefixes(folder: Path) -> Iterator[tuple[bytes, tuple[Mistake, ...]]]:
    """Every beginning of the pack, and the errors in it when its examples are run as well."""
    families, file = installed(), folder / "city.yaml"
    octets = PACK.encode()
    for cut in range(len(octets)):
        file.write_bytes(octets[:cut])
        found = load([file], SETTING, families)
        mistakes = (*found.mistakes, *(failed_examples(found) if found.ruleset is not None else ()))
        yield octets[:cut], tuple(m for m in mistakes if m.is_error)


def says_what_is_gone(error: Mistake, lines: list[str]) -> bool:
    """Whether it names something that begins above the cut and misses what stood behind it."""
    gone = ("is missing", "unknown detector", "unknown keyword list", "the miss example 1", "no rules at all")
    return 1 <= error.line <= len(lines) and any(words in error.message for words in gone)


def test_a_pack_cut_anywhere_is_refused_at_the_cut_or_at_what_it_left_open(tmp_path: Path) -> None:
    whole = []
    for text, errors in prefixes(tmp_path):
        if not errors:
            whole.append(text)
            continue
        lines = text.decode().split("\n")
        # Where nothing stands before the cut in its line, it is at the end of what stands above.
        cut = len(text.decode().rstrip().split("\n"))
        for error in errors:
            opens = lines[error.line - 1][error.column - 1 : error.column] in set("'\"[{")
            assert error.line in {cut, len(lines)} or opens or says_what_is_gone(error, lines), (text[-20:], str(error))
    # What loads has lost nothing but whole sections, and ends where a line does: here the waivers, which weaken.
    before = PACK[: PACK.index("waivers:")].encode()
    assert whole == [before[:-1], before]


@pytest.mark.parametrize(
    ("end", "severity"),
    [
        ("    expires: 2099-03-31", "error"),
        ("    expires: '2099-03-31'", "warning"),
        ('    expires: "2099-03-31"', "warning"),
        ("    expires: 2099-03-31 # for the filing", "warning"),
        ("    expires: 2099-03-31\n# for the fil", "warning"),
        ("    expires: 2099-03-31 ", "error"),
        ("    expires: 2099-03-31\n", ""),
        ("    expires: 2099-03-31\r\n", ""),
        ("    expires: 2099-03-31\n...", ""),
        ("    expires: 2099-03-31\n..", "error"),
        ("    expires: '2099-03-31'\n  ", "warning"),
        ("    expires: '2099-03-31'\ninternal_domains: [city.example]", "warning"),
        ("    expires: '2099-03-31'\ninternal_domains: [city.example, b.example", "error"),
        ("    expires: '2099-03-31'\ninternal_domains: &d city.example", "error"),
    ],
)
def test_a_pack_without_a_last_line_break_is_refused_where_its_end_may_be_a_piece(
    end: str, severity: str, tmp_path: Path
) -> None:
    assert PACK.endswith("    expires: 2099-03-31\n")
    (tmp_path / "city.yaml").write_bytes(PACK.replace("    expires: 2099-03-31\n", end).encode())
    mistakes = load([tmp_path / "city.yaml"], SETTING).mistakes
    assert [m.severity for m in mistakes] == ([severity] if severity else [])
    if mistakes and mistakes[0].message == "the last line has no end":
        text = PACK.replace("    expires: 2099-03-31\n", end)
        assert (mistakes[0].line, mistakes[0].column) == (text.count("\n") + 1, len(text) - text.rfind("\n"))
        assert "end the file with a line break" in mistakes[0].hint


def test_settings_without_a_last_line_break_are_only_warned_of(tmp_path: Path) -> None:
    Broken("", "smtp-gate.yaml", SETTINGS.removesuffix("\n").encode(), "").write(tmp_path)
    told = load_city(tmp_path)
    assert told.loaded
    assert [m.severity for m in told.mistakes] == ["warning"]


SAMPLE = [
    "quote that goes on and on", "key twice", "unknown detector", "hit that is not found", "waiver of no rule",
    "pack that is empty", "pack cut in a word", "pack of zeros", "settings: unknown key", "directory: no address",
]  # fmt: skip


async def test_a_running_gate_goes_on_with_what_it_has(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        before = gate.solo.keeper.workers.in_use.ruleset.hash
        own = {name: (tmp_path / name).read_bytes() for name in ("smtp-gate.yaml", "directory.csv")}
        for name in SAMPLE:
            broken = FILES[name]
            content = broken.content.replace("§".encode(), b"")
            (tmp_path / broken.file).write_bytes(content)
            done = await gate.solo.reload()
            assert done.reasons, name
            assert done.ruleset == gate.solo.keeper.workers.in_use.ruleset.hash == before
            assert (await gate.send("the word is sesame", "lee@example.org")).startswith("250 2.0.0 held for review")
            for kept, octets in own.items():
                (tmp_path / kept).write_bytes(octets)
            (tmp_path / "rules" / "city.yaml").unlink(missing_ok=True)
        (tmp_path / "rules" / "city.yaml").write_text(PACK)
        (tmp_path / "directory.csv").write_text(DIRECTORY)
        done = await gate.solo.reload()
        assert not done.reasons
        assert done.ruleset != before
