"""A reply cannot disagree with itself and is always legal on the wire."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.reply import LINE_LIMIT, Reply

LEGAL = re.compile(rb"(?:\d{3}-[ -~]*\r\n)*\d{3} [ -~]*\r\n")


@pytest.mark.parametrize(
    ("code", "enhanced", "lines"),
    [
        (451, "5.7.1", ("x",)),
        (550, "4.7.1", ("x",)),
        (250, "2.0", ("x",)),
        (600, "", ("x",)),
        (250, "", ()),
        (250, "", ("a\r\nb",)),
        (250, "", ("é",)),
        (250, "", ("x" * 600,)),
    ],
)
def test_a_reply_that_would_disagree_or_break_the_line_is_refused(
    code: int, enhanced: str, lines: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError):
        Reply(code, enhanced, lines)


def test_several_lines_carry_the_enhanced_code_each() -> None:
    assert Reply(250, "2.1.0", ("one", "two")).wire() == b"250-2.1.0 one\r\n250 2.1.0 two\r\n"


def test_a_hop_reply_gives_up_its_enhanced_code_only_where_all_lines_agree() -> None:
    assert Reply.parse(550, ["5.1.1 no such user", "5.1.1 really"]) == Reply(550, "5.1.1", ("no such user", "really"))
    assert Reply.parse(550, ["5.1.1 no such user", "sorry"]).enhanced == ""
    assert Reply.parse(450, ["5.1.1 confused server"]).enhanced == ""


@given(st.integers(200, 599), st.lists(st.text(max_size=700), max_size=120))
def test_whatever_a_hop_says_becomes_one_legal_reply(code: int, texts: list[str]) -> None:
    wire = Reply.parse(code, texts).wire()
    assert LEGAL.fullmatch(wire)
    assert all(len(line) <= LINE_LIMIT for line in wire.splitlines(keepends=True))


@given(st.text(max_size=2000))
def test_any_text_fits_one_line(text: str) -> None:
    wire = Reply.of(451, "4.3.0", text).wire()
    assert LEGAL.fullmatch(wire)
    assert wire.count(b"\n") == 1
    assert len(wire) <= LINE_LIMIT
