"""Names of people's groups and statuses that nothing knows: a slip there lets a rule pass everybody by in silence."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from smtp_gate.core.directory import Entry
from smtp_gate.core.scope import WhoKind
from smtp_gate.ruleset.marks import Document, Mistake, Node, nearest
from smtp_gate.ruleset.written import parse_who

STATUSES: Final = frozenset({"employee", "contractor", "vendor", "agent"})
"""What a directory calls people; a rule may name further ones in its `statuses`."""

NEED_DIRECTORY: Final = frozenset({"accounts", "signature"})
"""Families that know nobody without a directory."""


def group_mistakes(packs: Iterable[Document], groups: frozenset[str] | None) -> Iterator[Mistake]:
    """Every `group:NAME` of rules and waivers that no account is in; None where no directory says who is in what.

    A rule about officials only looks for nobody's name without them, so that is a warning.
    """
    for document in packs:
        for node in _sides(document, ("when", "unless", "rollout")):
            yield from _groups_in(document, node, groups)
        for node in _sides(document, ("officials",)):
            for mistake in _groups_in(document, node, groups):
                hint = "let your officials be in that group, name them in `officials`, or say `mode: off`"
                yield replace(mistake, severity="warning", hint=hint)


def _groups_in(document: Document, node: Node, groups: frozenset[str] | None) -> Iterator[Mistake]:
    found = (_group(document, scalar, groups) for scalar in node.scalars())
    return (mistake for mistake in found if mistake is not None)


def unasked_mistakes(packs: Iterable[Document]) -> Iterator[Mistake]:
    """Every rule that without a directory looks at nothing."""
    for document in packs:
        rules = document.root.child("rules")
        for rule in rules.items if rules is not None else ():
            family = rule.child("family")
            if family is not None and family.value in NEED_DIRECTORY:
                said, hint = (
                    "this rule looks at nothing: no directory is configured",
                    "add `directory:` to the settings",
                )
                yield document.mistake_at(family, said, hint, "warning")


def known_statuses(packs: Iterable[Document]) -> frozenset[str]:
    """The statuses that a directory may use: the usual ones, and those that rules name."""
    return STATUSES | {str(s.value) for document in packs for s in _named(document)}


def status_mistakes(file: Path, entries: Iterable[Entry], known: frozenset[str], today: date) -> Iterator[Mistake]:
    """Every status in the directory that no rule could mean, at its line of the file that the entries were read from.

    What is over by today is history that nobody can mend.
    """
    for entry in entries:
        if entry.status not in known and (entry.until is None or entry.until >= today):
            said = f"status: no rule knows `{entry.status[:40]}`"
            yield Mistake(str(file), entry.line, 1, said, nearest(entry.status, known))


def named_status_mistakes(packs: Iterable[Document], statuses: frozenset[str]) -> Iterator[Mistake]:
    """Every status that a rule names and nobody of the directory has, but those that any directory may have one day."""
    known = STATUSES | statuses
    for document in packs:
        for scalar in _named(document):
            if str(scalar.value) not in known:
                said, hint = f"no account has the status `{str(scalar.value)[:40]}`", nearest(scalar.value, known)
                yield document.mistake_at(scalar, said, hint, "warning")


def _sides(document: Document, keys: tuple[str, ...]) -> Iterator[Node]:
    """Where rules, under these keys, and waivers say who they speak of."""
    waivers = ("sender", "recipients") if "when" in keys else ()
    for section, names in (("rules", keys), ("waivers", waivers)):
        found = document.root.child(section)
        for item in found.items if found is not None else ():
            yield from (side for side in map(item.child, names) if side is not None)


def _group(document: Document, scalar: Node, groups: frozenset[str] | None) -> Mistake | None:
    try:
        who = parse_who(scalar.value)
    except ValueError:
        # Building the pack has told this one already.
        return None
    if who.kind is not WhoKind.GROUP or (groups is not None and who.value in groups):
        return None
    if groups is None:
        said, hint = f"nobody is in `{scalar.value}`: no directory is configured", "add `directory:` to the settings"
        return document.mistake_at(scalar, said, hint, "warning")
    written = next((g for g in groups if g.casefold() == who.value), None)
    hint = nearest(who.value, groups) if written is None else f"the directory must write `{written}` in small letters"
    return document.mistake_at(scalar, f"no account is in `{scalar.value}`", hint)


def _named(document: Document) -> Iterator[Node]:
    """Where rules name statuses."""
    rules = document.root.child("rules")
    for rule in rules.items if rules is not None else ():
        statuses = rule.child("statuses")
        if statuses is not None:
            yield from statuses.scalars()
