"""Answers in words: what the journal holds of them, and no more."""

from datetime import date

from smtp_gate.core.facts import Account, Facts, Listed, Roster, Standing, directory, feed, group
from smtp_gate.core.finding import Failure
from smtp_gate.ruleset.asked import answers

PERSON = Account(
    "c@milwaukee.gov", name="Carla Diaz", status="contractor", groups=frozenset("abcdefg"), personal=("carla@gmail.com",),
    valid_from=date(2026, 1, 5), valid_to=date(2026, 6, 30), standing=Standing.ENDED, successor="d@milwaukee.gov",
)  # fmt: skip


def said(facts: Facts) -> list[str]:
    return list(answers(facts, frozenset(facts.answers)))


def test_each_kind_of_answer() -> None:
    assert said(
        Facts({
            directory("c@milwaukee.gov"): PERSON, directory("x@milwaukee.gov"): None, directory("y@z.org"): Failure("timeout", "x"),
            group("officials"): Roster((("a@b.c", "Ann Bee", "ann"),)), feed("free_mail", "gmail.com"): Listed("gmail.com", "sha256:1"),
        })
    ) == [
        "directory c@milwaukee.gov: known, contractor, person, ended, from 2026-01-05, to 2026-06-30, now d@milwaukee.gov, in a, b, c, d, e ...",
        "directory x@milwaukee.gov: unknown",
        "directory y@z.org: failed (timeout)",
        "directory.group officials: known",
        "feed.free_mail gmail.com: known, by gmail.com",
    ]  # fmt: skip


def test_names_and_private_addresses_are_not_told() -> None:
    told = " ".join(said(Facts({directory("c@milwaukee.gov"): PERSON})))
    assert "Carla" not in told
    assert "gmail" not in told


def test_only_what_was_asked_is_told() -> None:
    facts = Facts({directory("a@b.c"): None, directory("d@e.f"): None})
    assert list(answers(facts, frozenset({directory("a@b.c"), directory("nobody@asked.org")}))) == [
        "directory a@b.c: unknown"
    ]
