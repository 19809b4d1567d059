"""Examples are judged by the code that judges mail, one rule at a time."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import FactKey, directory
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Message
from smtp_gate.core.view import Text
from smtp_gate.detect.engine import Engine, Scanned
from smtp_gate.ruleset import examples
from smtp_gate.ruleset.build import load
from smtp_gate.ruleset.example_mail import ExampleError, facts_of, message_of
from smtp_gate.ruleset.example_schema import ExampleModel
from smtp_gate.ruleset.examples import ExampleResult, failed, run_examples
from smtp_gate.ruleset.packs import shipped_rules
from tests.ruleset.test_broken import swap
from tests.ruleset.toy import PACK, RULE, SETTINGS, loaded
from tests.running import PACK as PACK_OF_TWO

T = TypeVar("T")
OURS = frozenset({"milwaukee.gov"})
CHICAGO = ZoneInfo("America/Chicago")


def run(folder: Path, pack: str = PACK) -> list[ExampleResult]:
    result = loaded(folder, pack)
    assert result.ruleset is not None, [str(m) for m in result.mistakes]
    return list(run_examples(result))


def mail(keys: dict[str, object], folder: Path = Path()) -> Message:
    return message_of(ExampleModel.model_validate(keys), folder, OURS, CHICAGO)


def test_hits_and_misses_pass(tmp_path: Path) -> None:
    results = run(tmp_path)
    assert [(r.kind, r.number, r.passed, bool(r.found)) for r in results] == [
        ("hit", 1, True, True), ("miss", 1, True, False), ("miss", 2, True, False),
    ]  # fmt: skip
    assert failed(results) == ()


def test_failures_say_where_and_what_was_seen(tmp_path: Path) -> None:
    pack = swap("text: the secret plan\n      miss", "text: the plan\n      miss").replace(
        "the open plan", "a secret plan"
    )
    mistakes = failed(run(tmp_path, pack))
    assert [(m.line, m.column) for m in mistakes] == [(14, 11), (16, 11)]
    assert [m.hint for m in mistakes] == ["nothing found", "found word in own"]
    assert mistakes[0].message == "the hit example 1 of toy.word fails"


def test_a_hit_that_the_rule_is_not_for_fails(tmp_path: Path) -> None:
    pack = swap("- text: the secret plan\n      miss", "- {text: the secret plan, to: b@milwaukee.gov}\n      miss")
    (mistake,) = failed(run(tmp_path, pack))
    assert "not for this sender" in mistake.hint


def test_a_finding_about_somebody_the_rule_is_not_for_is_no_hit(tmp_path: Path) -> None:
    to = "to: [b@milwaukee.gov, c@example.org]"
    pack = swap("{word: secret}", "{word: secret}\n    first: true").replace(
        "- text: the open plan", f"- {{text: a secret, {to}}}"
    )
    assert [r.passed for r in run(tmp_path, pack)] == [True] * 3


def test_rules_in_shadow_and_off_are_tried_as_well(tmp_path: Path) -> None:
    for mode in ("shadow", "off"):
        assert [r.passed for r in run(tmp_path, swap("action: quarantine", f"action: reject\n    mode: {mode}"))] == [
            True
        ] * 3


def test_only_the_chosen_rules_are_tried(tmp_path: Path) -> None:
    result = loaded(tmp_path, PACK + RULE.replace("toy.word", "toy.other"))
    assert {r.rule for r in run_examples(result, lambda rule: rule.id == "toy.other")} == {"toy.other"}
    assert list(run_examples(replace(result, ruleset=None))) == []


def test_accounts_of_an_example_stand_for_the_directory(tmp_path: Path) -> None:
    accounts = "accounts: [{address: c@milwaukee.gov, status: contractor, aliases: Carla.Diaz@milwaukee.gov}]"
    pack = swap("{word: secret}", "{word: secret}\n    ask: true").replace(
        "- text: the secret plan\n      miss:",
        f"- {{from: Carla.Diaz@milwaukee.gov, text: the secret plan, {accounts}}}\n      miss:\n        - text: the secret plan",
    )
    assert [r.passed for r in run(tmp_path, pack)] == [True] * 4


def test_an_authenticated_sender_can_be_spared(tmp_path: Path) -> None:
    pack = swap("action: quarantine", "action: reject\n    unless: [{sender: a@milwaukee.gov}]").replace(
        "- text: the open plan", "- {text: a secret, from: a@milwaukee.gov, login: a@milwaukee.gov}"
    )
    assert [r.passed for r in run(tmp_path, pack)] == [True] * 3
    (mistake,) = failed(run(tmp_path, pack.replace(", login: a@milwaukee.gov", "")))
    assert mistake.hint == "found word in own"


def test_cases_stand_below_the_pack(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "a.eml").write_bytes(b"From x Mon Mar  2 09:00:00 2026\nSubject: a\n\nthe secret\n")
    pack = swap("- text: the secret plan\n      miss", "- case: cases/a.eml\n      miss")
    assert [r.passed for r in run(tmp_path, pack)] == [True] * 3
    message = mail({"case": "cases/a.eml"}, tmp_path)
    assert message.content == b"Subject: a\r\n\r\nthe secret\r\n"
    assert message.envelope.sender.address == "pat.example@milwaukee.gov"
    assert [r.path.address for r in message.envelope.recipients] == ["resident@example.com"]
    for bad in ("cases/none.eml", "../outside.eml", "cases", "a\0b", "/etc/hostname"):
        (mistake,) = failed(run(tmp_path, pack.replace("cases/a.eml", f'"{bad}"'.replace("\0", "\\0"))))
        assert mistake.hint.startswith("`case`: ")


def test_a_case_that_is_no_regular_file_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "link.eml").symlink_to("pipe.eml")
    for name in ("pipe.eml", "link.eml"):
        with pytest.raises(ExampleError) as refused:
            mail({"case": name}, tmp_path)
        assert refused.value.reason == "not a regular file"


def test_a_pack_may_bring_its_own_city(tmp_path: Path) -> None:
    elsewhere = replace(SETTINGS, internal_domains=frozenset({"springfield.gov"}))
    alien = list(run_examples(loaded(tmp_path, PACK, elsewhere)))
    assert [r.passed for r in alien] == [True, True, False]
    named = list(run_examples(loaded(tmp_path, "internal_domains: milwaukee.gov\n" + PACK, elsewhere)))
    assert [r.passed for r in named] == [True] * 3


def test_an_example_is_whole_mail() -> None:
    message = mail({
        "from": "Müller <a@milwaukee.gov>", "to": ["b@c.org", "Lee <d@c.org>"], "subject": "Grüße", "text": "a\nb",
        "headers": {"Reply-To": "a.private@gmail.com"}, "date": "2026-07-01",
    })  # fmt: skip
    assert message.received == datetime(2026, 7, 1, 12, tzinfo=CHICAGO)
    assert [r.path.address for r in message.envelope.recipients] == ["b@c.org", "d@c.org"]
    assert message.envelope.sender.address == "a@milwaukee.gov"
    assert b"\n" not in message.content.replace(b"\r\n", b"")
    parsed = message_from_bytes(message.content, policy=policy.default)
    assert parsed["From"] == "Müller <a@milwaukee.gov>"
    assert parsed["To"] == "b@c.org, Lee <d@c.org>"
    assert parsed["Subject"] == "Grüße"
    assert parsed["Reply-To"] == "a.private@gmail.com"
    assert parsed.get_content() == "a\r\nb\r\n"
    assert not parsed.defects


def test_headers_of_the_example_stand_in_for_the_usual_ones() -> None:
    parsed = message_from_bytes(
        mail({"text": "a", "headers": {"from": "x@y.org", "subject": "s"}}).content, policy=policy.default
    )
    assert parsed.get_all("From") == ["x@y.org"]
    assert parsed.get_all("Subject") == ["s"]


def test_text_and_html_are_alternatives() -> None:
    parsed = message_from_bytes(mail({"text": "a", "html": "<p>b</p>"}).content, policy=policy.default)
    assert [p.get_content_type() for p in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert not parsed.defects
    assert message_from_bytes(mail({"html": "<p>b</p>"}).content).get_content_type() == "text/html"


def test_the_null_sender_and_what_is_no_address() -> None:
    assert mail({"from": "<>", "text": "a"}).envelope.sender.is_null
    bad: tuple[dict[str, object], ...] = ({"from": "nobody"}, {"to": "<>"}, {"to": ["a@b.org", ""]})
    for keys in bad:
        with pytest.raises(ExampleError):
            mail({"text": "a", **keys})


def test_facts_of_an_example() -> None:
    keys = [directory("pat.example@milwaukee.gov"), directory("x@y.org"), FactKey("dns", "y.org")]
    facts = facts_of(ExampleModel(text="a"), keys, OURS)
    pat = facts.account("pat.example@milwaukee.gov")
    assert pat is not None
    assert pat.name == "Pat Example"
    assert facts[keys[1]] is None
    assert isinstance(facts[keys[2]], Failure)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXT, TEXT, TEXT | TEXT.map(lambda t: f"{t} <a@b.org>"))
def test_any_text_becomes_mail_or_an_example_error(text: str, subject: str, sender: str) -> None:
    try:
        message = mail({"text": text, "subject": subject, "from": sender})
    except ExampleError:
        return
    assert b"\r\n\r\n" in message.content


def test_shipped_examples_come_out_as_they_do_with_the_whole_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped_rules()
    assert folder is not None
    built = load([folder], SETTINGS)
    alone = list(run_examples(built))
    assert len(alone) > 200
    monkeypatch.setattr(examples, "SHORT", -1)
    assert list(run_examples(built)) == alone


@pytest.mark.parametrize("size", [examples.SHORT // 2, examples.SHORT * 2])
def test_short_mail_alone_is_searched_for_the_rules_own_detectors(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (PACK_OF_TWO).replace("nothing here", "nothing " * (size // 8))
    (tmp_path / "two.yaml").write_text(text)
    built = load([tmp_path / "two.yaml"], SETTINGS)
    assert built.ruleset is not None
    engine = built.ruleset.engine
    whole: list[bool] = []
    search = Engine.search

    def searched(self: Engine, texts: Iterable[Text]) -> Scanned:
        whole.append(self is engine)
        return search(self, texts)

    monkeypatch.setattr(Engine, "search", searched)
    assert all(r.passed for r in run_examples(built))
    assert whole == [False, size > examples.SHORT] * 2


def test_many_examples_are_judged_by_two_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [RULE.replace("toy.word", f"toy.r{n}") for n in range(9)]
    for wrong in (0, 4, 8):
        rules[wrong] = (
            rules[wrong]
            .replace("the secret plan\n      miss", "the open plan\n      miss")
            .replace("the open plan\n        -", "the other plan\n        -")
        )
    asked: list[str] = []

    def aside(pieces: Sequence[Callable[[], T]]) -> Callable[[], list[T]]:
        asked.append("aside")
        return lambda: [piece() for piece in pieces]

    built = loaded(tmp_path, "pack: toys\nrules:\n" + "".join(rules), replace(SETTINGS, aside=aside))
    asked.clear()
    one = examples.failed_examples(built)
    assert asked == []
    assert [m.message.split()[5] for m in one] == ["toy.r0", "toy.r4", "toy.r8"]
    monkeypatch.setattr(examples, "MANY", 5)
    assert examples.failed_examples(built) == one
    assert asked == ["aside"]
