"""The policy's clauses: their ids, what they ask in our words, and what of it a mail gate can serve."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from smtp_gate.examine import Rule


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `meaning` in one line, the `families` whose rules serve it, what serves it `beside` rules.

    `to_come` names what is meant to serve it and is not there yet.
    """

    id: str
    meaning: str
    families: tuple[str, ...] = ()
    beside: str = ""
    to_come: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A sentence of the policy that no mail gate can see, and what the gate contributes, or will (`to_come`)."""

    clause: str
    duty: str
    contribution: str
    to_come: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """A clause with the rules that serve it."""

    clause: Clause
    rules: tuple[Rule, ...]


_CLAUSES: Final = (
    Clause("P-ACCESS", "only people with a current account send mail", ("accounts",)),
    Clause("P-CONTRACTOR", "contractors say in their signature block that they are not employees", ("signature",)),
    Clause("P-PERSONAL", "official business is not done from or to one's own outside account", ("personal_address",)),
    Clause("P-CONSTITUENT", "ordinary mail to constituents passes, free-mail or not", ("personal_address",)),
    Clause("P-LAWFUL", "no illegal activity, business for profit or campaigning", (), to_come="rules on wording"),
    Clause("P-DECENT", "nothing scandalous, defamatory, obscene or immoral", (), to_come="rules on wording"),
    Clause("P-IP", "nobody's intellectual property is violated", (), to_come="rules on wording and attachments"),
    Clause("P-HONEST", "senders are who they say they are", ("identity", "accounts", "personal_address")),
    Clause("P-INCIDENTAL", "incidental personal use stays small", ("personal_address",), to_come="rules on volume"),
    Clause(
        "P-PROPERTY",
        "all mail belongs to the city and may be examined",
        (),
        to_come="archive search, each look recorded",
    ),
    Clause("P-SENSITIVE", "confidential or sensitive information leaves only encrypted", ("sensitive",)),
    Clause("P-PASSWORD", "passwords are not shared", ("credentials",)),
    Clause("P-ENCRYPT", "who must send such information is told how to encrypt it", (), "the way out in each refusal"),
    Clause("P-OPAQUE", "encrypted mail is kept in a form that can be searched", (), to_come="rules on encryption"),
    Clause("P-ARCHIVE", "every message sent or received is archived", (), to_come="the archive"),
    Clause(
        "P-RETAIN",
        "mail stays kept and searchable as long as its retention lasts",
        (),
        to_come="retention and legal hold",
    ),
    Clause("P-TRANSFER", "a transferred employee sends from the new account", ("accounts",)),
    Clause(
        "P-MALWARE",
        "links and attachments are treated with extreme caution",
        ("links",),
        to_come="rules on attachments",
    ),
    Clause("P-CONSEQUENCE", "violations can be shown and answered for", (), "the journal"),
)

CLAUSES: Final = {c.id: c for c in _CLAUSES}
"""Every clause that a rule may name in `policy`."""

PROCEDURES: Final = (
    Procedure(
        "P-ACCESS", "departments ask the IT division for accounts", "refuses mail from accounts that nobody granted"
    ),
    Procedure("P-CONTRACTOR", "departments avoid accounts for contractors", "shows which contractors send mail"),
    Procedure("P-PERSONAL", "nobody does city business wholly outside", "sees only mail that touches a city account"),
    Procedure(
        "P-INCIDENTAL", "departments judge whether personal use impairs the job", "gives them figures", to_come=True
    ),
    Procedure(
        "P-PASSWORD",
        "access during a leave is arranged through the help desk",
        "names that way in its reply",
    ),
    Procedure("P-ENCRYPT", "who needs encryption asks the IT division for instructions", "says so in its reply"),
    Procedure("P-OPAQUE", "the city user saves encrypted mail to a file system", "reminds of the duty", to_come=True),
    Procedure(
        "P-TRANSFER",
        "a transferred employee forwards old correspondence",
        "names the new address in its reply",
    ),
    Procedure("P-MALWARE", "users verify a suspicious message with its sender", "holds what it can tell itself"),
    Procedure("P-CONSEQUENCE", "discipline is decided by people", "keeps the record they decide on"),
)
"""What stays with people."""


def coverage(rules: Iterable[Rule]) -> tuple[Coverage, ...]:
    """Every clause in the policy's order with the rules that name it."""
    kept = tuple(rules)
    return tuple(Coverage(c, tuple(r for r in kept if c.id in r.policy)) for c in _CLAUSES)
