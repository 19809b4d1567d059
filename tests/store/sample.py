"""Messages with a secret in every corner, and judgements of them, for the tests of what is written down."""

from dataclasses import replace
from datetime import date

from smtp_gate.core.facts import Account, Facts, directory
from smtp_gate.core.finding import Failure, Finding
from smtp_gate.core.message import Client, Envelope, Message, Proof, Recipient
from smtp_gate.core.verdict import Disposition, Exemption, Judgement, Mode, Result, Terms, decide
from smtp_gate.core.view import Reason, Region, RegionKind, Unscannable
from tests.builders import envelope, message, path

SECRET = "219-09-9999"
DANA = Account(
    "dokafor@milwaukee.gov",
    name="Dana Okafor",
    person="p-100",
    department="Comptroller",
    groups=frozenset({"finance", "audit"}),
    personal=("dana.okafor@example.net",),
    valid_from=date(2020, 1, 6),
)
WAIVED = Exemption(frozenset({2}), "waiver-7", 1, "T-7", "cio")


def full_envelope() -> Envelope:
    plain = envelope(to=("lee@example.org", "kim@example.net", "ana@milwaukee.gov"), account="dokafor@milwaukee.gov")
    odd = Recipient(path("müller@example.org"), (b"NOTIFY=SUCCESS,DELAY", b"ORCPT=rfc822;m\xc3\xbcller+40example.org"))
    client = Client(
        "192.0.2.7",
        41234,
        "mail.\ud800",
        account="dokafor",
        proof=Proof.AUTH,
        tls="TLSv1.3",
        forwarded=(("NAME", "a"),),
    )
    return replace(
        plain,
        recipients=(*plain.recipients, odd),
        client=client,
        sender_params=(b"SIZE=12", b"BODY=8BITMIME", b"ENVID=q\xff"),
    )


def secret_message(ref: str = "TESTREF0001") -> Message:
    headers = f"From: Dana <dokafor@milwaukee.gov>\nSubject: SSN {SECRET}\nMessage-ID: <{SECRET}@x>\nX-Note: {SECRET}"
    return message(f"My number is {SECRET}.\r\n.\r\n..two", headers=headers, env=full_envelope(), ref=ref)


def judgement(of: Message) -> Judgement:
    """Two held, one accepted, one spared; findings enforced and in shadow, a failure, a fact, and an attachment."""
    held = Finding(Region(RegionKind.OWN), "***-**-9999", "us_ssn", "high", "1", 2, frozenset({0, 3}))
    named = Finding(Region(RegionKind.ATTACHMENT, f"{SECRET}.zip!b.docx"), "***-**-9999", "us_ssn", "low", "2")
    terms = Terms(Disposition.QUARANTINE, message="say it otherwise")
    everyone = frozenset(range(len(of.envelope.recipients)))
    results = (
        Result("pii.ssn", "sensitive", terms, everyone, (held,), exempt=(WAIVED,)),
        Result("pii.shadow", "sensitive", replace(terms, mode=Mode.SHADOW), everyone, (named,)),
        Result(
            "id.spoof",
            "identity",
            replace(terms, on_error=Disposition.ACCEPT),
            everyone,
            failure=Failure("crash", SECRET),
        ),
    )
    parts = (Unscannable("2", Region(RegionKind.ATTACHMENT, "b.docx"), Reason.ENCRYPTED, "zip"),)
    facts = Facts(
        {
            directory("dokafor@milwaukee.gov"): DANA,
            directory("x@example.org"): None,
            directory("y@example.org"): Failure("timeout", "facts"),
        }
    )
    return Judgement(
        decide(results, of.envelope), facts, "sha256:test", 0.004, f"<{SECRET}@x>", ("bare_boundary@2",), parts
    )


def plain(ref: str = "TESTREF0001") -> tuple[Message, Judgement]:
    """A harmless message that is accepted."""
    told = message(ref=ref)
    return told, Judgement(decide((), told.envelope), Facts(), "sha256:test")
