"""`smtp-gate explain` as people read it: the tree, evidence in its line, and the whole why not of one rule."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gate.cli import main
from smtp_gate.cli.render_tree import hidden_words
from smtp_gate.core.view import Part
from tests.running import write_settings

PEOPLE = """\
address,name,status,groups,valid_from,valid_to,successor
dokafor@milwaukee.gov,Dana Okafor,employee,benefits-office,2026-01-05,,
nrobles@milwaukee.gov,Nancy Robles,employee,,,2026-06-30,nrobles2@milwaukee.gov
"""
PACK = """\
pack: test
keywords: {code_words: [badge], order_words: [order]}
detectors:
  code:
    primary: {regex: '\\d{3}-\\d{2}-\\d{4}', validator: us_ssn}
    levels:
      high: {all: [{keywords: code_words, within: 20}]}
      low: {none: [{keywords: order_words, within: 20}]}
  key: {primary: {regex: 'key-[a-z]+'}, levels: {high: {}}}
rules:
  - id: test.code
    title: Codes stay here
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: [external, "address:nrobles@milwaukee.gov"]}
    unless: [{encrypted: whole}, {sender: "group:benefits-office", recipients: "domain:irs.gov"}]
    find: {any: [{detector: code}, {detector: code, min_level: low, unique: 5}]}
    action: quarantine
    examples: {hit: [{text: "badge 536-90-4399"}], miss: [{text: nothing}]}
  - id: test.key
    title: Keys are not shared
    policy: P-PASSWORD
    family: credentials
    find: {any: [{detector: key}]}
    action: reject
    examples: {hit: [{text: "key-abcdefghijkl"}], miss: [{text: nothing}]}
  - id: test.asleep
    title: Asleep
    policy: P-DECENT
    family: sensitive
    mode: off
    find: {any: [{detector: key}]}
    action: reject
    examples: {hit: [{text: "key-abcdefghijkl"}], miss: [{text: nothing}]}
waivers:
  - {id: EX-14, rule: test.code, sender: "address:dokafor@milwaukee.gov", recipients: "domain:bank.example", owner: comptroller,
     approver: cio, ticket: RITS-991, reason: an audit, expires: 2026-06-30}
"""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = write_settings(tmp_path, 10026)
    (tmp_path / "directory.csv").write_text(PEOPLE)
    (tmp_path / "rules" / "test.yaml").write_text(PACK)
    return file


def letter(folder: Path, body: str, to: str = "lee@example.org", name: str = "a.eml", kind: str = "text/plain") -> Path:
    file = folder / name
    head = f"From: Dana Okafor <dokafor@milwaukee.gov>\nTo: {to}\nSubject: s\nContent-Type: {kind}\n"
    file.write_text(f"{head}\n{body}\n")
    return file


def why(config: Path, body: str, *more: str | Path, to: str = "lee@example.org", rule: str = "test.code") -> str:
    shown = run("explain", "-c", config, "--rule", rule, *more, letter(config.parent, body, to))
    assert shown.exit_code == 0, shown.output
    return shown.output.partition("╰")[2]


def test_a_finding_is_shown_in_its_line_with_all_else_covered(config: Path, tmp_path: Path) -> None:
    shown = run(
        "explain", "-c", config, letter(tmp_path, "Hi\nbadge 536-90-4399, room 12, key-abcdefghijkl ok\nBye")
    ).output
    assert "badge ***-**-4399, room **, **************** ok" in shown
    assert "badge ***********, room **, ******** ok" in shown
    assert "abcd" not in shown


def test_the_tree_says_what_stands_where_and_what_is_hidden(config: Path, tmp_path: Path) -> None:
    plain = letter(tmp_path, "One\ntwo\n\n-- \nDana\n\n> quoted\n> more")
    assert "own 2 lines, signature 2 lines, quoted 2 lines" in run("explain", "-c", config, plain).output
    page = '<p>seen</p><p style="display:none">not seen words</p><!-- note -->'
    shown = run("explain", "-c", config, letter(tmp_path, page, kind="text/html")).output
    assert "3 words that not every screen shows" in shown
    assert "comments 1 line" in shown


def test_words_that_a_page_hides_are_counted() -> None:
    def hidden(page: bytes) -> int:
        return hidden_words(Part("1", 0, "text/html", (), 0, 0, content=page, kind="html", charset="utf-8"))

    assert hidden(b"<p>all is seen</p>") == 0
    assert hidden(b"<p>all <b hidden>but these</b> is seen these</p>") == 2
    assert hidden(b"<div>" * 100_000) == -1


def test_why_not_tells_whom_the_rule_is_for_recipient_by_recipient(config: Path) -> None:
    said = why(config, "badge 536-90-4399", to="lee@example.org, cdiaz@milwaukee.gov, nrobles@milwaukee.gov")
    assert "is for: lee@example.org, nrobles@milwaukee.gov" in said
    assert "when: recipient lee@example.org is external" in said
    assert "when: recipient cdiaz@milwaukee.gov is not external or address:nrobles@milwaukee.gov" in said
    assert "when: recipient nrobles@milwaukee.gov is address:nrobles@milwaukee.gov" in said


def test_why_not_tells_clauses_near_misses_and_their_reasons(config: Path) -> None:
    said = why(config, "order 536-90-4399 and so on and so on, 212-09-9876 and 000-12-3456")
    assert "saw: nothing" in said
    assert "any code, low or surer, 5 different: 1 different, 1 in all; does not hold" in said
    assert "code in own [0] does not count: level low, and medium is wanted" in said
    assert "high: no word of code_words within 20" in said
    assert "low: against it a word of order_words within 20" in said
    assert "the validator us_ssn refuses it" in said
    assert "| order ***-**-4399 and so on" in said
    assert "3456" not in said


def test_why_not_covers_secrets(config: Path) -> None:
    said = why(config, "key-abcdefghijkl and 1key-mnopqrstuvwx", rule="test.key")
    assert "key high in own [0]" in said
    assert "| ******** and" in said
    assert "it is a piece of a longer number or word" in said
    assert "ijkl" not in said
    assert "uvwx" not in said


def test_why_not_tells_that_nobody_has_proven_who_they_are(config: Path) -> None:
    said = why(config, "badge 536-90-4399", to="a@irs.gov")
    assert "who asks: nobody has proven who they are (see --login)" in said
    assert "unless 1: nothing is encrypted" in said
    assert "unless 2: nobody asks, group:benefits-office may; a@irs.gov is domain:irs.gov" in said
    assert "spared" not in said


def test_why_not_tells_who_asked_and_what_the_directory_said(config: Path) -> None:
    said = why(config, "badge 536-90-4399", "--login", "dokafor@milwaukee.gov", "--on", "2026-03-02", to="a@irs.gov")
    assert "spared by unless: a@irs.gov" in said
    assert "who asks: dokafor@milwaukee.gov" in said
    assert "unless 2: dokafor@milwaukee.gov is group:benefits-office; a@irs.gov is domain:irs.gov" in said
    assert (
        "asked directory dokafor@milwaukee.gov: known, employee, person, current, from 2026-01-05, in benefits-office"
        in said
    )
    assert "did not look" in said
    assert "Dana" not in said


def test_the_day_decides_what_the_directory_and_waivers_say(config: Path) -> None:
    login = ("--login", "dokafor@milwaukee.gov")
    before = why(config, "badge 536-90-4399", *login, "--on", "2026-01-04", to="a@irs.gov")
    assert "dokafor@milwaukee.gov: known, employee, person, not yet" in before
    assert "spared" not in before
    good = why(config, "badge 536-90-4399", *login, "--on", "2026-06-30", to="a@bank.example")
    assert "spared by EX-14: a@bank.example" in good
    assert "waiver EX-14 (RITS-991), until 2026-06-30: dokafor@milwaukee.gov is address:dokafor@milwaukee.gov" in good
    over = why(config, "badge 536-90-4399", *login, "--on", "2026-07-01", to="a@bank.example")
    assert "spared" not in over
    assert "waiver EX-14 (RITS-991), ended on 2026-06-30" in over


def test_a_rule_that_is_off_did_not_look(config: Path) -> None:
    assert "is off: it did not look" in why(config, "key-abcdefghijkl", rule="test.asleep")


def test_many_messages_end_with_a_count(config: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    for name, body in (("1", "badge 536-90-4399"), ("2", "fine"), ("3", "key-abcdefghijkl"), ("4", "fine too")):
        letter(box, body, name=name)
    shown = run("explain", "-c", config, box)
    assert shown.stderr.splitlines()[-1] == "4 judged: 2 accepted, 1 held, 1 refused"
    assert "judged" not in run("explain", "-c", config, box / "1").stderr
    as_json = run("explain", "-c", config, "--json", box)
    assert "judged" not in as_json.output
    assert [json.loads(r)["verdict"] for r in as_json.stdout.splitlines()] == [
        "quarantine",
        "accept",
        "reject",
        "accept",
    ]


def test_a_file_name_gives_no_orders_to_a_terminal(config: Path, tmp_path: Path) -> None:
    file = letter(tmp_path, "badge 536-90-4399")
    name = "Content-Disposition: attachment; filename*=utf-8''a%1b%5b31m%E2%80%AEb%C2%9b.txt\n\n"
    file.write_text(file.read_text().replace("\n\n", "\n" + name, 1))
    for more in ((), ("--rule", "test.code")):
        shown = run("explain", "-c", config, *more, file).output
        assert "attachment a[31mb" in shown
        assert all(c.isprintable() or c == "\n" for c in shown)


BODIES = st.lists(
    st.sampled_from(["badge ", "order ", "536-90-4399", "212-09-9876", "000-12-3456", " key-abcdefghijkl ", "\n", "> ", "x", " 4399 "]),
    max_size=10,
).map("".join)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES, st.sampled_from(["test.code", "test.key"]))
def test_no_explanation_shows_a_clear_value(config: Path, body: str, rule: str) -> None:
    shown = run("explain", "-c", config, "--rule", rule, letter(config.parent, body)).output
    # The folder of a test run has a number of its own.
    shown = re.sub(r"pytest-\d+", "", shown)
    for value in ("536", "212-", "09-9876", "3456", "abcd", "ijkl"):
        assert value not in shown


def test_rules_that_saw_nothing_are_named_beside_those_that_are_for_nobody_here(config: Path, tmp_path: Path) -> None:
    outside = run("explain", "-c", config, letter(tmp_path, "key-abcdefghijkl")).output
    assert re.search(r"saw nothing +test\.code\s", outside)
    assert "not for it" not in outside
    inside = run("explain", "-c", config, letter(tmp_path, "hello", "cdiaz@milwaukee.gov")).output
    assert re.search(r"saw nothing +test\.key\s", inside)
    assert re.search(r"not for it +test\.code\s", inside)
    assert "test.asleep" not in outside + inside


def test_a_roll_out_and_whether_the_sender_is_in_it_are_told(config: Path, tmp_path: Path) -> None:
    pack = tmp_path / "rules" / "test.yaml"
    pack.write_text(
        PACK.replace(
            "    action: quarantine\n", "    action: quarantine\n    rollout: {sender: 'group:benefits-office'}\n"
        )
    )
    inside = why(config, "badge 536-90-4399", "--login", "dokafor@milwaukee.gov")
    assert "test.code (enforce, quarantine)" in inside
    assert "rolled out to group:benefits-office: dokafor@milwaukee.gov is in it" in inside
    outside = why(config, "badge 536-90-4399", "--login", "cdiaz@milwaukee.gov")
    assert "test.code (shadow, quarantine)" in outside
    assert "cdiaz@milwaukee.gov is not in it" in outside


def test_a_waiver_that_has_not_begun_is_not_told_as_one_in_force(config: Path, tmp_path: Path) -> None:
    pack = tmp_path / "rules" / "test.yaml"
    pack.write_text(PACK.replace("expires: 2026-06-30", "starts: 2026-06-01, expires: 2026-06-30"))
    early = why(config, "badge 536-90-4399", "--on", "2026-05-31")
    assert "waiver EX-14 (RITS-991), begins on 2026-06-01" in early
    assert "until 2026-06-30" in why(config, "badge 536-90-4399", "--on", "2026-06-01")


def test_mail_is_judged_as_outbound_whatever_listener_comes_first(tmp_path: Path) -> None:
    listeners = "[{name: in, listen: '127.0.0.1:0', direction: inbound}, {name: out, listen: '127.0.0.1:0'}]"
    config = write_settings(tmp_path, 10026, {"listeners": listeners})
    (row,) = run("explain", "-c", config, "--json", letter(tmp_path, "the word is sesame")).output.splitlines()
    assert json.loads(row)["verdict"] == "quarantine"


def test_json_has_the_why_of_the_one_rule_that_is_asked_for(config: Path, tmp_path: Path) -> None:
    mail = letter(tmp_path, "badge 536-90-4399")
    (plain,) = run("explain", "-c", config, "--json", mail).stdout.splitlines()
    (asked,) = run("explain", "-c", config, "--json", "--rule", "test.code", mail).stdout.splitlines()
    assert "why" not in json.loads(plain)
    told = json.loads(asked)["why"]
    assert told[0].startswith("test.code (enforce, quarantine): Codes stay here")
    assert any("***-**-4399" in line for line in told)
    assert "536-90" not in asked
