"""A waiver written into a pack's text or ended there: all else stays octet for octet, or nothing is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.ruleset.waiver_edit import NEW, CannotEditError, ended, with_waiver
from smtp_gate.ruleset.yaml12 import read_document
from tests.ruleset.test_broken import WAIVER
from tests.ruleset.toy import PACK

FIELDS: dict[str, str | list[str]] = {"id": "EX-9", "rule": "toy.word", "sender": ["a@b.org"], "expires": "2027-03-31"}
BLOCK = """\
# ours
pack: waivers   # a name
waivers:
    # the first
    - id: EX-1
      expires: '2027-03-31'   # a day
      reason: "a: b"

    - expires: 2028-01-01
      id: EX-2
      note: asked for twice
    # the end
"""


def value(octets: bytes) -> object:
    document = read_document("x", octets)
    assert not document.mistakes
    return document.root.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        PACK,
        PACK + WAIVER,
        BLOCK,
        BLOCK.rstrip("\n"),
        BLOCK.replace("\n", "\r\n"),
        "\ufeff" + BLOCK,
        "pack: w\nwaivers:\n",
        "pack: w",
    ],
)
def test_one_more_at_the_end_and_nothing_else(text: str) -> None:
    old = text.encode()
    new = with_waiver(old, FIELDS)
    assert new.startswith(old)
    before = value(old) if old else value(NEW.encode())
    assert isinstance(before, dict)
    assert value(new) == {**before, "waivers": [*(before.get("waivers") or []), FIELDS]}
    assert (b"\r\n" in new) is (b"\r\n" in old)
    assert value(with_waiver(new, FIELDS | {"id": "EX-10"}))


@pytest.mark.parametrize("marker", ["...\n", "...", "...  # the end\n\n", "...\r\n"])
def test_an_end_marker_stays_the_end(marker: str) -> None:
    for before in (PACK, BLOCK, "pack: w\nwaivers:\n"):
        new = with_waiver((before + marker).encode(), FIELDS)
        assert new.startswith(before.encode())
        assert new.endswith(marker.encode())
        assert read_document("x", new).ended
        assert b'id: "EX-9"' in new


def test_an_argument_that_is_no_utf8_is_refused_and_does_not_crash() -> None:
    with pytest.raises(CannotEditError, match="not UTF-8"):
        with_waiver(b"", {**FIELDS, "reason": "caf\udce9"})
    with pytest.raises(CannotEditError, match="not UTF-8"):
        ended(BLOCK.encode(), "EX-1", "2026-01-01", "caf\udce9")


@given(st.text(min_size=1).filter(lambda t: t.isprintable() and t.strip() == t))
def test_whatever_a_reason_says_it_comes_back(reason: str) -> None:
    new = with_waiver(b"", FIELDS | {"reason": reason})
    assert value(new) == {"pack": "waivers", "waivers": [{**FIELDS, "reason": reason}]}


@pytest.mark.parametrize(
    "text",
    [
        "pack: w\nwaivers: []\n",
        "pack: w\nwaivers: [{id: a}]\n",
        "waivers:\n  - {id: a}\npack: w\n",
        "pack: w\nwaivers:\n  - {id: a}\n...\nnothing here\n",
        "{pack: w}\n",
        "pack: w\npack: x\n",
        "- a\n",
    ],
)
def test_what_only_a_person_can_change_is_refused(text: str) -> None:
    with pytest.raises(CannotEditError):
        with_waiver(text.encode(), FIELDS)
    with pytest.raises(CannotEditError):
        with_waiver(b"pack: \xff\n", FIELDS)


def lines_changed(old: str, new: str) -> tuple[list[str], list[str]]:
    one, other = old.splitlines(), new.splitlines()
    return [line for line in one if line not in other], [line for line in other if line not in one]


def test_the_end_of_one_changes_its_lines_only() -> None:
    first = ended(BLOCK.encode(), "EX-1", "2026-11-24", 'over: "done"').decode()
    assert lines_changed(BLOCK, first) == (
        ["      expires: '2027-03-31'   # a day"],
        ["      expires: '2026-11-24'   # a day", '      note: "over: \\"done\\""'],
    )
    second = ended(BLOCK.encode(), "EX-2", "2026-11-24", "over").decode()
    assert lines_changed(BLOCK, second) == (["    - expires: 2028-01-01"], ["    - expires: 2026-11-24"])


@pytest.mark.parametrize("text", [PACK + WAIVER, (PACK + WAIVER).replace("\n", "\r\n"), "\ufeff" + PACK + WAIVER])
def test_the_end_of_one_in_braces(text: str) -> None:
    new = ended(text.encode(), "EX-1", "2026-11-24", "over, and done")
    assert new == text.replace("2027-03-31", '2026-11-24, note: "over, and done"').encode()


def test_a_first_key_that_is_the_day_gets_its_note_below() -> None:
    text = "pack: w\nwaivers:\n- expires: 2028-01-01"
    new = ended(f"{text}\n  id: a\n".encode(), "a", "2026-11-24", "n")
    assert new.decode() == 'pack: w\nwaivers:\n- expires: 2026-11-24\n  note: "n"\n  id: a\n'


def test_an_end_that_cannot_be_written_safely_is_refused() -> None:
    with pytest.raises(KeyError):
        ended(BLOCK.encode(), "EX-3", "2026-11-24", "")
    shared = "pack: w\nwaivers:\n- {id: a, expires: &day 2028-01-01}\n- {id: b, expires: *day}\n"
    for name in ("a", "b"):
        with pytest.raises(CannotEditError):
            ended(shared.encode(), name, "2026-11-24", "over")
    with pytest.raises(CannotEditError):
        ended(b"pack: w\nwaivers:\n- {id: a}\n", "a", "2026-11-24", "over")


def test_lines_keep_their_ends() -> None:
    new = ended(BLOCK.replace("\n", "\r\n").encode(), "EX-1", "2026-11-24", "over")
    assert new.count(b"\n") == new.count(b"\r\n") == BLOCK.count("\n") + 1
