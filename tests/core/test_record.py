"""Rows of a judgement: the keys that `explain --json` and the journal share, and nothing clear in them."""

import json
from dataclasses import replace

import pytest

from smtp_gate.core.facts import Facts, Listed, feed
from smtp_gate.core.record import fact_rows, finding_rows, journal_id, recipient_rows, unscannable_rows
from tests.store.sample import SECRET, judgement, secret_message


def test_findings_have_exactly_the_keys_of_the_contract() -> None:
    message = secret_message()
    rows = finding_rows(judgement(message).verdict)
    keys = ["rule", "family", "detector", "level", "mode", "action", "region", "part", "evidence", "count"]
    assert [list(row) for row in rows] == [keys, keys]
    assert rows[0] == {
        "rule": "pii.ssn",
        "family": "sensitive",
        "detector": "us_ssn",
        "level": "high",
        "mode": "enforce",
        "action": "quarantine",
        "region": "own",
        "part": "1",
        "evidence": "***-**-9999",
        "count": 2,
    }
    assert (rows[1]["mode"], rows[1]["region"]) == ("shadow", "attachment ***-**-****.zip!b.docx")
    assert unscannable_rows(judgement(message).unscannable) == [{"part": "2", "reason": "encrypted"}]


def test_rows_are_plain_json_and_hold_no_secret() -> None:
    message = secret_message()
    told = judgement(message)
    rows = [finding_rows(told.verdict), recipient_rows(told.verdict, message.envelope), fact_rows(told)]
    assert json.loads(json.dumps(rows)) == rows
    assert SECRET not in json.dumps(rows)


def test_a_fact_of_a_feed_names_the_entry_and_the_list() -> None:
    listed = Listed("example.org", "sha256:" + "ab" * 32)
    answers = {feed("free_mail", "mail.example.org"): listed, feed("free_mail", "example.net"): None}
    told = replace(judgement(secret_message()), facts=Facts(answers))
    rows = {row["subject"]: row for row in fact_rows(told)}
    assert rows["mail.example.org"] == {
        "source": "feed.free_mail",
        "subject": "mail.example.org",
        "answer": "known",
        "cause": "",
        "account": None,
        "entry": "example.org",
        "content": "sha256:" + "ab" * 8,
    }
    assert (rows["example.net"]["answer"], rows["example.net"]["entry"]) == ("unknown", "")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<20260302150405.1234567890@mail.example>", "<20260302150405.1234567890@mail.example>"),
        ("<550e8400-e29b-41d4-a716-446655440000@x>", "<550e8400-e29b-41d4-a716-446655440000@x>"),
        ("<219-09-9999@x>", "<***-**-****@x>"),
        ("x" * 2000, "x" * 998),
    ],
)
def test_a_message_id_is_kept_but_for_the_shape_of_an_ssn(given: str, kept: str) -> None:
    assert journal_id(given) == kept
