"""Evidence in its line: the value masked, everything else that may be one covered, short and printable."""

import re
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import Match
from smtp_gate.detect.detectors import Detector
from smtp_gate.detect.lines import ROOM, Lines
from smtp_gate.detect.why import account
from tests.detect.texts import code, engine, shipped, text

SECRET = "Tr0ub4dor&3"


def lines_of(content: str, detector: str) -> list[str]:
    matches = shipped().scan((text(content),))
    return [around(Lines(matches), m) for m in matches if m.detector == detector]


def around(lines: Lines, match: Match) -> str:
    return lines.around(match.text, match.start, match.end, match.evidence)


def test_the_line_alone_is_shown_with_the_value_masked() -> None:
    assert lines_of("Hello\nHer SSN is 536-90-4399, thanks\nBye", "us_ssn") == ["Her SSN is ***-**-4399, thanks"]


def test_other_digits_and_other_values_of_the_line_are_covered() -> None:
    (line,) = lines_of(f"Room 12: SSN 536-90-4399 and password: {SECRET} today", "us_ssn")
    assert line == "Room **: SSN ***-**-4399 and password: *********** today"


def test_a_long_line_is_cut_around_the_value() -> None:
    (line,) = lines_of("word " * 100 + "SSN 536-90-4399" + " word" * 100, "us_ssn")
    assert "SSN ***-**-4399 word" in line
    assert line.startswith("...")
    assert line.endswith("...")
    assert len(line) <= ROOM + 6


def test_what_is_not_printable_is_not_shown() -> None:
    made = engine(code(mask="all"))
    (match,) = made.scan((text("a\x1b[31m\u202e 1234\tb\x07"),))
    line = around(Lines((match,)), match)
    assert line.isprintable()
    assert line == "*.[***. **** b."


def test_a_value_split_or_joined_in_another_reading_is_covered_there() -> None:
    joined = text("password: hunter2secret!", reading="html-joined")
    split = text("SSN 536-90-4399 password: hunter 2 secret", reading="html")
    matches = shipped().scan((joined, split))
    assert any(m.detector == "password" for m in matches)
    lines = Lines(matches)
    for match in matches:
        assert "hunter" not in around(lines, match)
        assert "secret" not in around(lines, match)


def test_a_value_that_another_detector_covers_is_covered_wholly() -> None:
    shows, hides = code(regex=r"\d\d(?:-\d\d){4}"), code(regex=r"key \d\d(?:-\d\d){4}", mask="all")
    matches = engine(shows, replace(hides, name="hides")).scan((text("key 12-34-56-78-90"),))
    assert {m.evidence for m in matches} == {"**-**-**-78-90", "*** **-**-**-**-**"}
    assert all("78" not in around(Lines(matches), m) for m in matches)


def test_a_value_that_another_detector_covers_in_another_reading_is_covered_wholly() -> None:
    shows, hides = code(regex=r"\d{9}"), code(regex=r"key-\d{9}", mask="all")
    texts = (text("key-536904399", reading="html-joined"), text("key 536904399", reading="html"))
    matches = engine(shows, replace(hides, name="hides")).scan(texts)
    (match,) = [m for m in matches if m.text.reading == "html"]
    assert match.evidence == "*****4399"
    assert around(Lines(matches), match) == "*** *********"


def test_a_value_within_a_longer_word_is_covered_there() -> None:
    shows = replace(code(regex="key-[a-z]+"), name="shows")
    matches = engine(code(), shows).scan((text("key-abcdefghijkl", part="2"), text("see xabcdefghijkl 1234")))
    (match,) = [m for m in matches if m.detector == "code"]
    assert around(Lines(matches), match) == "see ************* ****"


def test_readings_of_one_name_are_told_apart() -> None:
    made = engine(code(mask="all"))
    matches = made.scan((text("one two 1234"), text("5678 nine")))
    assert [around(Lines(matches), m) for m in matches] == ["one two ****", "**** nine"]


def test_what_nearly_was_a_value_is_covered_where_somebody_says_so() -> None:
    made = engine(code(mask="all"), Detector("word", "pass[a-z]+", (), "us_ssn"))
    here = text("1234 passphrase")
    (match,) = made.scan((here,))
    assert around(Lines((match,)), match) == "**** passphrase"
    assert around(Lines((match,), account(made, (here,), "word").misses), match) == "**** **********"


def test_what_nearly_was_a_value_is_covered_in_every_reading() -> None:
    made = engine(code(mask="all"), Detector("word", "pass[a-z]+", (), "us_ssn"))
    texts = (text("passphrase"), text("1234 passphrase too", reading="html"))
    (match,) = made.scan(texts)
    assert around(Lines((match,), account(made, texts, "word").misses), match) == "**** ********** too"


def test_a_word_with_a_digit_may_be_a_secret_that_nothing_found() -> None:
    made = engine(code(mask="all"))
    (match,) = made.scan((text("pw Tr0ub4dor&x, 1234"),))
    assert around(Lines((match,)), match) == "pw *********&*, ****"


WORDS = st.lists(
    st.sampled_from(
        ["SSN ", "536-90-4399", " ", "\n", "Visa 4111 1111 1111 1111", "call 414-286-2489", f"password: {SECRET}", "é", ", ", "٣٤٥٦٧", "room 1204 "]
    ),
    max_size=10,
).map("".join)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(WORDS)
def test_no_line_shows_more_than_its_mask(content: str) -> None:
    matches = shipped().scan((text(content),))
    assume(matches)
    lines = Lines(matches)
    for match in matches:
        line = around(lines, match)
        assert line.isprintable()
        assert len(line) <= 2 * ROOM
        assert SECRET not in line
        assert "Tr0ub" not in line
        # Only the four signs that the mask leaves may be digits.
        assert sum(c.isnumeric() for c in line) <= sum(c.isnumeric() for c in match.evidence)
        assert all(run in match.evidence for run in re.findall(r"\d{4,}", line))


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(0, 200), st.integers(1, 20))
def test_any_stretch_can_be_shown(content: str, start: int, size: int) -> None:
    here = text(content)
    start = min(start, len(content))
    end = min(start + size, len(content))
    line = Lines(shipped().scan((here,))).around(here, start, end, "*" * (end - start))
    assert not any(c.isnumeric() for c in line)
    assert SECRET not in line
