"""The examples that rules carry, judged: a hit must be found and a miss must not, by that rule alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Final

from smtp_gate.core.facts import Facts
from smtp_gate.core.feeds import Feeds
from smtp_gate.core.finding import Finding
from smtp_gate.core.verdict import Mode, Result
from smtp_gate.core.view import MessageView
from smtp_gate.examine import Rule, Ruleset, examine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.aside import cut
from smtp_gate.ruleset.build import Loaded, Pack
from smtp_gate.ruleset.example_expect import is_as_expected, said, unmet, wording
from smtp_gate.ruleset.example_mail import ExampleError, facts_of, message_of
from smtp_gate.ruleset.example_schema import ExpectModel
from smtp_gate.ruleset.marks import Mistake, Place
from smtp_gate.ruleset.rules import BuiltRule, Example

SHORT: Final = 4096
"""Octets up to which mail is searched for the rule's own detectors alone. Other detectors change nothing of what those find
but in spending the budget that all share, so longer mail is searched for all of them, as live mail is."""


_LIMITS: Final = Limits()

MANY: Final = 200
"""Rules from which on a second process is worth its start."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an example was judged with: the message as read, the answers, and the one rule as its own ruleset."""

    view: MessageView
    facts: Facts
    alone: Ruleset


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example came out. `kind` is hit or miss, `number` counts from 1 within it.

    `passed` says that it came out as it says. `todo` is why it is known not to; that excuses a wrong outcome, not an
    example that could not be judged at all (`broken`). `found` are the findings that concern a recipient the rule is for, with masked evidence. `why` says in a few words
    what was seen instead, and is empty where the example passed.
    """

    rule: str
    pack: str
    kind: str
    number: int
    file: str
    place: Place
    passed: bool
    found: tuple[Finding, ...] = ()
    why: str = ""
    result: Result | None = field(default=None, repr=False)
    todo: str = ""
    broken: bool = False
    example: Example | None = field(default=None, repr=False)
    judged: Judged | None = field(default=None, repr=False, compare=False)

    @property
    def is_gap(self) -> bool:
        """Whether it comes out wrong as it is known to."""
        return bool(self.todo) and not self.passed and not self.broken

    @property
    def is_closed(self) -> bool:
        """Whether it comes out right although it is said not to."""
        return bool(self.todo) and self.passed

    @property
    def mistake(self) -> Mistake:
        """What is wrong with it as a mistake at its place: it fails, or (a warning) is right although it says `todo`."""
        if self.is_closed:
            said = f"the {self.kind} example {self.number} of {self.rule} comes out right now"
            return Mistake(self.file, *self.place, said, "take `todo` away", "warning")
        return Mistake(self.file, *self.place, f"the {self.kind} example {self.number} of {self.rule} fails", self.why)


def run_examples(loaded: Loaded, rules: Callable[[Rule], bool] = lambda _: True) -> Iterator[ExampleResult]:
    """Judge the examples of every rule, in shadow or off as well; one result an example. Empty without a ruleset.

    `rules` chooses which rules are tried.
    """
    if loaded.ruleset is None:
        return
    for pack in loaded.packs:
        for built in pack.rules:
            if rules(built.rule):
                yield from _rule(loaded, loaded.ruleset, pack, built)


def failed_examples(loaded: Loaded) -> tuple[Mistake, ...]:
    """The mistakes of all examples that do not pass; where there are many rules, some of them are tried aside."""
    every = [(pack, built) for pack in loaded.packs for built in pack.rules]
    ruleset = loaded.ruleset
    if ruleset is None or len(every) < MANY:
        return failed(run_examples(loaded))

    def tried(some: Sequence[tuple[Pack, BuiltRule]]) -> tuple[Mistake, ...]:
        return failed(result for pack, built in some for result in _rule(loaded, ruleset, pack, built))

    found = loaded.settings.aside([partial(tried, some) for some in cut(every)])
    return tuple(sorted(chain.from_iterable(found())))


def failed(results: Iterable[ExampleResult]) -> tuple[Mistake, ...]:
    """The mistakes of the examples that did not pass, and warnings of those that pass although they say `todo`."""
    return tuple(sorted(r.mistake for r in results if r.is_closed or not (r.passed or r.is_gap)))


def _rule(loaded: Loaded, ruleset: Ruleset, pack: Pack, built: BuiltRule) -> Iterator[ExampleResult]:
    awake = (replace(built.rule, terms=replace(built.rule.terms, mode=Mode.ENFORCE)),)
    alone = Ruleset(ruleset.hash, awake, ruleset.engine, (), ruleset.zone)
    used = ruleset.engine.only(built.rule.family.detectors(built.rule.params))
    small = Ruleset(ruleset.hash, awake, used, (), ruleset.zone)
    ours = loaded.settings.internal_domains | pack.internal_domains
    counts = {"hit": 0, "miss": 0}
    for example in built.examples:
        counts[example.kind] += 1
        blank = ExampleResult(
            built.rule.id,
            pack.name,
            example.kind,
            counts[example.kind],
            example.file,
            example.place,
            passed=False,
            todo=example.model.todo or "",
            example=example,
        )
        try:
            yield _judge(blank, example, (alone, small), (ours, loaded.settings.feeds))
        except ExampleError as error:
            yield replace(blank, why=f"`{error.key}`: {error.reason}", broken=True)


def _judge(
    blank: ExampleResult, example: Example, rulesets: tuple[Ruleset, Ruleset], around: tuple[frozenset[str], Feeds]
) -> ExampleResult:
    ours, feeds = around
    message = message_of(example.model, _folder(example.file), ours, rulesets[0].zone)
    alone = rulesets[len(message.content) <= SHORT]
    view = read(message, _LIMITS, {})
    facts = facts_of(example.model, alone.needs(view), ours, feeds)
    (result,) = examine(view, facts, alone, lambda: 0.0)
    found = tuple(f for f in result.findings if f.recipients is None or f.recipients & result.applies)
    if result.failure is not None:
        cause = " ".join(x for x in (result.failure.cause, result.failure.detail) if x)
        return replace(blank, why=f"the rule could not look: {cause}", broken=True, result=result)
    passed = bool(found) is (example.kind == "hit") and is_as_expected(example.model, found)
    why = "" if passed else _why(result, found, unmet(example.model, found))
    return replace(blank, passed=passed, found=found, why=why, result=result, judged=Judged(view, facts, alone))


@lru_cache(maxsize=1)
def _folder(file: str) -> Path:
    return Path(file).parent


def _why(result: Result, found: tuple[Finding, ...], lacking: tuple[ExpectModel, ...]) -> str:
    """What stood against the expectation, for the diff that people read."""
    if found:
        expected = f"expected {said(lacking[0])}, " if lacking else ""
        return expected + "found " + "; ".join(list(dict.fromkeys(map(wording, found)))[:3])
    if result.exempt and not result.applies:
        return f"spared by {result.exempt[0].by}"
    if not result.applies:
        return "the rule is not for this sender or these recipients"
    if result.unscannable:
        return f"nothing found; {len(result.unscannable)} part(s) could not be read"
    return "nothing found"
