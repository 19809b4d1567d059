"""Tables: a value's column is known by its title, however far above, and prose is no table."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.detectors import Detector, Detectors, Evidence, Level
from smtp_gate.detect.engine import Engine
from tests.detect.texts import found

TITLED = Level("high", all=(Evidence(0, "heads", column=True),))
ENGINE = Engine(Detectors((Detector("code", r"\d{4}", (TITLED, Level("low"))),), {"heads": ("code", "pass word")}))

ROWS = 400


def levels(content: str) -> set[str]:
    return {level for _, level, _ in found(ENGINE, content)}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", " | ", " ; ", "   "], ids=repr)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_title_counts_for_every_row_below_it_and_for_no_other_column(sign: str, column: int) -> None:
    heads = ["alpha", "beta ", "gamma"]
    heads[column] = "Code "
    rows = [[f"{1000 + n}" + " " * 10 for _ in range(3)] for n in range(ROWS)]
    table = "\n".join(sign.join(row) for row in ([h.ljust(14) for h in heads], *rows))
    seen = [level for _, level, _ in found(ENGINE, table)]
    assert [seen[i::3] for i in range(3)] == [["high" if i == column else "low"] * ROWS for i in range(3)]


@pytest.mark.parametrize(
    "content",
    [
        "Hello,\n\nname,code,city\nAnn,1234,Milwaukee\n\nBye, Dana",
        'name,code\n"Vang, Ann",1234',
        "> name\tcode\n> Ann\t1234",
        "name | code\n-----+-----\nAnn | 1234",
        "| name | code |\n|------|------|\n| Ann  | 1234 |",
        "name\tcode\n\nAnn\t1234",
        "Report of May\t\t\nname\tpass_word\tcity\nAnn\t1234\tx",
        "name\tcode\tcity\nAnn\t1234",
        "name            code      city\nAnn             1234      Milwaukee\nLee             1234      Tosa",
        "      name      code\n      Ann       1234",
        "one\tcode\n1\t1234\ntwo\tother\n1\t1234",
    ],
    ids=repr,
)
def test_what_a_table_looks_like(content: str) -> None:
    assert levels(content) == {"high"}


@pytest.mark.parametrize(
    "content",
    [
        "code",
        "code 1234",
        "the code, please\nand one, two, 1234",
        "name,code\nAnn,Lee,1234",
        "name,code\n\n\nAnn,1234",
        "name\tcode\nand then\nAnn\t1234",
        "code\tname\nAnn\t1234",
        "Ann\t1234\nname\tcode",
        "code 77777\tname\n1234\tAnn",
        "Send the code.  Thank you.\nOrder 1234  is closed.",
        "name\t" + "code " * 30 + "\nAnn\t1234",
        "name\tcode\nAnn\t1234 " + "x" * 5000,
    ],
    ids=lambda v: repr(v)[:40],
)
def test_what_is_no_column_of_that_title(content: str) -> None:
    assert levels(content) <= {"low"}


@given(st.lists(st.sampled_from(["code", "1234", ",", "\t", "|", ";", "  ", "\n", '"', "x", "é", ">"]), max_size=80))
def test_any_text_is_searched_without_a_crash(pieces: list[str]) -> None:
    assert levels("".join(pieces)) <= {"high", "low"}


@pytest.mark.parametrize(
    "piece",
    ["1234,", "1234\t1234\n", "code\tcode\n1234\t1234\n", "1234,1\n1234,1,1\n", "code  1234\n", "\n1234|x|", '"1234,"'],
    ids=repr,
)
def test_time_grows_with_the_text(piece: str) -> None:
    took = []
    for size in (20_000, 80_000):
        content = piece * (size // len(piece))
        runs = []
        # The best of three is what the text takes; anything above it is what else the machine did.
        for _ in range(3):
            began = time.process_time()
            found(ENGINE, content)
            runs.append(time.process_time() - began)
        took.append(min(runs))
    assert took[1] < 8 * max(took[0], 0.02)
