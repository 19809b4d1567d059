"""Packs → one frozen Ruleset under one hash, or every mistake of every file at once."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from pathlib import Path

from smtp_gate.core.feeds import Feeds
from smtp_gate.detect.edm import EdmList
from smtp_gate.examine import Ruleset
from smtp_gate.ruleset.aside import Aside, here
from smtp_gate.ruleset.heap import no_search
from smtp_gate.ruleset.layers import layered
from smtp_gate.ruleset.lint import Around, lint, unused
from smtp_gate.ruleset.lists import ListSource, read_lists
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.packs import Source, pack_files, read_source, shipped_rules
from smtp_gate.ruleset.plugins import Families, installed
from smtp_gate.ruleset.rules import BuiltRule, Overridden, Surroundings, build_rule
from smtp_gate.ruleset.vocabulary import begin_engine, names
from smtp_gate.ruleset.waivers import build_waivers


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What the gate's settings add to the packs.

    `zone` is the city's time zone, `way_out` what `{way_out}` becomes in messages. With `enforce` False every enforced
    rule is built in shadow. `today` (in `zone`) is only for warnings of expired waivers; None leaves them out. `clock` gives
    seconds of the processor, so that patterns are refused that are slow on hostile text; None leaves that out. `edm` are the
    lists for exact data match. `feeds` answer the examples' questions as they answer those of mail; rules are not made of them.
    `aside` is how work may be done beside other work.
    """

    internal_domains: frozenset[str]
    zone: tzinfo
    way_out: str = ""
    enforce: bool = True
    today: date | None = None
    clock: Callable[[], float] | None = None
    edm: tuple[ListSource, ...] = ()
    feeds: Feeds = field(default_factory=Feeds)
    aside: Aside = here


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack as built: its name, its file, its rules with their examples; what its examples treat as ours."""

    name: str
    path: Path
    rules: tuple[BuiltRule, ...]
    internal_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading: a ruleset, or None where there is any error; the mistakes of all files, by place.

    `documents` are the packs as rules are built of them, overrides applied, for whoever has more to say of them; they are
    large, and nobody keeps them.
    """

    settings: BuildSettings
    ruleset: Ruleset | None
    mistakes: tuple[Mistake, ...] = ()
    packs: tuple[Pack, ...] = field(default=(), repr=False)
    documents: tuple[Document, ...] = field(default=(), repr=False)

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The mistakes that keep it from being used."""
        return tuple(m for m in self.mistakes if m.is_error)

    @property
    def overridden(self) -> dict[str, tuple[Overridden, ...]]:
        """What packs have overridden in others' rules, by the rule's id; rules as they were written are not in it."""
        return {b.rule.id: b.overridden for pack in self.packs for b in pack.rules if b.overridden}


def load(paths: Sequence[Path], settings: BuildSettings, families: Families | None = None) -> Loaded:
    """Read, check and build the packs in these files and folders; never raises for what stands in them.

    `families` are those installed, unless given. Examples are checked for shape here and judged by `run_examples`.
    """
    with no_search():
        return _load(paths, settings, families if families is not None else installed())


def _load(paths: Sequence[Path], settings: BuildSettings, families: Families) -> Loaded:
    mistakes: list[Mistake] = []
    sources, whole = _read(paths, mistakes)
    around = Surroundings(
        families=families,
        detectors=names(sources, "detectors"),
        way_out=settings.way_out,
        enforce=settings.enforce,
    )
    unread: list[Mistake] = []
    edm = read_lists(settings.edm, unread)
    engine_built = begin_engine(sources, settings.clock, edm, settings.aside)
    packs = tuple(_pack(source, around, mistakes) for source in sources)
    ids, twice = _rule_ids(sources)
    mistakes += twice
    if not ids and not any(m.is_error for m in mistakes):
        file = str(sources[0].path if sources else paths[0] if paths else "rules")
        mistakes.append(Mistake(file, 1, 1, "no rules at all", "a gate without rules would let everything pass"))
    mistakes += unread
    engine = engine_built(mistakes)
    scopes = {b.rule.id: b.rule.when for pack in packs for b in pack.rules}
    # A rule that bears another's name by mistake, or stands in a pack that is none, is missed by its waivers, and that says
    # nothing of them.
    theirs = {i: scopes.get(i) for i in ids}
    ours = settings.internal_domains
    waivers = build_waivers(sources, theirs, settings.today, mistakes, sure=whole and not twice, ours=ours)
    built = [(source.document, pack.rules) for source, pack in zip(sources, packs, strict=True)]
    detectors = engine.detectors if engine is not None else None
    mistakes += lint(built, Around(settings.internal_domains, detectors, {w.rule for w in waivers}))
    if engine is not None and not any(m.is_error for m in mistakes):
        mistakes += unused(built, engine.detectors, _shipped(sources))
    ordered = tuple(sorted(set(mistakes)))
    documents = tuple(source.document for source in sources)
    if engine is None or any(m.is_error for m in ordered):
        return Loaded(settings, None, ordered, packs, documents)
    rules = tuple(b.rule for pack in packs for b in pack.rules)
    ruleset = Ruleset(_hash(sources, settings, edm), rules, engine, waivers, settings.zone, settings.enforce)
    return Loaded(settings, ruleset, ordered, packs, documents)


def _read(paths: Sequence[Path], mistakes: list[Mistake]) -> tuple[list[Source], bool]:
    """The packs with what they override in each other applied, and whether all could be read; what cannot is a mistake alone."""
    sources: list[Source] = []
    every = tuple(pack_files(paths))
    for found in every:
        if isinstance(found, Mistake):
            mistakes.append(found)
            continue
        source = read_source(found, mistakes)
        if source is not None:
            sources.append(source)
    _pack_names(sources, mistakes)
    whole = len(sources) == len(every)
    return layered(sources, mistakes, sure=whole), whole


def _pack(source: Source, around: Surroundings, mistakes: list[Mistake]) -> Pack:
    built = [build_rule(source, index, raw, around, mistakes) for index, raw in source.items("rules")]
    return Pack(source.name, source.path, tuple(b for b in built if b), frozenset(source.internal_domains))


def _shipped(sources: Sequence[Source]) -> frozenset[str]:
    """The files of the packs that are shipped: what they bring along is for everybody's rules."""
    folder = shipped_rules()
    return frozenset(s.document.file for s in sources if folder is not None and s.path.resolve().is_relative_to(folder))


def _pack_names(sources: Sequence[Source], mistakes: list[Mistake]) -> None:
    first: dict[str, Source] = {}
    for source in sources:
        other = first.setdefault(source.name, source)
        if source.is_copy_of(other):
            said = f"another pack is named `{source.name}`"
            line, _ = other.document.place(("pack",))
            hint = f"{other.document.file}:{line}{_instead(source, other)}"
            mistakes.append(source.document.mistake(("pack",), said, hint))


def _instead(source: Source, other: Source) -> str:
    """What to do where one of two packs of a name is shipped and the other a copy of it."""
    shipped = shipped_rules()
    if shipped is None or source.path.is_relative_to(shipped) is other.path.is_relative_to(shipped):
        return ""
    return "; one is shipped: remove your copy and say in `overrides:` what differs, or take `shipped` out of `rules:`"


def _rule_ids(sources: Sequence[Source]) -> tuple[frozenset[str], list[Mistake]]:
    """Every rule id of any pack, those of broken rules included; and a mistake for each that stands twice.

    Of two packs of one name the name alone is told.
    """
    first: dict[str, tuple[Source, str]] = {}
    twice: list[Mistake] = []
    for source in sources:
        for index, raw in source.items("rules"):
            name = raw.get("id")
            if not isinstance(name, str):
                continue
            line = source.document.place(("rules", index, "id"))[0]
            if name not in first:
                first[name] = source, f"{source.document.file}:{line}"
            elif not source.is_copy_of(first[name][0]):
                said = f"the rule `{name[:60]}` stands here twice"
                twice.append(source.document.mistake(("rules", index, "id"), said, f"first at {first[name][1]}"))
    return frozenset(first), twice


def _hash(sources: Sequence[Source], settings: BuildSettings, edm: Mapping[str, EdmList]) -> str:
    """One name for the content of all packs and the settings that shape them, whatever the files are called."""
    content = {
        "packs": {source.name: source.document.root.value for source in sources},
        "internal_domains": sorted(settings.internal_domains),
        "zone": str(settings.zone),
        "way_out": settings.way_out,
        "enforce": settings.enforce,
        "edm": {name: listed.id for name, listed in edm.items()},
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
