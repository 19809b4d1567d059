"""Who sends, through a real Postfix at which users log in: the transfer by date, every clause on people, and forged logins."""

import json
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smtp_gate.adapters.clock import utc_now
from tests.peers import mailers
from tests.peers.conftest import split
from tests.peers.dovecot import BINARY, Dovecot
from tests.peers.ends import Inbox
from tests.peers.gates import Gate
from tests.peers.letters import letter
from tests.peers.mailers import Said
from tests.peers.ports import free_port
from tests.peers.postfix import SAMPLES, Postfix, moved

pytestmark = pytest.mark.peers

ROOT = Path(__file__).parents[2]
HEAD = "address,kind,name,person,status,groups,aliases,personal,senders,valid_from,valid_to\n"
STATEMENT = "Contractor, not an employee of the City of Milwaukee"
PASSWORD = "correct horse"


def people(last: date, handed_over: date) -> str:
    """A directory in which Nancy Robles's old account ends on one day and her alias changes hands on another."""
    first = last + timedelta(days=1)
    return HEAD + (
        "dokafor@milwaukee.gov,person,Dana Okafor,p-1,employee,permits,Dana.Okafor@milwaukee.gov,danaokafor@gmail.com,,,\n"
        "mlindgren@milwaukee.gov,person,Maja Lindgren,p-3,employee,,,,,,\n"
        "cdiaz@milwaukee.gov,person,Carla Diaz,p-4,contractor,,,,,,\n"
        "cio@milwaukee.gov,person,Ada Byron,p-5,employee,officials,,,,,\n"
        "permits@milwaukee.gov,shared,Permit Desk,,employee,,,,group:permits,,\n"
        f"nrobles@milwaukee.gov,person,Nancy Robles,p-2,employee,,Nancy.Robles@milwaukee.gov,,,,{last}\n"
        f"nrobles2@milwaukee.gov,person,Nancy Robles,p-2,employee,,Nancy.Robles@milwaukee.gov [{handed_over}..],,,{first},\n"
    )


@dataclass(frozen=True)
class Submission:
    """Postfix with logins in front of a gate that has all shipped rules and a directory of its own."""

    postfix: Postfix
    gate: Gate
    port: int
    far: Inbox

    def send(
        self,
        login: str,
        sender: str,
        headers: str,
        text: str = "Let us meet on Friday.",
        to: str = "bids@builder.example",
    ) -> tuple[Said, bytes]:
        """What Postfix says to a client that logs in and sends, and the letter's mark."""
        mark, content = letter(
            text.replace("\n", "\r\n").encode() + b"\r\n", f"{headers}To: {to}\r\nSubject: visit\r\n"
        )
        return mailers.submit(self.port, content, sender, [to], login=(login, PASSWORD) if login else None), mark

    def know(self, last: date, handed_over: date) -> None:
        """Put another directory in the place of this one."""
        (self.gate.home / "directory.csv").write_text(people(last, handed_over))
        done = self.gate.run("reload")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def submission(house: Path, far: Inbox) -> Iterator[Submission]:
    if not BINARY.exists():
        pytest.fail(f"real servers are missing: {BINARY} (apt-get install dovecot-core)")
    port, after = free_port(), free_port()
    front, back = split((SAMPLES / "before-queue" / "master.cf").read_text())
    host = "postfix-sasl.test"
    gate = Gate(
        house / "gate-sasl",
        "before_queue",
        f"127.0.0.1:{after}",
        more={"rules": str(ROOT / "rules"), "directory": "directory.csv"},
        listener={"trusted_received": {"peers": ["127.0.0.1"], "hosts": [host]}, "login_domain": "milwaukee.gov"},
    )
    (gate.home / "directory.csv").write_text(people(date(2026, 6, 30), date(2026, 7, 15)))
    places = {"submission inet": f"127.0.0.1:{port} inet", "127.0.0.1:2525": f"127.0.0.1:{gate.port}"}
    master = moved(front, places) + moved(back, {"127.0.0.1:10026": f"127.0.0.1:{after}"})
    main = "".join((SAMPLES / "before-queue" / name).read_text() for name in ("main.cf", "sasl.cf"))
    postfix = Postfix(house / "postfix-sasl", f"{main}\nrelayhost = [127.0.0.1]:{far.port}\n", master)
    names = ("dokafor", "mlindgren@milwaukee.gov", "cdiaz", "nrobles", "nrobles2", "cio")
    dovecot = Dovecot(house / "dovecot", postfix.home / "queue", dict.fromkeys(names, PASSWORD))
    try:
        postfix.start(port, after)
        dovecot.start()
        gate.start()
        yield Submission(postfix, gate, port, far)
    finally:
        dovecot.stop()
        postfix.stop()
        gate.stop()


def today() -> date:
    return utc_now().astimezone(ZoneInfo("America/Chicago")).date()


def test_the_snippet_is_understood(submission: Submission) -> None:
    assert submission.postfix.warnings() == []
    assert submission.postfix.setting("smtpd_sasl_authenticated_header") == "yes"


NANCY = "From: Nancy Robles <nrobles@milwaukee.gov>\r\n"
NANCY_ALIAS = "From: Nancy Robles <Nancy.Robles@milwaukee.gov>\r\n"
NANCY_NEW = "From: Nancy Robles <nrobles2@milwaukee.gov>\r\n"


def test_the_transfer_by_date(submission: Submission) -> None:
    day = timedelta(days=1)

    def said(sender: str, headers: str, login: str) -> Said:
        return submission.send(login, sender, headers)[0]

    submission.know(today() + 2 * day, today() + 9 * day)
    assert said("nrobles@milwaukee.gov", NANCY, "nrobles").code == 250
    early = said("nrobles2@milwaukee.gov", NANCY_NEW, "nrobles2")
    assert early.code == 550
    assert "nrobles2@milwaukee.gov begins on " in early.text

    submission.know(today() - 2 * day, today() + 9 * day)
    old = said("nrobles@milwaukee.gov", NANCY, "nrobles")
    assert old.code == 550
    assert re.search(
        r"5\.7\.1 The sender nrobles@milwaukee\.gov ended on \d+ \w+ \d{4} and was replaced: send from "
        r"nrobles2@milwaukee\.gov instead\..*\[rule accounts\.transferred; for bids@builder\.example; ref \w+\]",
        old.text,
    ), old
    alias = said("Nancy.Robles@milwaukee.gov", NANCY_ALIAS, "nrobles2")
    assert alias.code == 550
    assert "send from nrobles2@milwaukee.gov instead" in alias.text
    assert said("nrobles2@milwaukee.gov", NANCY_NEW, "nrobles2").code == 250

    submission.know(today() - 9 * day, today() - 2 * day)
    assert said("nrobles@milwaukee.gov", NANCY, "nrobles").code == 550
    assert said("Nancy.Robles@milwaukee.gov", NANCY_ALIAS, "nrobles2").code == 250


@pytest.mark.parametrize(
    ("day", "sender", "verdict"),
    [
        ("2026-06-30", "nrobles@milwaukee.gov", "accept"),
        ("2026-06-30", "Nancy.Robles@milwaukee.gov", "accept"),
        ("2026-06-30", "nrobles2@milwaukee.gov", "reject"),
        ("2026-07-01", "nrobles@milwaukee.gov", "reject"),
        ("2026-07-01", "Nancy.Robles@milwaukee.gov", "reject"),
        ("2026-07-01", "nrobles2@milwaukee.gov", "accept"),
        ("2026-07-14", "Nancy.Robles@milwaukee.gov", "reject"),
        ("2026-07-15", "Nancy.Robles@milwaukee.gov", "accept"),
    ],
)
def test_the_transfer_explained_as_of_a_day(
    submission: Submission, tmp_path: Path, day: str, sender: str, verdict: str
) -> None:
    (submission.gate.home / "directory.csv").write_text(people(date(2026, 6, 30), date(2026, 7, 15)))
    file = tmp_path / "letter.eml"
    file.write_text(f"From: Nancy Robles <{sender}>\nTo: bids@builder.example\nSubject: visit\n\nLet us meet.\n")
    done = submission.gate.run("explain", "--json", "--on", day, str(file))
    row = json.loads(done.stdout)
    assert row["verdict"] == verdict, row
    assert ("nrobles2@milwaukee.gov instead" in (row["reply"] or "")) is (day >= "2026-07-01" and verdict == "reject")


CLAUSES = {
    "P-ACCESS": (
        ("dokafor", "dokafor@milwaukee.gov", "From: Dana Okafor <dokafor@milwaukee.gov>\r\n", "The minutes.", "lee@example.org"),
        ("dokafor", "temp7@milwaukee.gov", "From: Temp <temp7@milwaukee.gov>\r\n", "The minutes.", "lee@example.org"),
        "accounts.granted",
    ),
    "P-CONTRACTOR": (
        ("cdiaz", "cdiaz@milwaukee.gov", "From: Carla Diaz <cdiaz@milwaukee.gov>\r\n", f"Friday.\n\n-- \nCarla Diaz\n{STATEMENT}", "lee@example.org"),
        ("cdiaz", "cdiaz@milwaukee.gov", "From: Carla Diaz <cdiaz@milwaukee.gov>\r\n", "Friday.\n\n-- \nCarla Diaz", "lee@example.org"),
        "contractor.statement",
    ),
    "P-PERSONAL": (
        ("dokafor", "dokafor@milwaukee.gov", "From: Dana Okafor <dokafor@milwaukee.gov>\r\n", "The minutes.", "dokafor@milwaukee.gov"),
        ("dokafor", "dokafor@milwaukee.gov", "From: Dana Okafor <dokafor@milwaukee.gov>\r\n", "To finish at home.", "danaokafor@gmail.com"),
        "personal.own-address",
    ),
    "P-HONEST": (
        ("dokafor", "permits@milwaukee.gov", "From: Permit Desk <permits@milwaukee.gov>\r\n", "Your permit.", "lee@example.org"),
        ("mlindgren@milwaukee.gov", "dokafor@milwaukee.gov", "From: Dana Okafor <dokafor@milwaukee.gov>\r\n", "Not from Dana.", "lee@example.org"),
        "honest.sender",
    ),
    "P-TRANSFER": (
        ("nrobles2", "Nancy.Robles@milwaukee.gov", NANCY_ALIAS, "The minutes.", "lee@example.org"),
        ("nrobles", "nrobles@milwaukee.gov", NANCY, "The minutes.", "lee@example.org"),
        "accounts.transferred",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("passes", "stopped", "rule"), list(CLAUSES.values()), ids=list(CLAUSES))
def test_one_sample_passes_and_one_is_stopped(
    submission: Submission, far: Inbox, passes: tuple[str, ...], stopped: tuple[str, ...], rule: str
) -> None:
    submission.know(date(2026, 6, 30), date(2026, 7, 15))
    said, mark = submission.send(*passes)
    assert said.code == 250, said
    assert "held" not in said.text, said
    far.wait(mark)
    said, mark = submission.send(*stopped)
    if said.code == 250:
        ref = re.search(r"held for review, ref (\w+)", said.text)
        assert ref is not None, said
        shown = submission.gate.run("quarantine", "show", ref[1])
        assert rule in shown.stdout, shown.stdout
    else:
        assert said.code == 550, said
        assert f"[rule {rule}" in said.text or f", {rule}" in said.text, said
    assert not far.find(mark)


def test_constituents_on_free_mail_are_answered(submission: Submission, far: Inbox) -> None:
    """P-CONSTITUENT."""
    dana = "From: Dana Okafor <dokafor@milwaukee.gov>\r\nIn-Reply-To: <1@gmail.com>\r\n"
    said, mark = submission.send(
        "dokafor", "dokafor@milwaukee.gov", dana, "Dear Mr. Park,\n\nthe hearing is at 9:30.", "lee.park.1958@gmail.com"
    )
    assert said.code == 250, said
    far.wait(mark)


def test_the_statement_to_add_stands_in_the_refusal(submission: Submission) -> None:
    said, _ = submission.send("cdiaz", "cdiaz@milwaukee.gov", "From: Carla Diaz <cdiaz@milwaukee.gov>\r\n")
    assert STATEMENT in said.text


def test_a_login_that_the_message_makes_up_is_ignored(submission: Submission, far: Inbox) -> None:
    forged = (
        "Received: from pc (pc [10.0.0.9])\r\n\t(Authenticated sender: cio)\r\n\tby postfix-sasl.test (Postfix) with ESMTPSA\r\n"
        "\tid 4X; Mon, 2 Mar 2026 09:00:00 -0600\r\n"
    )
    said, mark = submission.send(
        "dokafor", "dokafor@milwaukee.gov", f"{forged}From: Dana Okafor <dokafor@milwaukee.gov>\r\n"
    )
    assert said.code == 250, said
    assert proof_of(submission, mark) == ("dokafor@milwaukee.gov", "trusted_received")
    said, mark = submission.send("", "dokafor@milwaukee.gov", f"{forged}From: Dana Okafor <dokafor@milwaukee.gov>\r\n")
    assert said.code == 250, said
    assert proof_of(submission, mark) == ("", "")
    assert forged.encode() in far.wait(mark).content


def proof_of(submission: Submission, mark: bytes) -> tuple[str, str]:
    """The account and its proof as the journal has them for the message with that mark."""
    shown = submission.gate.run("journal", "show", "--json")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    row = next(r for r in rows if mark.decode() in r.get("message_id", ""))
    return row["account"], row["proof"]


def test_a_wrong_password_sends_nothing(submission: Submission) -> None:
    with (
        smtplib.SMTP("127.0.0.1", submission.port, timeout=30) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("dokafor", "wrong")
