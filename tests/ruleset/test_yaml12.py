"""Reading YAML: 1.2 meaning, places, bounds, and no exception for any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.ruleset.yaml12 import MAX_OCTETS, read_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("true", True), ("False", False),
        ("010", 10), ("0o17", 15), ("0o10", 8), ("yes", "yes"), ("On", "On"), ("NO", "NO"), ("TRUE", True), ("Null", None), ("08", 8), ("0b1", "0b1"), ("1:20", "1:20"), ("0x1F", 31), ("-7", -7), ("12:30:00", "12:30:00"), ("1_000", "1_000"),
        ("2027-03-31", "2027-03-31"), (".5", 0.5), ("1e3", 1000.0), ("-.inf", float("-inf")), ("~", None), ("", None),
        ("null", None), ("'010'", "010"), ('"no"', "no"), ("!!str 5", "5"), ("<<", "<<"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    document = read_document("f", f"a: {text}\n".encode())
    assert document.mistakes == ()
    assert document.root.value == {"a": value}
    assert type(document.root.value["a"]) is type(value)


def test_places_of_keys_values_and_items() -> None:
    document = read_document("f", b"\xef\xbb\xbfa:\n  - b: {c: 1}\n  - x\n\"d e\": 'z'\n")
    assert document.place(("a", 0, "b"), key=True) == (2, 5)
    assert document.place(("a", 0, "b", "c")) == (2, 12)
    assert document.place(("a", 1)) == (3, 5)
    assert document.place(("d e",)) == (4, 8)
    assert document.place(("a", 0, "gone")) == (2, 5)
    assert document.place(("a", "some-model", 1)) == (3, 5)


def test_an_alias_stands_for_what_it_names() -> None:
    document = read_document("f", b"a: &x [1, 2]\nb: *x\n")
    assert document.root.value == {"a": [1, 2], "b": [1, 2]}


def test_a_few_lines_cannot_grow_into_millions() -> None:
    lines = ["a: &a [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"{y}: &{y} [{','.join(['*' + x] * 10)}]" for x, y in zip("abcdefgh", "bcdefghi", strict=True)]
    (mistake,) = read_document("f", "\n".join(lines).encode()).mistakes
    assert mistake.line == 6
    assert "more than" in mistake.message


def test_an_alias_cannot_hold_itself_nor_deepen_without_end() -> None:
    assert "before this" in read_document("f", b"a: &x [*x]\n").mistakes[0].message
    deep = "&a " + "[" * 30 + "]" * 30
    (mistake,) = read_document("f", f"a: {deep}\nb: {'[' * 30}*a{']' * 30}\n".encode()).mistakes
    assert "deep" in mistake.message


def test_size_is_bounded() -> None:
    (mistake,) = read_document("f", b"#" * (MAX_OCTETS + 1)).mistakes
    assert "larger" in mistake.message


def test_numbers_are_bounded() -> None:
    assert read_document("f", b"a: " + b"9" * 5000).mistakes[0].column == 4
    assert read_document("f", b"a: 1." + b"9" * 5000).mistakes[0].column == 4
    assert read_document("f", b"a: !!int x").mistakes[0].column == 4


@given(st.binary(max_size=300))
def test_any_bytes_give_a_document(octets: bytes) -> None:
    document = read_document("f", octets)
    for mistake in document.mistakes:
        assert mistake.line >= 1
        assert mistake.column >= 1


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t\\~0x.", max_size=120))
def test_any_punctuation_gives_a_document(text: str) -> None:
    lines = text.count("\n") + 1
    for mistake in read_document("f", text.encode()).mistakes:
        assert 1 <= mistake.line <= lines + 1


@pytest.mark.parametrize(
    ("text", "ended"),
    [("a: 1\n...\n", True), ("a: 1\n... # the end\n# more\n", True), ("a: 1\n...", True), ("a: 1\n", False), ("a: 1\n..\n", False), ("", False), ('a: "\n...\n', False)],
)  # fmt: skip
def test_the_end_marker_is_seen(text: str, ended: bool) -> None:
    assert read_document("x.yaml", text.encode()).ended is ended
