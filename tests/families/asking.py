"""Facts for families that ask of feeds: the questions a view raises, answered from accounts and the shipped lists."""

from functools import cache

from smtp_gate.adapters.feeds import PlainDomains
from smtp_gate.core.facts import Account, FactKey, Facts
from smtp_gate.core.feeds import PREFIX, Feeds
from smtp_gate.ruleset.packs import shipped_rules
from smtp_gate.server.feeds import SHIPPED
from tests.families.seen import knowing


@cache
def shipped_feeds() -> Feeds:
    """The lists that are shipped."""
    folder = shipped_rules()
    assert folder is not None
    return Feeds({name: PlainDomains((folder / "feeds" / file).read_bytes()) for name, file in SHIPPED.items()})


def answered(keys: tuple[FactKey, ...], *accounts: Account) -> Facts:
    """Answers to exactly these questions."""
    asked = {k for k in keys if k.source.startswith(PREFIX)}
    known = knowing(*accounts).answers
    people = {k: known.get(k) for k in keys if k not in asked}
    return Facts({**people, **shipped_feeds().answer(asked)})
