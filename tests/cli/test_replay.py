"""`smtp-gate replay` as people type it: what it says of files, held mail and the journal, and that a kill costs nothing."""

import asyncio
import json
import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from smtp_gate.adapters.clock import utc_now
from smtp_gate.cli import main
from smtp_gate.cli.mailfiles import crlf
from smtp_gate.cli.replay_report import write_report
from smtp_gate.cli.replay_said import date_of, header_of
from smtp_gate.replay.compared import Compared
from smtp_gate.replay.tally import Tally
from tests.running import PACK, running, write_settings

SECRET = "the word is sesame"
HARDER = PACK.replace("action: quarantine", "action: reject")
SHADOW = PACK.replace("    action: quarantine\n", "    action: quarantine\n    mode: shadow\n")
WIDER = PACK.replace("regex: 'sesame'", "regex: 'sesame|salary'")


def letter(
    body: str, *, number: int = 1, date: str = "Mon, 2 Mar 2026 09:00:00 -0600", to: str = "lee@example.org"
) -> bytes:
    head = f"From: Dana Okafor <dokafor@milwaukee.gov>\nTo: {to}\nMessage-ID: <{number}@x>\nDate: {date}\n"
    return f"{head}Subject: About 536-90-4399\n\n{body}\n".encode()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_settings(tmp_path, 10026)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    folder.mkdir()
    for number, body in enumerate([SECRET, "hello", "abracadabra", "my salary", f"{SECRET} abracadabra"]):
        (folder / f"{number}.eml").write_bytes(letter(body, number=number))
    return folder


def candidate(tmp_path: Path, pack: str, name: str = "candidate") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "test.yaml").write_text(pack)
    return folder


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *(str(w) for w in words)])


def rows(*words: str | Path, code: int = 0) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and the summary."""
    shown = run("--json", *words)
    assert shown.exit_code == code, shown.output
    found = [json.loads(line) for line in shown.stdout.splitlines()]
    return found[:-1], found[-1]


def test_a_tightened_rule_is_told_with_before_and_after(config: Path, mail: Path, tmp_path: Path) -> None:
    changed, summary = rows("-c", config, "--candidate", candidate(tmp_path, HARDER), mail)
    row, other = changed
    assert row["kind"] == "message"
    # It is refused already, and now by one rule more.
    assert (other["path"], other["change"], other["after"]) == (f"{mail}/4.eml", "changed", "reject")
    assert (row["path"], row["change"], row["before"], row["after"]) == (
        f"{mail}/0.eml",
        "changed",
        "quarantine",
        "reject",
    )
    assert (row["message_id"], row["day"], row["sender"]) == ("<0@x>", "2026-03-02", "dokafor@milwaukee.gov")
    assert row["recipients"][0]["rules_after"] == ["test.secret"]
    assert summary["before_after"] == {"accept": {"accept": 2}, "quarantine": {"reject": 1}, "reject": {"reject": 2}}
    assert (summary["messages"], summary["judged"], summary["new_per_1000"]) == (5, 5, 0)
    assert summary["rules"] == {"test.secret": {"changed": 2}}


def test_newly_held_and_freed_are_told_apart_and_gate_a_pipeline(config: Path, mail: Path, tmp_path: Path) -> None:
    wider = candidate(tmp_path, WIDER)
    changed, summary = rows("-c", config, "--candidate", wider, mail)
    assert [(r["path"], r["change"]) for r in changed] == [(f"{mail}/3.eml", "held")]
    assert summary["new_per_1000"] == 200
    assert run("-c", config, "--candidate", wider, "--max-new-per-1000", "200", mail).exit_code == 0
    over = run("-c", config, "--candidate", wider, "--max-new-per-1000", "199.9", mail)
    assert over.exit_code == 1
    assert "200.00 of 1,000 messages would newly be stopped; 199.9 are allowed" in over.output
    changed, _ = rows("-c", config, "--candidate", candidate(tmp_path, SHADOW, "shadow"), mail)
    assert [(r["path"], r["change"]) for r in changed] == [(f"{mail}/0.eml", "freed")]


def test_a_shadow_rule_is_tried_as_enforced(config: Path, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "rules" / "test.yaml").write_text(SHADOW)
    changed, summary = rows("-c", config, "--enforce-shadow", "test.secret", mail)
    assert [(r["path"], r["change"]) for r in changed] == [(f"{mail}/0.eml", "held")]
    assert summary["changes"]["held"] == 1
    wrong = run("-c", config, "--enforce-shadow", "test.forbidden", mail)
    assert wrong.exit_code == 2
    assert "no rule in shadow; those are test.secret" in wrong.output


def test_a_gate_that_only_watches_says_so_and_can_be_tried_enforced(mail: Path, tmp_path: Path) -> None:
    config = write_settings(tmp_path, 10026, {"enforce": "false"})
    told = run("-c", config, "--candidate", tmp_path / "rules", mail)
    assert "--enforce judges as if they did" in told.output
    assert "nothing changes" in told.output
    changed, _ = rows("-c", config, "--enforce", mail)
    assert sorted(r["change"] for r in changed) == ["held", "refused", "refused"]
    # Beside a candidate both sides are enforced, so that only what differs between them is new.
    changed, _ = rows("-c", config, "--enforce", "--candidate", candidate(tmp_path, WIDER), mail)
    assert [r["change"] for r in changed] == ["held"]


def test_people_see_totals_rules_and_masked_samples_and_no_subject(config: Path, mail: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = run("-c", config, "--candidate", candidate(tmp_path, WIDER), "--html", page, mail)
    assert shown.exit_code == 0
    for said in (
        "5 messages: 1 newly held",
        "test.secret",
        f"{mail}/3.eml",
        "<3@x>",
        "a second",
        "no facts from outside",
    ):
        assert said in shown.output
    # How the two rulesets differ is told in the rules' own words, nothing of a message's.
    html = page.read_text()
    assert "primary.regex sesame -&gt; sesame|salary</li>" in html
    for text in (shown.output, html.replace("sesame|salary", "")):
        assert "word high in own ******" in text
        assert "salary" not in text
        assert "About" not in text
    assert "<b>1</b> newly held" in page.read_text()
    assert not list(tmp_path.glob(".*.new"))


def test_what_a_candidate_has_wrong_is_shown_before_anything_runs(config: Path, mail: Path, tmp_path: Path) -> None:
    broken = candidate(tmp_path, PACK.replace("action: quarantine", "action: quarantin"))
    shown = run("-c", config, "--candidate", broken, mail)
    assert shown.exit_code == 1
    assert "test.yaml:9:" in shown.output
    assert "^" in shown.output
    assert "messages" not in shown.stdout
    failing = candidate(tmp_path, PACK.replace(SECRET, "the word is missing"), "failing")
    shown = run("-c", config, "--candidate", failing, mail)
    assert shown.exit_code == 1
    assert "the hit example 1 of test.secret fails" in shown.output


def test_a_source_that_cannot_be_read_is_said_and_the_rest_is_judged(config: Path, mail: Path, tmp_path: Path) -> None:
    _, summary = rows("-c", config, "--candidate", tmp_path / "rules", mail, tmp_path / "nowhere", code=1)
    assert summary["messages"] == 5
    shown = run("-c", config, "--candidate", tmp_path / "rules", tmp_path / "nowhere")
    assert "nowhere: No such file or directory" in shown.output
    assert "1 could not be read" in shown.output


@pytest.mark.parametrize(
    "words",
    [
        ["mail"],
        ["--candidate", "nowhere", "mail"],
        ["--candidate", "rules"],
        ["--candidate", "rules", "--on", "yesterday", "mail"],
        ["--candidate", "rules", "--html", "no/such/folder.html", "mail"],
        ["--candidate", "rules", "--from", "a b", "mail"],
        ["--candidate", "rules", "--max-new-per-1000", "-1", "mail"],
        ["--candidate", "rules", "--jobs", "0", "mail"],
    ],
)
def test_usage(config: Path, mail: Path, tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("-c", config, *words).exit_code == 2


def test_a_path_that_exists_wins_over_a_word(
    config: Path, mail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = run("-c", config, "--candidate", "rules", "journal")
    assert missing.exit_code == 1
    assert "no journal in" in missing.output
    assert "no quarantine in" in run("-c", config, "--candidate", "rules", "quarantine").output
    mail.rename(tmp_path / "journal")
    assert "5 messages" in run("-c", config, "--candidate", "rules", "journal").output


def test_mbox_options_and_days(config: Path, tmp_path: Path) -> None:
    box = b"".join(b"From a@x Mon Mar  2 09:00:00 2026\n" + letter(SECRET, number=n) + b"\n" for n in range(3))
    (tmp_path / "box").write_bytes(box)
    words = ("-c", config, "--candidate", candidate(tmp_path, HARDER))
    changed, _ = rows(*words, tmp_path / "box")
    assert [r["path"].rpartition("#")[2] for r in changed] == ["1", "2", "3"]
    assert rows(*words, "--to", "nrobles2@milwaukee.gov", tmp_path / "box")[0] == []
    (row, *_), _ = rows(*words, "--from", "cdiaz@milwaukee.gov", "--on", "header", tmp_path / "box")
    assert (row["sender"], row["day"]) == ("cdiaz@milwaukee.gov", "2026-03-02")


def test_facts_are_those_of_the_day_that_was_said(config: Path, tmp_path: Path) -> None:
    header = "address,name,status,department,valid_from,valid_to\n"
    (tmp_path / "directory.csv").write_text(
        header + "dokafor@milwaukee.gov,Dana Okafor,employee,Comptroller,2026-03-01,\n"
    )
    (tmp_path / "a.eml").write_bytes(letter(SECRET))
    words = ("-c", config, "--candidate", candidate(tmp_path, HARDER), tmp_path / "a.eml")
    for on, department in (("header", "Comptroller"), ("2026-03-05", "Comptroller")):
        (row,), _ = rows("--on", on, *words)
        assert row["department"] == department


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Mon, 2 Mar 2026 23:30:00 -0600", "2026-03-03T05:30:00+00:00"),
        ("2 Mar 2026 09:00:00", "2026-03-02T09:00:00+00:00"),
        ("Mon, 2 Mar 2026\n 09:00:00 -0000", "2026-03-02T09:00:00+00:00"),
        ("yesterday", None),
        ("", None),
        ("Mon, 2 Mar 1926 09:00:00 +0000", None),
        ("Mon, 2 Mar 9999 23:00:00 -2300", None),
        ("Mon, 99 Mar 2026 99:99:99 +9999", None),
    ],
)
def test_the_date_of_a_message(written: str, day: str | None) -> None:
    content = letter("Date: Mon, 2 Mar 2020 09:00:00 +0000", date=written).replace(b"\n", b"\r\n")
    found = date_of(header_of(content))
    assert (found.isoformat() if found else None) == day


def test_a_date_that_is_still_to_come_is_no_date(config: Path, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(letter(SECRET, date="Mon, 2 Mar 2099 09:00:00 -0600"))
    words = ("-c", config, "--candidate", candidate(tmp_path, HARDER), "--on", "header", tmp_path / "a.eml")
    (row,), summary = rows(*words)
    assert row["day"] == ""
    assert summary["days"] == {}
    assert "1 messages have no date that can be true" in run(*words).output


@pytest.mark.parametrize("body", [SECRET, "hello"])
async def test_the_journal_tells_what_live_decided(tmp_path: Path, body: str) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    async with running(tmp_path) as gate:
        for number in range(3):
            await gate.send(f"{body} {number}", "lee@example.org")
    for number in range(2):
        head = "From: dokafor@milwaukee.gov\r\nTo: lee@example.org\r\nSubject: test\r\n\r\n"
        (folder / f"{number}.eml").write_bytes(f"{head}{body} {number}\r\n".encode())
    words = ("-c", tmp_path / "smtp-gate.yaml", "--candidate", candidate(tmp_path, HARDER))
    found, summary = await asyncio.to_thread(cold, *words, "--all", "journal", folder)
    assert summary["messages"] == 3
    if body == SECRET:
        # All three are still held, so their content is there without the folder.
        assert summary["as_recorded"] == {"yes": 3}
        assert [(r["change"], r["how"], r["joined"]) for r in found] == [("changed", "no facts", "sha256")] * 3
    else:
        assert sorted((r["how"], r["joined"]) for r in found) == [
            ("no facts", "sha256"), ("no facts", "sha256"), ("record", "")
        ]  # fmt: skip
        assert {r["change"] for r in found} == {"same"}
    wider = ("-c", tmp_path / "smtp-gate.yaml", "--candidate", candidate(tmp_path, WIDER, "wider"))
    _, summary = await asyncio.to_thread(cold, *wider, "journal", folder)
    assert summary["untold"] == ({} if body == SECRET else {"test.secret": 1})


async def test_rules_that_the_gate_has_not_taken_up_are_told(tmp_path: Path, mail: Path) -> None:
    async with running(tmp_path):
        pass
    words = ("-c", tmp_path / "smtp-gate.yaml", "--candidate", candidate(tmp_path, HARDER), mail)
    assert "other rules" not in (await asyncio.to_thread(told, *words))
    (tmp_path / "rules" / "test.yaml").write_text(WIDER)
    assert "the gate runs other rules than the settings' files hold now" in await asyncio.to_thread(told, *words)


async def test_held_mail_is_judged_as_it_was_received(tmp_path: Path) -> None:
    async with running(tmp_path) as gate:
        await gate.send(SECRET, "lee@example.org", "nrobles2@milwaukee.gov")
        await gate.send("hello", "lee@example.org")
    words = ("-c", tmp_path / "smtp-gate.yaml", "--candidate", candidate(tmp_path, SHADOW))
    (row,), summary = await asyncio.to_thread(cold, *words, "quarantine")
    assert summary["messages"] == 1
    assert (row["path"], row["change"]) == (f"quarantine {row['ref']}", "freed")
    assert [c["address"] for c in row["recipients"]] == ["lee@example.org"]
    assert row["day"]


async def test_content_that_passed_another_server_is_joined_by_message_id_unless_two_bear_it(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    async with running(tmp_path) as gate:
        await gate.send("hello", "lee@example.org")
    journal = next((tmp_path / "data" / "journal").glob("*.jsonl"))
    assert b'"message_id":""' in journal.read_bytes()
    async with running(tmp_path) as gate:

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", gate.port, "client.test") as client:
                client.sendmail("dokafor@milwaukee.gov", ["lee@example.org"], crlf(letter("hello", number=7)))

        await asyncio.to_thread(send)
    (folder / "a.eml").write_bytes(b"Received: from here\n" + letter("hello", number=7))
    words = ("-c", tmp_path / "smtp-gate.yaml", "--candidate", tmp_path / "rules", "journal", folder)
    _, summary = await asyncio.to_thread(cold, *words)
    assert summary["joined"] == {"message-id": 1}
    assert summary["as_recorded"] == {}
    (folder / "b.eml").write_bytes(b"Received: from there\n" + letter("hello", number=7))
    _, summary = await asyncio.to_thread(cold, *words)
    assert summary["joined"] == {}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "smtp_gate", "replay", *(str(w) for w in words)]


def told(*words: str | Path) -> str:
    """What people see, from a process of its own."""
    done = subprocess.run(command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    return done.stdout


def cold(*words: str | Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """As `rows`, in a process of its own."""
    done = subprocess.run(command("--json", *words), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return found[:-1], found[-1]


def steady(summary: dict[str, Any]) -> dict[str, Any]:
    """A summary without what the clock says."""
    return {k: v for k, v in summary.items() if k not in {"seconds", "rate"}}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_ended_goes_on_and_tells_the_same(config: Path, tmp_path: Path, how: signal.Signals) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for number in range(400):
        body = SECRET if number % 7 == 0 else "hello " * 2000
        (folder / f"{number:04}.eml").write_bytes(letter(body, number=number))
    state = tmp_path / "state.jsonl"
    words = ("-c", config, "--candidate", candidate(tmp_path, HARDER), "--state", state, "--json", folder)
    with subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not state.exists() or state.read_bytes().count(b"\n") < 20:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(how)
        assert process.wait(30) == (1 if how is signal.SIGINT else -how)
    kept = state.read_bytes().count(b"\n") - 1
    assert 19 <= kept < 400
    again = subprocess.run(command(*words), capture_output=True, text=True, timeout=60)
    assert again.returncode == 0
    assert "messages of an earlier run are taken over" in again.stderr
    words = ("-c", config, "--candidate", tmp_path / "candidate", "--state", tmp_path / "other", "--json", folder)
    whole = subprocess.run(command(*words), capture_output=True, text=True, timeout=60)
    one, other = again.stdout.splitlines(), whole.stdout.splitlines()
    assert one[:-1] == other[:-1]
    assert len(one) == 58 + 1
    assert steady(json.loads(one[-1])) == steady(json.loads(other[-1]))


def test_a_finished_run_leaves_nothing_beside_the_gates_data(config: Path, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert run("-c", config, "--candidate", tmp_path / "rules", mail).exit_code == 0
    assert list((tmp_path / "data" / "replay").iterdir()) == []
    assert (tmp_path / "data" / "replay").stat().st_mode & 0o777 == 0o700


def test_a_state_of_other_rules_is_begun_anew_with_a_word_and_a_foreign_file_is_refused(
    config: Path, mail: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    words = ("-c", config, "--state", state)
    assert run(*words, "--candidate", tmp_path / "rules", mail).exit_code == 0
    shown = run(*words, "--candidate", candidate(tmp_path, HARDER), mail)
    assert "is begun anew: it is of other rules" in shown.output
    assert "2 changed" in shown.output
    state.write_text("dear diary\n")
    assert run(*words, "--candidate", tmp_path / "rules", mail).exit_code == 2
    assert state.read_text() == "dear diary\n"


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_output_is_the_same_with_any_number_of_workers(config: Path, mail: Path, tmp_path: Path, jobs: str) -> None:
    words = ("-c", config, "--candidate", candidate(tmp_path, HARDER), "--all")
    found, summary = rows(*words, "--jobs", jobs, mail)
    other, same = rows(*words, "--jobs", "2", mail)
    assert (found, steady(summary)) == (other, steady(same))
    assert [r["path"] for r in found] == [f"{mail}/{n}.eml" for n in range(5)]
    assert len({r["id"] for r in found}) == 5


def test_each_side_of_all_rows_is_what_explain_says(config: Path, mail: Path, tmp_path: Path) -> None:
    found, _ = rows("-c", config, "--candidate", candidate(tmp_path, HARDER), "--all", mail)
    told = CliRunner().invoke(main, ["explain", "-c", str(config), "--json", str(mail)]).stdout.splitlines()
    for row, line in zip(found, told, strict=True):
        said = json.loads(line)
        assert {c["address"]: c["before"] for c in row["recipients"]} == said["recipients"]
        assert row["findings_before"] == said["findings"]


def test_a_report_is_not_written_through_a_link_that_lies_in_wait(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.write_text("of ours")
    (tmp_path / ".report.html.new").symlink_to(ours)
    write_report(tmp_path / "report.html", Tally(), Compared("sha256:a", "sha256:b", ()), utc_now())
    assert ours.read_text() == "of ours"
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert not (tmp_path / "report.html").is_symlink()


def test_a_damaged_line_of_a_state_is_said_and_its_messages_are_judged_again(
    config: Path, mail: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    words = ("-c", config, "--state", state, "--candidate", candidate(tmp_path, HARDER), mail)
    whole = run(*words)
    lines = state.read_text().splitlines(keepends=True)
    broken = json.loads(lines[2]) | {"recipients": "nobody"}
    state.write_text("".join((*lines[:2], json.dumps(broken) + "\n", *lines[3:])))
    again = run(*words)
    assert again.exit_code == whole.exit_code
    assert f"{state}: line 3 is cut off or damaged" in again.stderr
    assert "1 messages of an earlier run are taken over" in again.stderr
    assert sorted(state.read_text().splitlines(keepends=True)) == sorted(lines)
