"""Questions to feeds, and the head of a feed's file: what is not as it was written is never an empty list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import FactKey, Listed, feed
from smtp_gate.core.feeds import HEAD_ROOM, MAGIC, FeedError, Feeds, Head
from smtp_gate.core.finding import Failure

BODY = b"a list of domains"


class One:
    """A list of a single domain."""

    id = "sha256:1"

    def covers(self, domain: str) -> str | None:
        return "example.org" if domain == "example.org" or domain.endswith(".example.org") else None


def test_a_list_answers_for_its_name_alone() -> None:
    keys = [feed("free_mail", "mail.example.org"), feed("free_mail", "example.net"), feed("other", "example.org")]
    keys.append(FactKey("directory", "example.org"))
    answers = Feeds({"free_mail": One()}).answer(keys)
    assert answers[keys[0]] == Listed("example.org", "sha256:1")
    assert answers[keys[1]] is None
    assert isinstance(answers[keys[2]], Failure)
    assert isinstance(answers[keys[3]], Failure)
    assert Feeds({"b": One(), "a": One()}).ids == {"a": "sha256:1", "b": "sha256:1"}


def test_a_head_comes_back_as_it_was_written() -> None:
    head = Head.over(3, BODY)
    assert len(head.octets) == HEAD_ROOM
    assert HEAD_ROOM % 8 == 0
    assert Head.of(head.octets + BODY) == head
    head.check(BODY)
    head.check_size(HEAD_ROOM + len(BODY))


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "no feed"),
        (b"example.org\n", "no feed"),
        (MAGIC, "cut short"),
        (MAGIC + b"\2" + bytes(HEAD_ROOM), "another version"),
        (Head.over(0, b"").octets, "single entry"),
    ],
)
def test_a_foreign_head_is_a_mistake(octets: bytes, why: str) -> None:
    with pytest.raises(FeedError, match=why):
        Head.of(octets)


@pytest.mark.parametrize("body", [BODY[:-1], BODY + b"x", BODY[:-1] + b"x", b""])
def test_a_changed_body_is_a_mistake(body: bytes) -> None:
    with pytest.raises(FeedError):
        Head.over(3, BODY).check(body)


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    for some in (octets, MAGIC + octets):
        try:
            Head.of(some)
        except FeedError:
            continue
