"""What `smtp-gate check` prints: mistakes by file with a caret below the word, and the two forms for programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from smtp_gate.cli import main
from tests.ruleset.broken_files import DIRECTORY, PACK, SETTINGS, Broken


def check(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["check", "-c", str(folder / "smtp-gate.yaml"), *more])


def write(folder: Path, pack: str) -> None:
    Broken("", "rules/city.yaml", pack.encode(), "").write(folder)


TITLE = "    title: Permit numbers leave only in reports\n"


@pytest.mark.parametrize(
    "before",
    [
        '{"a": "plain", ',
        '{"a": "許可番号", ',
        '{"a": "e\u0301\u0301", ',
        '{"a": "x",\t\t ',
        '{"\U0001f512": "locked \U0001f512", ',
    ],
)
def test_the_caret_stands_below_the_word_whatever_stands_before_it(before: str, tmp_path: Path) -> None:
    write(tmp_path, PACK + f"odd: {before}wrong: 1, wrong: 2}}\n")
    lines = check(tmp_path).output.splitlines()
    place = next(n for n, line in enumerate(lines) if "`wrong` stands here twice" in line)
    source, caret = lines[place + 1], lines[place + 2]
    at = source.index("wrong: 2")
    assert caret.strip() == "^"
    assert cell_len(source[:at]) == caret.index("^")


def test_a_sign_that_yaml_takes_for_the_end_of_a_line_moves_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        PACK.replace(TITLE, "    title: 'Permit\u2028numbers'\n").replace("action: quarantine", "action: hold"),
    )
    lines = check(tmp_path).output.splitlines()
    place = next(n for n, line in enumerate(lines) if "not one of accept" in line)
    assert lines[place + 1].strip() == "action: hold"
    assert lines[place + 2].index("^") == lines[place + 1].index("hold")


def test_mistakes_stand_together_by_file_and_are_counted(tmp_path: Path) -> None:
    write(tmp_path, PACK.replace("action: quarantine", "action: hold").replace("P-SENSITIVE", "P-SENSITIV"))
    (tmp_path / "rules" / "a.yaml").write_text("pack: a\nrules: [\n")
    (tmp_path / "directory.csv").write_text(DIRECTORY.replace("cdiaz@milwaukee.gov", "cdiaz"))
    shown = check(tmp_path)
    heads = [line for line in shown.output.splitlines() if ": error: " in line]
    names = [Path(line.split(":")[0]).name for line in heads]
    assert names == ["directory.csv", "a.yaml", "city.yaml", "city.yaml"]
    assert "4 to fix in 3 files; nothing was loaded" in shown.output
    assert shown.exit_code == 1


def test_json_is_one_object_a_line_with_these_keys(tmp_path: Path) -> None:
    write(tmp_path, PACK.replace("action: quarantine", "action: hold"))
    shown = check(tmp_path, "--format", "json")
    (row,) = (json.loads(line) for line in shown.output.splitlines())
    assert row == {
        "file": str(tmp_path / "rules" / "city.yaml"),
        "line": 13,
        "column": 13,
        "severity": "error",
        "message": "`hold` is not one of accept, defer, quarantine, reject",
        "hint": "did you mean `quarantine`?",
    }
    assert list(row) == ["file", "line", "column", "severity", "message", "hint"]


def test_an_annotation_for_github_holds_no_sign_that_would_end_it(tmp_path: Path) -> None:
    folder = tmp_path / "a,b:c%d"
    write(folder, PACK.replace("action: quarantine", 'action: "50% off"'))
    shown = check(folder, "--format", "github")
    name = str(folder / "rules" / "city.yaml").replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert shown.output == (
        f"::error file={name},line=13,col=13::`50%25 off` is not one of accept, defer, quarantine, reject\n"
    )


def test_warnings_alone_end_with_0_and_say_so_in_every_form(tmp_path: Path) -> None:
    write(tmp_path, PACK + "  # the last line\n")
    (tmp_path / "smtp-gate.yaml").write_text(SETTINGS.removesuffix("\n"))
    assert "warning: the last line has no end" in check(tmp_path).output
    assert "fine, 1 rules" in check(tmp_path).output
    assert json.loads(check(tmp_path, "--format", "json").output)["severity"] == "warning"
    assert check(tmp_path, "--format", "github").output.startswith("::warning file=")
    assert check(tmp_path).exit_code == 0
