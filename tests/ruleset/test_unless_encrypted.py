"""`unless: [{encrypted: whole}]` from the pack to the verdict: what it spares, and what it never does."""

from dataclasses import replace
from pathlib import Path

import pytest

from smtp_gate.core.facts import Facts
from smtp_gate.core.message import Envelope, Message
from smtp_gate.core.verdict import Disposition, Result, decide
from smtp_gate.core.view import Extent, Reason, Region, RegionKind, Unscannable
from smtp_gate.examine import Ruleset, examine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.build import load
from tests.builders import RECEIVED, envelope
from tests.fakes import tick
from tests.reading import sealed_samples as made
from tests.reading.sealed_samples import FROM, INNER, SECRET, SMIME, leaf, multipart
from tests.ruleset.toy import SETTINGS

PACK = r"""
pack: own
detectors:
  ssn:
    primary: {regex: '\b\d{3}-\d\d-\d{4}\b'}
    levels: {high: {}}
rules:
  - id: own.ssn
    title: Numbers leave only encrypted
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find: {any: [{detector: ssn}]}
    action: reject
    unless: UNLESS
    examples:
      hit:
        - text: her SSN is 536-90-4399
      miss:
        - text: nothing
"""
WHOLE = FROM + leaf(SMIME, made.really_enveloped(INNER))
PARTLY = multipart(
    "mixed", leaf("text/plain", b"see below", encoding="7bit"), leaf(SMIME, made.really_enveloped(INNER))
)


def ruleset(folder: Path, unless: str = "[{encrypted: whole}]") -> Ruleset:
    (folder / "own.yaml").write_text(PACK.replace("UNLESS", unless))
    made = load([folder / "own.yaml"], SETTINGS)
    assert made.ruleset is not None, [str(m) for m in made.mistakes]
    return made.ruleset


def judged(rules: Ruleset, content: bytes, env: Envelope | None = None) -> tuple[Disposition, Result]:
    message = Message("TESTREF0001", env or envelope(), content, RECEIVED)
    view = read(message, Limits(), {})
    (result,) = results = examine(view, Facts(), rules, tick)
    return decide(results, message.envelope).strictest, result


def test_it_spares_content_that_nobody_can_look_into(tmp_path: Path) -> None:
    disposition, result = judged(ruleset(tmp_path), WHOLE)
    assert disposition is Disposition.ACCEPT
    assert [(e.by, e.recipients) for e in result.exempt] == [("encrypted", frozenset({0}))]
    disposition, result = judged(ruleset(tmp_path, "[]"), WHOLE)
    assert (disposition, result.exempt) == (Disposition.QUARANTINE, ())


def test_it_spares_what_chance_finds_in_armor(tmp_path: Path) -> None:
    octets = made.armor(made.pgp()).replace(b"\r\n\r\n", b"\r\nVersion: 536-90-439\r\n\r\n", 1)
    pack = (
        PACK.replace(r"\d{4}\b", r"\d{3}\b")
        .replace("UNLESS", "[{encrypted: whole}]")
        .replace("536-90-4399", "536-90-439")
    )
    (tmp_path / "own.yaml").write_text(pack)
    rules = load([tmp_path / "own.yaml"], SETTINGS).ruleset
    assert rules is not None
    disposition, result = judged(rules, FROM + leaf("text/plain", octets, encoding="7bit"))
    assert disposition is Disposition.ACCEPT
    assert result.exempt


@pytest.mark.parametrize(
    "content",
    [
        PARTLY,
        WHOLE.replace(b"Subject: Report", f"Subject: {SECRET}".encode()),
        WHOLE.replace(b'name="smime.p7m"', b'name="536-90-4399.p7m"'),
        multipart(
            "mixed", leaf("text/html", f"<p><!-- {SECRET} --></p>".encode()), leaf(SMIME, made.really_enveloped(INNER))
        ),
        multipart("mixed", leaf(SMIME, made.really_enveloped(INNER)), preamble=SECRET.encode()),
        FROM + leaf(SMIME, made.really_signed(INNER)),
        FROM + leaf(SMIME, made.enveloped(INNER * 20)),
        FROM + leaf("text/plain", SECRET.encode() + b"\r\n" + made.armor(made.pgp()), encoding="7bit"),
        FROM
        + b"Content-Type: message/rfc822\r\n\r\n"
        + WHOLE.replace(b"Subject: Report", f"Subject: {SECRET}".encode()),
    ],
    ids=["partly", "subject", "file name", "comment", "preamble", "signed", "fake", "text beside", "subject within"],
)
def test_it_never_spares_what_stands_in_clear(tmp_path: Path, content: bytes) -> None:
    disposition, result = judged(ruleset(tmp_path), content)
    assert disposition is not Disposition.ACCEPT
    assert not result.exempt


def test_it_spares_nothing_where_more_than_encryption_kept_anybody_from_looking(tmp_path: Path) -> None:
    rules = ruleset(tmp_path)
    view = read(Message("TESTREF0001", envelope(), WHOLE, RECEIVED), Limits(), {})
    assert view.protection.encrypted is Extent.WHOLE
    spent = Unscannable("0", Region(RegionKind.OWN), Reason.LIMIT, "text")
    (result,) = examine(replace(view, unscannable=(*view.unscannable, spent)), Facts(), rules, tick)
    assert not result.exempt
    assert result.applies


def test_beside_people_both_must_hold_and_the_sender_be_known(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[{encrypted: whole, sender: dokafor@milwaukee.gov, recipients: 'domain:irs.gov'}]")
    to = ["a@irs.gov", "b@example.org", "victim%evil.example@irs.gov"]
    disposition, result = judged(rules, WHOLE, envelope(to=to, account="dokafor@milwaukee.gov"))
    assert disposition is Disposition.QUARANTINE
    assert result.applies == {1, 2}
    assert [(e.by, e.recipients) for e in result.exempt] == [("encrypted", frozenset({0}))]
    assert not judged(rules, WHOLE, envelope(to=to))[1].exempt
    assert not judged(rules, PARTLY, envelope(to=to, account="dokafor@milwaukee.gov"))[1].exempt


def test_it_stands_beside_an_unless_for_people(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "[{encrypted: whole}, {sender: dokafor@milwaukee.gov, recipients: 'domain:irs.gov'}]")
    to = ["a@irs.gov", "b@example.org"]
    _, result = judged(rules, WHOLE, envelope(to=to, account="dokafor@milwaukee.gov"))
    assert [(e.by, e.recipients) for e in result.exempt] == [("unless", frozenset({0})), ("encrypted", frozenset({1}))]
    _, result = judged(rules, WHOLE, envelope(to=to))
    assert [e.by for e in result.exempt] == ["encrypted"]
