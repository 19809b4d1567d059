"""Held items as octets: everything comes back exactly, and no octet can be changed unseen."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Client, Envelope, Message, Path, Recipient
from smtp_gate.core.verdict import Judgement, decide
from smtp_gate.store import items
from smtp_gate.store.items import DamagedItemError, dump, load, make
from tests.builders import listener
from tests.store.sample import SECRET, judgement, secret_message

WHOLE = b"".join(dump(make(secret_message(), judgement(secret_message()), (0, 3))))


def test_message_envelope_and_reasons_come_back_exactly() -> None:
    message = secret_message()
    item = make(message, judgement(message), (0, 3))
    again = load(WHOLE)
    assert again == item
    assert again.message.content == message.content
    assert again.message.envelope.recipients == (message.envelope.recipients[0], message.envelope.recipients[3])
    assert again.message.envelope.sender_params == message.envelope.sender_params
    assert again.message.envelope.client == message.envelope.client
    assert again.message.envelope.listener == message.envelope.listener
    assert again.message.received == message.received
    assert (again.held, again.others, again.rules) == ((0, 3), 2, ("pii.ssn", "id.spoof"))
    assert [r["disposition"] for r in again.recipients] == ["quarantine", "accept", "accept", "quarantine"]
    assert again.ruleset == "sha256:test"
    assert again.defects == ("bare_boundary@2",)


def test_the_reasons_in_the_head_are_masked() -> None:
    head = json.loads(WHOLE.split(b"\n", 1)[1][: int(WHOLE.split(b" ", 3)[2])])
    assert [f["evidence"] for f in head["findings"]] == ["***-**-9999", "***-**-9999"]
    assert SECRET not in json.dumps({k: v for k, v in head.items() if k != "message_id"})


def test_no_octet_can_be_changed_unseen() -> None:
    for place in range(len(WHOLE)):
        for flip in (0x01, 0x80):
            octets = bytearray(WHOLE)
            octets[place] ^= flip
            with pytest.raises(DamagedItemError):
                load(bytes(octets))


def test_no_part_of_it_is_taken_for_the_whole() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(DamagedItemError):
            load(WHOLE[:length])
    for extra in (b"\n", b"x", WHOLE):
        with pytest.raises(DamagedItemError):
            load(WHOLE + extra)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (WHOLE.replace(b"hold 1 ", b"hold 2 ", 1), "version 2, this program reads 1"),
        (b"smtp-gate-hold 1 99999999999999 1 x\n", "not a held"),
        (b"smtp-gate-hold 1 -1 1 x\n", "not a held"),
        (b"", "not a held"),
        (b"x" * 100_000, "not a held"),
    ],
)
def test_a_strange_file_is_named_so(octets: bytes, said: str) -> None:
    with pytest.raises(DamagedItemError, match=said):
        load(octets)


def test_a_head_of_another_shape_is_damaged_not_a_crash() -> None:
    for head in (b"[]", b"{}", b"nonsense", b'{"mail":{"raw":"!"}}', b"null"):
        octets = (
            items._first_line(head, 0)
            + head
            + items._end("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        )
        with pytest.raises(DamagedItemError, match="does not understand"):
            load(octets)


@pytest.mark.parametrize("held", [(), (4,), (-1,), (0, 9)])
def test_an_item_is_for_recipients_of_its_message(held: tuple[int, ...]) -> None:
    message = secret_message()
    with pytest.raises(ValueError, match="recipients of its message"):
        make(message, judgement(message), held)


paths = st.builds(Path, st.binary(max_size=40), st.text(max_size=20), st.text(max_size=20))
params = st.lists(st.binary(min_size=1, max_size=30), max_size=4).map(tuple)
envelopes = st.builds(
    Envelope,
    paths,
    st.lists(st.builds(Recipient, paths, params), min_size=1, max_size=4).map(tuple),
    st.builds(Client, st.text(max_size=20), st.integers(0, 65535), st.text(max_size=20)),
    st.just(listener()),
    params,
)


@given(envelopes, st.binary(max_size=300))
def test_any_envelope_and_content_comes_back(envelope: Envelope, content: bytes) -> None:
    message = Message("TESTREF0001", envelope, content, datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC))
    held = tuple(range(len(envelope.recipients)))
    item = make(message, Judgement(decide((), envelope), Facts(), "h"), held)
    assert load(b"".join(dump(item))) == item
