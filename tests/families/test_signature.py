"""The contractor's statement counts in the signature of the own text, in any ordinary spelling, and nowhere else."""

from dataclasses import replace

import pytest

from smtp_gate.core.facts import Account
from smtp_gate.core.message import Client, Proof
from smtp_gate.families.signature import SignatureParams, family
from tests.builders import envelope
from tests.families.seen import CARLA, DANA, knowing, seen

HEAD = "From: Carla Diaz <cdiaz@milwaukee.gov>\nTo: bids@builder.example\nSubject: visit\n"
LINE = "Contractor, not an employee of the City of Milwaukee"
FROM_CARLA = envelope("cdiaz@milwaukee.gov")


def missing(text: str, *accounts: Account, headers: str = "") -> bool:
    view = seen(HEAD + headers + "\n" + text, FROM_CARLA)
    return bool(list(family.check(view, knowing(*(accounts or (CARLA,))), SignatureParams())))


@pytest.mark.parametrize(
    "signature",
    [
        f"-- \nCarla Diaz\n{LINE}",
        f"--\nCarla Diaz\n{LINE.upper()}",
        "Regards,\nCarla Diaz\ncontractor - not an employee\nof the city of Milwaukee",
        "-- \nCarla\nNON-CITY EMPLOYEE",
        "-- \nCarla\nNot a City Employee.",
    ],
)
def test_the_statement_in_any_ordinary_spelling_is_enough(signature: str) -> None:
    assert not missing(f"Friday is fine.\n\n{signature}\n")


def test_without_it_the_finding_says_what_is_missing() -> None:
    view = seen(HEAD + "\nFriday is fine.\n\n-- \nCarla Diaz\n", FROM_CARLA)
    (finding,) = family.check(view, knowing(CARLA), SignatureParams())
    assert (finding.detail, finding.evidence) == ("statement_missing", "contractor without statement")


def test_a_statement_in_the_quoted_thread_does_not_count() -> None:
    quoted = f"On Mon, Mar 2, 2026 at 9:00 AM Sam <sam@milwaukee.gov> wrote:\n> Hello\n> -- \n> Sam\n> {LINE}\n"
    assert missing(f"Friday is fine.\n\nCarla\n\n{quoted}")
    assert not missing(f"Friday is fine.\n\n-- \nCarla\n{LINE}\n\n{quoted}")


def test_html_mail_is_read_as_people_see_it() -> None:
    html = f"<p>Friday is fine.</p><p>Carla Diaz<br>{LINE.replace('not an', 'not&nbsp;an')}</p>"
    assert not missing(html, headers="Content-Type: text/html; charset=utf-8\n")
    assert missing("<p>Friday is fine.</p><p>Carla Diaz</p>", headers="Content-Type: text/html; charset=utf-8\n")


@pytest.mark.parametrize(
    "account",
    [
        DANA,
        replace(CARLA, status="employee"),
        replace(CARLA, kind="shared"),
        replace(CARLA, kind="service"),
    ],
)
def test_employees_and_accounts_of_nobody_are_not_asked(account: Account) -> None:
    assert not missing("Friday is fine.", replace(account, address="cdiaz@milwaukee.gov"))


@pytest.mark.parametrize("status", ["contractor", "vendor", "agent"])
def test_every_status_of_the_policy_is_asked(status: str) -> None:
    assert missing("Friday is fine.", replace(CARLA, status=status))


@pytest.mark.parametrize("headers", ["Auto-Submitted: auto-replied\n", "Content-Type: text/calendar; method=REPLY\n"])
def test_what_carries_no_signature_is_exempt(headers: str) -> None:
    assert not missing("Friday is fine.", headers=headers)


def test_the_proven_account_is_asked_before_the_envelope_sender() -> None:
    client = Client("127.0.0.1", account="cdiaz@milwaukee.gov", proof=Proof.AUTH)
    view = seen(HEAD + "\nFriday.\n", replace(envelope("dokafor@milwaukee.gov"), client=client))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]
