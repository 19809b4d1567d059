"""The words of the gate's own replies: what happened, by which rule, where, the way out, and the ref (never a value)."""

import re
from collections.abc import Iterable
from typing import Final

from smtp_gate.core.message import Message
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Cause, Disposition, Mode, Result, Verdict
from smtp_gate.core.view import Reason, Region, RegionKind

NAMED: Final = 3
"""How many recipients and rules a refusal names."""

ROOM: Final = 400
"""Longest text of a reply: Postfix and its peers log and quote it on one line."""

PLACES: Final = {
    RegionKind.OWN: "the text",
    RegionKind.QUOTED: "the quoted text",
    RegionKind.FORWARDED: "the forwarded text",
    RegionKind.RETURNED: "the returned message",
    RegionKind.SIGNATURE: "the signature",
    RegionKind.SUBJECT: "the subject",
    RegionKind.HEADER: "the headers",
}
"""What a sender reads of a region."""

PLACEHOLDERS: Final = {
    "count": "how many values were found",
    "where": "where they stand: the text, the quoted text, the attachment NAME ...",
    "what": "what rules about people say: which account and what became of it, which line to add",
    "rule": "the rule's id",
    "ref": "the message's ref, which stands in journal and logs too",
    "title": "the rule's title",
    "way_out": "whom to ask, as `way_out` of the settings says",
}
"""What a rule's `message` may hold in braces, with its meaning; `title` and `way_out` are filled in when the ruleset is built."""

_NAMES: Final = re.compile(r"\{(count|where|what|ref|rule)\}")


def refused(message: Message, verdict: Verdict) -> Reply:
    """`550 5.7.1`: the whole message is refused, naming up to three recipients and the rules behind it."""
    concerned = verdict.having(Disposition.REJECT)
    rules = _rules(verdict, Disposition.REJECT)
    whom = _list([message.envelope.recipients[i].path.address for i in concerned])
    said = _said(message, verdict, rules[:1]) or "message refused by policy"
    return Reply.of(550, "5.7.1", f"{_cut(said)} [rule {_list(rules)}; for {whom}; ref {message.ref}]")


def deferred(message: Message, verdict: Verdict) -> Reply:
    """`451 4.7.1`: somebody's copy could not be judged now; the sender's server keeps the mail and tries again."""
    rules = _list(_rules(verdict, Disposition.DEFER))
    return Reply.of(451, "4.7.1", f"could not be checked now, try again later [rule {rules}; ref {message.ref}]")


def held(message: Message) -> Reply:
    """`250 2.0.0`: every copy is durably held."""
    return Reply.of(250, "2.0.0", f"held for review, ref {message.ref}")


def mixed(message: Message, relayed: int, kept: int) -> Reply:
    """`250 2.0.0`: some copies went on, the others are durably held."""
    return Reply.of(250, "2.0.0", f"relayed to {relayed}, held for {kept}, ref {message.ref}")


def fault(ref: str, enhanced: str = "4.3.0", text: str = "temporary failure, try again later") -> Reply:
    """`451`: a fault of ours or of the next hop, without a word of what broke."""
    return Reply.of(451, enhanced, f"{text}, ref {ref}" if ref else text)


def foretold(message: Message, verdict: Verdict) -> Reply | None:
    """What the gate would say by itself: None where the next hop's own reply would pass through."""
    match verdict.joint:
        case Disposition.REJECT:
            return refused(message, verdict)
        case Disposition.DEFER:
            return deferred(message, verdict)
        case Disposition.QUARANTINE:
            kept = len(verdict.having(Disposition.QUARANTINE))
            relayed = len(verdict.rulings) - kept
            return mixed(message, relayed, kept) if relayed else held(message)
        case Disposition.ACCEPT:
            return None


def explanation(message: Message, result: Result) -> str:
    """The rule's own message for this result, placeholders filled; empty where the rule has none."""
    findings = result.findings
    counted = sum(f.count for f in findings)
    where = _list(sorted({_place(f.region) for f in findings}))
    what = _list(dict.fromkeys(f.said for f in findings if f.said))
    values = {"count": str(counted), "where": where, "what": what, "ref": message.ref, "rule": result.rule}
    text = result.terms.message if findings or not result.unscannable else _unread(result)
    # In one pass: a value may hold a sender's words, and a brace in them fills in nothing.
    return _NAMES.sub(lambda m: values[m[1]], text)


def _unread(result: Result) -> str:
    """What a sender can do about content that nobody could look into, which breaks no rule that anybody could name."""
    where = _list(sorted({_place(u.region) for u in result.unscannable}))
    if all(u.reason is Reason.ENCRYPTED for u in result.unscannable):
        return f"{where} is encrypted, and not the whole message: send it with nothing beside it, or encrypt all of it. {result.terms.way_out}"
    return (
        f"{where} cannot be read, so nobody knows what it holds: send it in a form that opens. {result.terms.way_out}"
    )


def _place(region: Region) -> str:
    """Where text stands, in a sender's words."""
    if region.kind is RegionKind.ATTACHMENT:
        return f"the {region}" if region.path else "an attachment"
    return PLACES[region.kind]


def _said(message: Message, verdict: Verdict, rules: Iterable[str]) -> str:
    wanted = set(rules)
    return next((explanation(message, r) for r in verdict.results if r.rule in wanted), "")


def _rules(verdict: Verdict, disposition: Disposition) -> list[str]:
    """The rules that asked for this disposition, those with a finding first."""
    weights = {
        (w.cause is not Cause.FINDING, w.rule)
        for ruling in verdict.rulings
        for w in ruling.weights
        if w.disposition is disposition
    }
    enforced = {r.rule for r in verdict.results if r.terms.mode is Mode.ENFORCE}
    return list(dict.fromkeys(rule for _, rule in sorted(weights) if rule in enforced))


def _list(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= ROOM - 160 else flat[: ROOM - 163] + "..."
