"""What is to be said of rules that can be built and still do not mean what somebody meant: warnings, never refusals."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smtp_gate.core.verdict import Disposition
from smtp_gate.detect.detectors import Detector, Detectors
from smtp_gate.ruleset.lint_find import find_mistakes
from smtp_gate.ruleset.lint_shadowed import Written, shadowed_mistakes
from smtp_gate.ruleset.lint_who import Ours, who_mistakes
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.rules import BuiltRule


@dataclass(frozen=True, slots=True)
class Around:
    """What rules are looked at beside: our domains, the detectors where they compile, and the rules that waivers name."""

    internal_domains: frozenset[str]
    detectors: Detectors | None
    waived: Collection[str]


def lint(packs: Sequence[tuple[Document, Sequence[BuiltRule]]], around: Around) -> Iterator[Mistake]:
    """Everything to be said of rules that were built, those in shadow or off included."""
    ours = Ours(around.internal_domains)
    known = {d.name: d for d in around.detectors.detectors} if around.detectors is not None else None
    written = [Written(document, built) for document, rules in packs for built in rules]
    for one in written:
        yield from who_mistakes(one.document, one.built, ours)
        yield from _idle(one.document, one.built)
        if known is not None:
            yield from find_mistakes(one.document, one.built, known)
    yield from shadowed_mistakes(written, ours, around.waived)


def unused(
    packs: Sequence[tuple[Document, Sequence[BuiltRule]]], detectors: Detectors, spared: Collection[str]
) -> Iterator[Mistake]:
    """Detectors and keyword lists that no rule comes to look for. Packs named in `spared` offer them to others' rules."""
    rules = [built.rule for _, some in packs for built in some]
    looked_for = {name for rule in rules for name in rule.family.detectors(rule.params)}
    lists = _lists({d.name: d for d in detectors.detectors})
    for document, _ in packs:
        if document.file in spared:
            continue
        for section, kind, used in (("detectors", "detector", looked_for), ("keywords", "keyword list", lists)):
            found = document.root.child(section)
            for name in found.keys if found is not None else ():
                if name not in used:
                    said = f"no {'rule' if section == 'detectors' else 'detector'} names the {kind} `{name[:60]}`"
                    hint = "take it out, or name it"
                    yield document.mistake((section, name), said, hint, key=True, severity="warning")


def _lists(detectors: Mapping[str, Detector]) -> set[str]:
    """The keyword lists that any detector names as evidence."""
    levels = [level for d in detectors.values() for level in d.levels]
    return {e.keywords for level in levels for e in (*level.all, *level.any, *level.none)}


def _idle(document: Document, built: BuiltRule) -> Iterator[Mistake]:
    """A rule that lets everything pass whatever it finds."""
    terms = built.rule.terms
    if max(terms.action, terms.on_unscannable) is not Disposition.ACCEPT:
        return
    path = (*built.at, "action")
    if terms.on_error is Disposition.ACCEPT:
        said = "this rule can never act: whatever it finds, it accepts"
    else:
        said = f"this rule acts only where it fails ({terms.on_error.word}): whatever it finds, it accepts"
    yield document.mistake(path, said, "say `mode: shadow` for a rule that only reports", severity="warning")
