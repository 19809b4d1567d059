"""The family `accounts`: mail leaves only from accounts that the city has granted and not ended."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts, Standing, known_directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.message import Direction
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.families import passing, senders
from smtp_gate.families.base import Meanings, Params
from smtp_gate.families.senders import Who

SIGNALS: Final = {
    "unknown": "nobody's address",
    "not_yet": "an account before its first day",
    "ended": "an account after its last day",
    "transferred": "an account that has ended and whose person has another address now, which {what} names",
    "foreign": "an outsider whose mail nothing explains: no forward and no list of the city",
    "anybody": "every sender, for rules that let only some write to somebody: `unless` says who may",
}
Signal = Annotated[Literal["unknown", "not_yet", "ended", "transferred", "foreign", "anybody"], Meanings(SIGNALS)]
AUTOMATIC: Final = {
    "spare": "an automatic reply with the null sender, to one who wrote, may still come from an account that has ended",
    "ask": "it may not",
}
ENVELOPE: Final = Region(RegionKind.HEADER, "envelope")
FROM: Final = Region(RegionKind.HEADER, "from")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class AccountsParams(Params):
    """Whether the sender is a current account of the directory. Without a directory it knows nobody and finds nothing.

    Domains below ours count as ours, so what sends from them stands in the directory.
    """

    signals: Annotated[tuple[Signal, ...], Field(min_length=1)] = ("unknown", "not_yet", "ended", "transferred")
    """Whose mail does not leave; `foreign` and `anybody` count only where they are named."""
    system: tuple[str, ...] = ("mailer-daemon", "postmaster", "double-bounce", "root", "nobody")
    """Local parts that mail servers write reports and other automatic mail under, which are nobody's accounts."""
    automatic_replies: Annotated[Literal["spare", "ask"], Meanings(AUTOMATIC)] = "spare"
    """What becomes of automatic replies of accounts that have ended, which say so to whoever writes to them."""


class AccountsFamily:
    """Looks at the login, the envelope sender and, where that is null, the author. Knows nothing without a directory."""

    name = "accounts"
    schema = AccountsParams
    reads_content = False

    def detectors(self, params: AccountsParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: AccountsParams) -> Collection[FactKey]:
        """Whether there is a directory, and the accounts of everybody who may be the sender."""
        keys = {known_directory(), *senders.questions(view)}
        if "foreign" in params.signals:
            keys.update(passing.questions(view))
        return keys

    def check(self, view: MessageView, facts: Facts, params: AccountsParams) -> Iterable[Finding]:
        """One finding for each address that may not send now."""
        if view.envelope.listener.direction is Direction.INBOUND:
            return ()
        if "anybody" in params.signals:
            said = "this sender may not write to these recipients"
            return (Finding(ENVELOPE, "any sender", detail="anybody", said=said),)
        if not facts.has_directory:
            return ()
        return tuple(dict.fromkeys(_findings(view, facts, params)))


def _findings(view: MessageView, facts: Facts, params: AccountsParams) -> Iterator[Finding]:
    login, sender = senders.login(view, facts), senders.sender(view, facts)
    if login is not None:
        yield from _of(login, ENVELOPE, params)
    if sender is None:
        for who in _authors(view, facts):
            if not (_has_ended(who) and _may_reply(view, params)):
                yield from _of(who, FROM, params, spared=params.system)
    elif senders.is_ours(view, sender.domain):
        spared = params.system if senders.is_automatic(view) else ()
        yield from _of(sender, ENVELOPE, params, spared=spared)
        if sender.account is not None and sender.account.kind in {"list", "forward"}:
            # Behind a list nobody else tells that its author's account has ended.
            yield from (f for who in _authors(view, facts) if who.account is not None for f in _of(who, FROM, params))
    if sender is not None and "foreign" in params.signals and not passing.explains(view, facts):
        # Anybody can write an address that looks rewritten; a forward leaves its own marks beside it.
        if senders.is_rewritten(view):
            yield _finding(sender, ENVELOPE, "foreign", "is rewritten, and no forward explains it")
        elif not senders.is_ours(view, sender.domain):
            yield _finding(sender, ENVELOPE, "foreign", "is no address of the city, and no forward or list explains it")


def _authors(view: MessageView, facts: Facts) -> Iterator[Who]:
    return (who for who in senders.named(view, facts, "from") if senders.is_ours(view, who.domain))


def _of(who: Who, region: Region, params: AccountsParams, spared: tuple[str, ...] = ()) -> Iterator[Finding]:
    """What the directory holds against this sender."""
    account = who.account
    if account is None:
        if "unknown" in params.signals and who.local.casefold() not in spared:
            yield _finding(who, region, "unknown", "is no account of the city")
    elif account.standing is Standing.NOT_YET:
        if "not_yet" in params.signals:
            yield _finding(who, region, "not_yet", f"begins on {spoken(account.valid_from)}")
    elif account.standing is Standing.ENDED:
        detail: Signal = "transferred" if account.successor else "ended"
        if detail in params.signals:
            now = f" and was replaced: send from {account.successor} instead" if account.successor else ""
            yield _finding(who, region, detail, f"ended on {spoken(account.valid_to)}{now}")


def _finding(who: Who, region: Region, detail: Signal, said: str) -> Finding:
    shown = senders.shown(who)
    return Finding(region, shown, detail=detail, said=f"{shown} {said}")


def _has_ended(who: Who) -> bool:
    return who.account is not None and who.account.standing is Standing.ENDED


def _may_reply(view: MessageView, params: AccountsParams) -> bool:
    """Whether it is the automatic reply of a mailbox, which goes to one who wrote to it and to nobody else (RFC 3834)."""
    return params.automatic_replies == "spare" and senders.is_reply_of_program(view)


def spoken(day: date | None) -> str:
    """A day as people say it: 30 June 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day is not None else "a day nobody wrote down"


family = AccountsFamily()
