"""Where signatures begin and end, told from the lines alone."""

import pytest

from smtp_gate.reading.signatures import TAIL, Event, Mark, signature_of


def found(text: str, signs: tuple[Event, ...] = (), name: str = "", *, outer: bool = True) -> str:
    """The signature of a whole text."""
    octets = text.encode()
    span = signature_of(octets, (0, len(octets)), signs, name, outer=outer)
    return octets[slice(*span)].decode() if span else ""


BODY = "Here is what I have to say.\n\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Dana Okafor", "Dana Okafor"),
        ("Okafor, Dana", "Dana Okafor"),
        ("Dana Okafor", "dana"),
        ("Dana Okafor", "- Dana"),
        ("Dana B. Okafor", "Dana Okafor"),
    ],
)
def test_the_authors_name_alone_on_a_line(name: str, line: str) -> None:
    assert found(BODY + line + "\nBudget Office\n", name=name, outer=False) == line + "\nBudget Office\n"
    assert not found(BODY + line + " will see to it\n", name=name, outer=False)


def test_a_short_name_proves_nothing() -> None:
    assert not found(BODY + "d\n", name="D", outer=False)


def test_only_an_outer_stretch_is_judged_by_its_looks() -> None:
    block = "Carla Diaz\nAnalyst\n414-286-0000\n"
    assert found(BODY + block) == block
    assert not found(BODY + block, outer=False)
    assert not found(block)


def test_a_delimiter_counts_near_the_end_only() -> None:
    near, far = "--\na\n", "--\n" + "a line of a long text\n" * (TAIL + 1)
    assert found(BODY + near, (Event(len(BODY), len(BODY) + 2, Mark.DASHES),)) == near
    assert not found(BODY + far, (Event(len(BODY), len(BODY) + 2, Mark.DASHES),))
    assert found(BODY + far, (Event(len(BODY), len(BODY), Mark.SIGNED),)) == far


def test_an_empty_stretch_has_none() -> None:
    assert not found("")
    assert not found("\n\n")
