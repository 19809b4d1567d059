"""Overrides laid over the packs they change, so that everything after sees one merged rule and where each key stands."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from smtp_gate.detect.words import fold_keyword
from smtp_gate.ruleset.marks import Document, Mistake, Node, Place, nearest
from smtp_gate.ruleset.override_schema import FIXED, OverridesModel, WordsOverride
from smtp_gate.ruleset.packs import Source, read_source
from smtp_gate.ruleset.problems import Loc, problems
from smtp_gate.ruleset.schema import RuleModel

_SECTIONS: Final = frozenset({"overrides", "layer"})
Keys = Mapping[str, tuple[Place, Node]]


@dataclass(frozen=True, slots=True)
class _Change:
    """What one pack wants of one key of a rule, or of one word of a list (`gone` where it is to leave)."""

    source: Source
    path: Loc
    name: str
    key: str
    gone: bool = False

    @property
    def node(self) -> Node:
        """What the pack writes, as a piece of another file."""
        return _marked(self.source.document.node(self.path), self.source.document.file)

    @property
    def place(self) -> Place:
        """Where the key or the word stands."""
        return self.source.document.place(self.path, key=True)

    def mistake(self, said: str, hint: str, severity: str = "error") -> Mistake:
        """A mistake at that place."""
        return self.source.document.mistake(self.path, said, hint, key=True, severity=severity)


def layered(sources: Sequence[Source], mistakes: list[Mistake], *, sure: bool = True) -> list[Source]:
    """The packs with their overrides applied and these sections taken out; mistakes are added, nothing is raised.

    Of two packs that override the same key the higher layer wins, whatever the files are called. What comes from an
    override carries the file it is written in. Where not every pack could be read (`sure`), nothing is said of rules and
    lists that are missing.
    """
    mistakes += [mistake for source in sources for mistake in _misshapen(source)]
    unknown: list[Mistake] = []
    rules, words = (_grouped(_targets(sources, mistakes, unknown, section)) for section in ("rules", "keywords"))
    mistakes += unknown if sure else ()
    merged = [_bare(source) for source in sources]
    merged = _rules(merged, [_ordered(changes, mistakes) for _, changes in rules], mistakes)
    for name, every in groupby(words, key=lambda one: one[0][0]):
        of_words = [_ordered(changes, mistakes) for _, changes in every]
        number = next(i for i, source in enumerate(merged) if name in source.entries("keywords"))
        merged[number] = _list(merged[number], of_words, mistakes)
    return merged


def documents(paths: Iterable[Path]) -> list[Document]:
    """The packs in these files as rules are built of them, overrides applied; what is wrong with them is told elsewhere."""
    read = [source for path in paths if (source := read_source(path, [])) is not None]
    return [source.document for source in layered(read, [])]


def _bare(source: Source) -> Source:
    """The pack without the sections that are spent once they are applied: what they do is in what they change."""
    root = source.document.root
    if not _SECTIONS & root.keys.keys():
        return source
    keys = {k: v for k, v in root.keys.items() if k not in _SECTIONS}
    return _with_root(source, replace(root, keys=keys, value={k: n.value for k, (_, n) in keys.items()}))


def _targets(sources: Sequence[Source], mistakes: list[Mistake], unknown: list[Mistake], section: str) -> list[_Change]:
    """Every change of this section whose rule or list is there; the others are `unknown`."""
    ids = (raw.get("id") for source in sources for _, raw in source.items("rules"))
    of_rules = section == "rules"
    names = {i for i in ids if isinstance(i, str)} if of_rules else {n for s in sources for n in s.entries(section)}
    what = "rule" if of_rules else "keyword list"
    found: list[_Change] = []
    for source in sources:
        raw = source.entries("overrides").get(section)
        for name, wanted in raw.items() if isinstance(raw, dict) else ():
            path: Loc = ("overrides", section, name)
            if name not in names:
                said = f"unknown {what} `{name[:60]}`"
                unknown.append(source.document.mistake(path, said, nearest(name, names), key=True))
            elif isinstance(wanted, dict):
                parts = _rule_changes if of_rules else _word_changes
                found += parts(source, path, name, wanted, mistakes)
    return found


def _misshapen(source: Source) -> Iterator[Mistake]:
    document = source.document
    if "overrides" not in document.root.keys:
        return
    try:
        OverridesModel.model_validate(document.root.value["overrides"])
    except ValidationError as error:
        yield from problems(error, document, ("overrides",), OverridesModel)


def _rule_changes(
    source: Source, path: Loc, name: str, wanted: dict[str, Any], mistakes: list[Mistake]
) -> Iterator[_Change]:
    for key in wanted:
        change = _Change(source, (*path, key), name, key)
        if key in FIXED:
            hint = "write a rule of your own, and say `mode: off` in this one"
            mistakes.append(change.mistake(f"`{key}` cannot be overridden", hint))
        else:
            yield change
    if any(raw.get("id") == name for _, raw in source.items("rules")):
        said, hint = f"`{name}` is a rule of this very pack", "change it there"
        mistakes.append(source.document.mistake(path, said, hint, key=True, severity="warning"))


def _word_changes(
    source: Source, path: Loc, name: str, wanted: dict[str, Any], _mistakes: list[Mistake]
) -> Iterator[_Change]:
    try:
        model = WordsOverride.model_validate(wanted)
    except ValidationError:
        # Told with the whole section.
        return
    for side, words in (("add", model.add), ("remove", model.remove)):
        for number, word in enumerate(words):
            one = source.document.node((*path, side)).items
            yield _Change(
                source, (*path, side, *((number,) if one else ())), name, fold_keyword(word), side == "remove"
            )


def _grouped(changes: Iterable[_Change]) -> list[tuple[tuple[str, str], list[_Change]]]:
    """The changes of each key, the lowest layer first, the keys of one rule or list together."""
    # The file comes last, so that the same mistakes are told in whatever order the files are read.
    ordered = sorted(changes, key=lambda c: (c.name, c.key, c.source.layer, c.source.document.file))
    return [(key, list(some)) for key, some in groupby(ordered, key=lambda c: (c.name, c.key))]


def _ordered(changes: list[_Change], mistakes: list[Mistake]) -> list[_Change]:
    """The changes of one key without those that another of the same layer contradicts, which are mistakes."""
    kept = changes[:1]
    for before, change in pairwise(changes):
        if before.source.layer != change.source.layer:
            kept.append(change)
            continue
        line, _ = before.place
        first = f"{before.source.document.file}:{line}"
        if change.path[1] == "keywords" and change.gone is before.gone:
            said = f"`{change.key[:40]}` is overridden twice"
            mistakes.append(change.mistake(said, f"first at {first}", "warning"))
        else:
            said = f"`{change.key[:40]}` of `{change.name[:60]}` is overridden twice in layer {change.source.layer}"
            hint = f"first at {first}: take one out, or give one of the packs another `layer:`"
            mistakes.append(change.mistake(said, hint))
    return kept


def _rules(sources: list[Source], changes: Sequence[list[_Change]], mistakes: list[Mistake]) -> list[Source]:
    """The packs with their rules changed, each key by the highest layer that speaks of it."""
    places: dict[object, list[tuple[int, int]]] = {}
    for at, source in enumerate(sources):
        for number, raw in source.items("rules"):
            if isinstance(raw.get("id"), str):
                places.setdefault(raw["id"], []).append((at, number))
    changed: dict[int, dict[int, Node]] = {}
    for some in changes:
        for at, number in places[some[0].name]:
            rules = changed.setdefault(at, {})
            rule = rules.get(number) or sources[at].document.node(("rules", number))
            rules[number] = _rule(rule, some, mistakes)
    return [_with_rules(source, changed[at]) if at in changed else source for at, source in enumerate(sources)]


def _rule(rule: Node, changes: Sequence[_Change], mistakes: list[Mistake]) -> Node:
    """The rule with the changes made to one of its keys, the lowest layer first."""
    for change in changes:
        below, node = rule.child(change.key), change.node
        if _same(node.value, _default(change.key) if below is None else below.value):
            said = f"`{change.key[:40]}` says what the rule `{change.name[:60]}` says without it"
            mistakes.append(change.mistake(said, "take it out", "warning"))
        rule = _with_keys(rule, {change.key: (change.place, node)})
    return rule


def _default(key: str) -> object:
    """What every rule says of this key where it says nothing; None where that is the family's affair."""
    known = RuleModel.model_fields.get(key)
    return known.default if known is not None and isinstance(known.default, str) else None


def _same(one: object, other: object) -> bool:
    """Whether two values of YAML are the same, where true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _list(source: Source, words: list[list[_Change]], mistakes: list[Mistake]) -> Source:
    """The pack with one of its lists gaining and losing words."""
    name = words[0][0].name
    keywords = source.document.root.child("keywords")
    written = keywords.child(name) if keywords is not None else None
    if keywords is None or written is None or not isinstance(written.value, list):
        return source
    items: dict[str, list[Node]] = {}
    for item in written.items:
        items.setdefault(fold_keyword(str(item.value)), []).append(item)
    for changes in words:
        for change in changes:
            if change.gone is not (change.key in items):
                mistakes.append(_idle(change, items))
            elif change.gone:
                del items[change.key]
            else:
                items[change.key] = [change.node]
    left = [item for some in items.values() for item in some]
    if not left:
        last = words[0][-1]
        mistakes.append(last.mistake(f"nothing is left of the list `{name[:60]}`", "leave a word in it"))
        return source
    place, _ = keywords.keys[name]
    new = replace(written, items=left, value=[item.value for item in left])
    return _with_section(source, "keywords", _with_keys(keywords, {name: (place, new)}))


def _idle(change: _Change, items: Mapping[str, object]) -> Mistake:
    """The warning for a word that is there already, or that there is none of to take out."""
    if change.gone:
        said = f"there is no `{change.key[:40]}` in `{change.name[:60]}`"
        return change.mistake(said, nearest(change.key, items), "warning")
    return change.mistake(f"`{change.key[:40]}` stands in `{change.name[:60]}` already", "take it out", "warning")


def _marked(node: Node, file: str) -> Node:
    items = [_marked(item, file) for item in node.items]
    keys = {key: (place, _marked(below, file)) for key, (place, below) in node.keys.items()}
    return replace(node, file=file, items=items, keys=keys)


def _with_keys(node: Node, new: Keys) -> Node:
    keys = {**node.keys, **new}
    return replace(node, keys=keys, value={key: below.value for key, (_, below) in keys.items()})


def _with_rules(source: Source, changed: Mapping[int, Node]) -> Source:
    rules = source.document.node(("rules",))
    items = [changed.get(number, item) for number, item in enumerate(rules.items)]
    return _with_section(source, "rules", replace(rules, items=items, value=[item.value for item in items]))


def _with_section(source: Source, section: str, node: Node) -> Source:
    root = source.document.root
    return _with_root(source, _with_keys(root, {section: (root.keys[section][0], node)}))


def _with_root(source: Source, root: Node) -> Source:
    return replace(source, document=replace(source.document, root=root))
