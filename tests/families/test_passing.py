"""What explains foreign senders' mail is tested through the family that asks it (test_accounts); here, its bounds."""

from smtp_gate.families import passing
from tests.builders import envelope
from tests.families.seen import seen


def test_questions_are_bounded_and_of_our_domains_alone() -> None:
    many = "".join(f"Delivered-To: a{n}@milwaukee.gov\nX-Original-To: b{n}@example.org\n" for n in range(300))
    view = seen(f"From: x@example.com\n{many}List-Id: <alerts.lists.milwaukee.gov>\n\nx\n", envelope("x@example.com"))
    keys = {key.subject for key in passing.questions(view)}
    assert len(keys) <= 2 * passing.MOST + 1
    assert "alerts@milwaukee.gov" in keys
    assert not any(key.endswith("example.org") for key in keys)
