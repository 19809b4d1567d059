"""What a rule asked and what it was answered, in the journal's words: no name and no private address."""

from collections.abc import Iterator, Mapping

from smtp_gate.core.facts import Fact, FactKey, Facts
from smtp_gate.core.finding import Failure
from smtp_gate.core.record import AccountRow, FactRow, fact_rows
from smtp_gate.core.verdict import Judgement, Verdict

_GROUPS = 5


def answers(facts: Facts, keys: frozenset[FactKey]) -> Iterator[str]:
    """One line a question that was asked, in a stable order: `directory a@b.c: known, employee, person, current`."""
    known: Mapping[FactKey, Fact | Failure] = {key: facts.answers[key] for key in keys if key in facts.answers}
    for row in fact_rows(Judgement(Verdict(()), Facts(known), "")):
        yield _said(row)


def _said(row: FactRow) -> str:
    said = row["answer"] + (f" ({row['cause']})" if row["cause"] else "")
    if row["entry"]:
        said += f", by {row['entry']}"
    if row["account"] is not None:
        said += f", {_account(row['account'])}"
    return f"{row['source']} {row['subject']}".strip() + f": {said}"


def _account(account: AccountRow) -> str:
    said = [account["status"], account["kind"], account["standing"].replace("_", " ")]
    said += [f"from {account['valid_from']}"] if account["valid_from"] else []
    said += [f"to {account['valid_to']}"] if account["valid_to"] else []
    said += [f"now {account['successor']}"] if account["successor"] else []
    groups = account["groups"]
    said += [f"in {', '.join(groups[:_GROUPS])}{' ...' if len(groups) > _GROUPS else ''}"] if groups else []
    return ", ".join(said)
