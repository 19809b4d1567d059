"""Names and domains that people take for others' are tested through the family that asks for them (test_identity); here, its bounds."""

from smtp_gate.core.facts import Facts
from smtp_gate.families import impostors, senders
from tests.builders import envelope
from tests.families.seen import seen


def test_no_more_boxes_are_looked_at_than_are_looked_up() -> None:
    many = ", ".join(f"Ada Byron <a{n}@rnilwaukee.gov>" for n in range(500))
    view = seen(f"From: x@example.com\nReply-To: {many}\nTo: l@example.org\n\nx\n", envelope("x@example.com"))
    assert len(list(impostors.lookalike_domain(view))) == senders.MOST
    assert len(list(impostors.official(view, Facts(), ("Ada Byron",)))) == senders.MOST


def test_a_name_says_nothing_where_nobody_knows_the_account() -> None:
    view = seen("From: Somebody <x@milwaukee.gov>\nTo: l@example.org\n\nx\n", envelope("x@milwaukee.gov"))
    assert list(impostors.other_name(view, Facts())) == []
