"""The family `signature`: contractors say in the signature of their own text that they are no city employees."""

import re
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts, directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.families.base import Params

_NOT_WORDS: Final = re.compile(r"[\W_]+")
TAIL_LINES: Final = 12
"""How many of the last lines of the own text are taken for a signature where no signature is marked off."""
REPORTS: Final = frozenset(
    {"text/calendar", "multipart/report", "message/disposition-notification", "message/delivery-status"}
)


class SignatureParams(Params):
    """Parameters of the family `signature`."""

    statuses: Annotated[tuple[str, ...], Field(min_length=1)] = ("contractor", "vendor", "agent")
    """Directory statuses whose people must identify themselves."""
    statements: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "not an employee of the city",
        "non-city employee",
        "not a city employee",
        "contractor for the city",
        "contractor to the city",
        "contract employee of the city",
    )
    """Wordings of which one must stand in the signature."""
    tolerant: bool = True
    """Whether case, line breaks, dashes and other signs between the words make no difference."""


class SignatureFamily:
    """Looks at the end of the own text; a statement inside a quoted thread does not count."""

    name = "signature"
    schema = SignatureParams
    reads_content = False

    def detectors(self, params: SignatureParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: SignatureParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """The account that sends."""
        key = _sender_key(view)
        return (directory(key),) if key else ()

    def check(self, view: MessageView, facts: Facts, params: SignatureParams) -> Iterable[Finding]:
        """One finding where a person of such a status sends own words without the statement."""
        key = _sender_key(view)
        account = facts.account(key) if key else None
        if account is None or account.kind != "person" or account.status not in params.statuses:
            return ()
        if _is_exempt(view) or _states(view, params):
            return ()
        region = Region(RegionKind.SIGNATURE)
        return (Finding(region, f"{account.status} without statement", detail="statement_missing"),)


def _sender_key(view: MessageView) -> str:
    """The proven account where there is one, else the envelope sender."""
    return view.envelope.client.account.casefold() or ("" if view.envelope.sender.is_null else view.envelope.sender.key)


def _is_exempt(view: MessageView) -> bool:
    """Meeting requests and replies, receipts, reports and automatic replies carry no signature of a person."""
    automatic = view.header("auto-submitted").lower() not in {"", "no"}
    return automatic or any(p.media_type in REPORTS for p in view.parts)


def _states(view: MessageView, params: SignatureParams) -> bool:
    wanted = [_folded(s, params) for s in params.statements]
    return any(w in _folded(block, params) for block in _signatures(view) for w in wanted)


def _signatures(view: MessageView) -> Iterable[str]:
    """The marked signature and the last lines of the own text, for each reading of the bodies."""
    for text in view.texts:
        if text.reading not in {"plain", "html"}:
            continue
        own = text.region_text(RegionKind.OWN).rstrip().splitlines()
        yield "\n".join(own[-TAIL_LINES:])
        yield text.region_text(RegionKind.SIGNATURE)


def _folded(words: str, params: SignatureParams) -> str:
    if not params.tolerant:
        return words
    return f" {_NOT_WORDS.sub(' ', words.casefold()).strip()} "


family = SignatureFamily()
