"""Whom rules speak of: alternatives that say nothing more, and an `unless` that takes all of a rule or nothing of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Listener
from smtp_gate.core.message import Path as MailPath
from smtp_gate.core.scope import ANYONE, Scope, Spare, Who, WhoKind
from smtp_gate.ruleset.lint_who import Ours, spares_all
from tests.ruleset.linted import rule, said, warnings

OURS = frozenset({"milwaukee.gov"})


@pytest.mark.parametrize(
    ("more", "column", "words"),
    [
        ("when: {recipients: [internal, external]}", 24, "`internal` and `external` together are everybody"),
        ('when: {recipients: [external, "domain:irs.gov"]}', 35, "`domain:irs.gov` says nothing more than `external`"),
        ('when: {sender: [internal, "domain:milwaukee.gov"]}', 31, "nothing more than `internal`"),
        ('when: {sender: ["domain:milwaukee.gov", cdiaz@milwaukee.gov]}', 45, "nothing more than `domain:milwaukee.gov`"),
        ('when: {sender: ["group:a", "group:b", "group:A"]}', 43, "`group:a` stands here twice"),
        ("unless: [{recipients: [external, lee@example.org]}]", 38, "`address:lee@example.org` says nothing more"),
        ("unless: [{sender: [external, internal], recipients: cdiaz@milwaukee.gov}]", 23, "everybody"),
    ],
)  # fmt: skip
def test_an_alternative_that_says_nothing_more_is_told(more: str, column: int, words: str, tmp_path: Path) -> None:
    ((line, at, message),) = said(warnings(tmp_path, rule(more=f"    {more}\n")))
    assert (line, at) == (10, column)
    assert words in message


@pytest.mark.parametrize(
    "more",
    [
        'when: {recipients: [internal, "domain:irs.gov"]}',
        'when: {recipients: [external, "domain:milwaukee.gov"]}',
        'when: {recipients: ["domain:milwaukee.gov", "domain:dpw.milwaukee.gov"]}',
        'when: {recipients: ["group:a", internal]}',
        'when: {recipients: [internal, "domain:dpw.milwaukee.gov"]}',
        "when: {sender: internal, recipients: external}",
        'when: {recipients: external}\n    unless: [{recipients: "domain:irs.gov"}, {recipients: "domain:ssa.gov"}]',
        'when: {recipients: external}\n    unless: [{encrypted: whole}, {recipients: "domain:irs.gov"}]',
        "when: {recipients: external}\n    unless: [{encrypted: whole, recipients: external}]",
        'unless: [{encrypted: whole, recipients: internal}, {recipients: "domain:irs.gov"}]',
        'when: {recipients: "group:a"}\n    unless: [{recipients: internal}]',
        'when: {recipients: "domain:irs.gov"}\n    unless: [{recipients: lee@irs.gov}]',
        # Who is spared is the one who has logged in, and that need not be the sender of the envelope.
        "when: {sender: internal}\n    unless: [{sender: external}]",
    ],
)  # fmt: skip
def test_what_says_something_is_passed_over(more: str, tmp_path: Path) -> None:
    assert said(warnings(tmp_path, rule(more=f"    {more}\n"))) == []


@pytest.mark.parametrize(
    ("when", "unless", "column", "words"),
    [
        ("recipients: external", "recipients: external", 14, "spares everybody whom the rule is for"),
        ("sender: internal", "sender: internal", 14, "spares everybody"),
        ('recipients: "domain:irs.gov"', "recipients: external", 14, "spares everybody"),
        ("recipients: [lee@irs.gov, kim@irs.gov]", 'recipients: "domain:irs.gov"', 14, "spares everybody"),
        ("recipients: external", "recipients: internal", 27, "spares nobody"),
        ("recipients: internal", 'recipients: "domain:irs.gov"', 27, "spares nobody"),
        ('recipients: "domain:ssa.gov"', 'recipients: "domain:irs.gov"', 27, "spares nobody"),
        ("recipients: external", "recipients: cdiaz@milwaukee.gov", 27, "spares nobody"),
        ("recipients: internal", "encrypted: whole, recipients: external", 45, "spares nobody"),
    ],
)
def test_an_unless_that_takes_all_or_nothing_is_told(
    when: str, unless: str, column: int, words: str, tmp_path: Path
) -> None:
    more = f"    when: {{{when}}}\n    unless: [{{{unless}}}]\n"
    ((line, at, message),) = said(warnings(tmp_path, rule(more=more)))
    assert (line, at) == (11, column)
    assert words in message


def test_of_two_unless_the_narrower_or_the_later_is_told(tmp_path: Path) -> None:
    more = """\
    unless:
      - recipients: lee@irs.gov
      - recipients: "domain:irs.gov"
      - recipients: "domain:irs.gov"
      - {encrypted: whole, recipients: "domain:irs.gov"}
      - encrypted: whole
"""
    found = said(warnings(tmp_path, rule(more=more)))
    assert [line for line, _, _ in found] == [11, 13, 14]
    assert all("nobody whom the `unless` in line 12 does not spare" in message for _, _, message in found)


@pytest.mark.parametrize(
    ("who", "signals", "told"),
    [
        ("external", "[unknown]", True),
        ('"domain:irs.gov"', "[unknown, ended]", True),
        ("[lee@irs.gov, external]", "[transferred]", True),
        ("external", "[unknown, foreign]", False),
        ("external", "[anybody]", False),
        ("internal", "[unknown]", False),
        ('"domain:dpw.milwaukee.gov"', "[unknown]", False),
        ('"group:a"', "[unknown]", False),
    ],
)
def test_a_rule_on_our_accounts_for_strangers_is_told(who: str, signals: str, told: bool, tmp_path: Path) -> None:
    more = f"    when: {{sender: {who}}}\n"
    found = said(warnings(tmp_path, rule(more=more, find=f"signals: {signals}", family="accounts")))
    assert [(line, column) for line, column, message in found if "accounts of ours alone" in message] == (
        [(10, 20)] if told else []
    )


WHOS = st.one_of(
    st.sampled_from([Who(WhoKind.ANY), Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL), Who(WhoKind.GROUP, "a")]),
    st.sampled_from(["milwaukee.gov", "dpw.milwaukee.gov", "irs.gov"]).map(lambda d: Who(WhoKind.DOMAIN, d)),
    st.sampled_from(["a@milwaukee.gov", "a@irs.gov", "a%b@milwaukee.gov", "a@dpw.milwaukee.gov"]).map(
        lambda a: Who(WhoKind.ADDRESS, a)
    ),
)
LISTS = st.lists(WHOS, min_size=1, max_size=3).map(tuple)
ADDRESSES = [
    MailPath(f"{local}@{domain}".encode(), local, domain)
    for local in ("a", "b")
    for domain in ("milwaukee.gov", "dpw.milwaukee.gov", "irs.gov", "ssa.gov")
] + [MailPath(b"")]


def meant(whos: tuple[Who, ...]) -> set[MailPath]:
    """Whom the alternatives mean, groups left out: nobody's facts are known."""
    listener = Listener("l", internal_domains=OURS)
    return {
        p for p in ADDRESSES if any(w.kind is not WhoKind.GROUP and w.matches(p, listener, Facts({})) for w in whos)
    }


@given(LISTS, LISTS)
def test_what_is_said_of_two_lists_holds_for_every_address(wide: tuple[Who, ...], narrow: tuple[Who, ...]) -> None:
    ours = Ours(OURS)
    if ours.cover(wide, narrow):
        assert meant(narrow) <= meant(wide)
    if ours.apart(wide, narrow):
        assert not meant(wide) & meant(narrow)
    assert ours.cover(ANYONE, narrow)
    assert ours.cover(narrow, narrow)
    assert not ours.apart(narrow, narrow)


def test_an_address_that_others_pass_on_is_not_ours() -> None:
    rerouted = (Who(WhoKind.ADDRESS, "a%b@milwaukee.gov"),)
    assert not Ours(OURS).cover((Who(WhoKind.INTERNAL),), rerouted)
    assert Ours(OURS).cover((Who(WhoKind.EXTERNAL),), rerouted)


def test_encryption_spares_without_anybodys_proof_and_people_do_not() -> None:
    ours = Ours(OURS)
    people = Spare(Scope(recipients=(Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL))))
    sealed = Spare(encrypted=True)
    both = Spare(people.scope, encrypted=True)
    assert [spares_all(people, s, ours) for s in (people, sealed, both)] == [True, False, True]
    assert [spares_all(sealed, s, ours) for s in (people, sealed, both)] == [False, True, True]
    assert [spares_all(both, s, ours) for s in (people, sealed, both)] == [False, False, True]
