"""The shape of a pack: what may stand in its YAML, with the descriptions that the JSON Schema shows."""

import re
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, StrictStr, ValidationInfo, WithJsonSchema, field_validator, model_validator

from smtp_gate.core.rollout import Rollout
from smtp_gate.core.scope import Spare
from smtp_gate.core.verdict import Mode
from smtp_gate.detect.detectors import LEVELS, Detector, Evidence, Level
from smtp_gate.ruleset.example_schema import ExamplesModel
from smtp_gate.ruleset.override_schema import OverridesModel
from smtp_gate.ruleset.words import Action, Encrypted, ModeWord, SureLevel
from smtp_gate.ruleset.written import Day, Domain, Flag, Line, ListOf, Side, Whoever, Words, Written, wrong

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(?:\.[a-z0-9_-]{1,64}){0,4}")


def an_id(value: object) -> str:
    """A name that replies, metrics and journal can carry. Raises PydanticCustomError."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise wrong("an id expected", "small letters, digits, - and _, with dots between: pii.ssn")
    return value


Id = Annotated[str, PlainValidator(an_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]


class EvidenceModel(Written):
    """Supporting evidence for a match: a keyword of a list or a match of a pattern near it, or the title of its column."""

    keywords: StrictStr = ""
    """The name of a keyword list."""
    regex: StrictStr = ""
    """A pattern; exactly one of `keywords`, `regex` and `column` stands here."""
    column: StrictStr = ""
    """The name of a keyword list of which a word stands in a title of the match's own column of a table."""
    within: int = Field(default=0, strict=True, gt=0, le=2000)
    """How many characters either side are searched, never across parts; a column has its title however far above."""

    @model_validator(mode="after")
    def _one(self) -> "EvidenceModel":
        if [bool(self.keywords), bool(self.regex), bool(self.column)].count(True) != 1:
            raise wrong("exactly one of `keywords`, `regex` and `column` must stand here")
        if self.column and self.within:
            raise wrong("a column has no `within`", "its title counts however far above it stands")
        if not self.column and not self.within:
            raise wrong("`within` is missing")
        return self

    def built(self) -> Evidence:
        """The same as the engine knows it."""
        return Evidence(self.within, self.keywords or self.column, self.regex, bool(self.column))


class LevelModel(Written):
    """What a level takes: all of `all`, one of `any`, none of `none`, and the format."""

    all: tuple[EvidenceModel, ...] = ()
    """Every one of these must be near the match."""
    any: tuple[EvidenceModel, ...] = ()
    """At least one of these must be near the match."""
    none: tuple[EvidenceModel, ...] = ()
    """None of these may be near the match."""
    format: StrictStr = ""
    """A name that the validator gives the match, such as `separated` or `plain`."""

    def built(self, name: str) -> Level:
        """The same as the engine knows it."""
        every, some, no = (tuple(e.built() for e in side) for side in (self.all, self.any, self.none))
        return Level(name, every, some, no, self.format)


class PrimaryModel(Written):
    """The pattern itself, and who checks what it matched."""

    regex: StrictStr = Field(min_length=1)
    """The pattern, in RE2's syntax; 'single quotes' keep its backslashes."""
    validator: StrictStr = ""
    """A check of the matched value: checksum, ranges, published fakes."""
    group: int = Field(default=0, strict=True, ge=0, le=99)
    """The capturing group that holds the value; 0 is the whole match."""
    case_sensitive: Flag = False
    """Whether large and small letters differ."""
    edm: StrictStr = ""
    """A list for exact data match, by its name in the settings: only values that stand in it are found."""
    column: StrictStr = ""
    """The column of that list."""

    @model_validator(mode="after")
    def _both(self) -> "PrimaryModel":
        if bool(self.edm) is not bool(self.column):
            raise wrong("`edm` and `column` go together", "the list's name, and the column of it")
        return self


class DetectorModel(Written):
    """A named pattern with its validator and supporting evidence, shared by rules."""

    title: Line = ""
    """What it finds, in one line for people."""
    primary: PrimaryModel
    """The pattern and its validator."""
    levels: dict[SureLevel, Annotated[ListOf[LevelModel], Field(min_length=1)]] = Field(min_length=1)
    """What each level takes (`{}` takes nothing), or a list of ways to it of which one is enough; the highest that holds
    counts, and where none holds nothing is found."""
    mask: StrictStr = "last4"
    """What evidence shows of a value."""
    known: Words = ()
    """A text, or several, in each of which it must find a value at its surest level: `known: "SSN 536-90-4399"`. Tried by
    the whole engine whenever rules are loaded, at a reload too; where a value is missed, nothing is loaded."""

    @field_validator("levels", mode="before")
    @classmethod
    def _empty_levels(cls, value: object) -> object:
        """A level with nothing under it takes nothing: `low:` is the same as `low: {}`."""
        return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value

    def built(self, name: str) -> Detector:
        """The same as the engine knows it, levels from the surest down."""
        levels = tuple(way.built(level) for level in LEVELS for way in self.levels.get(level, ()))
        main = self.primary
        # What a list holds is the city's own: nothing of it is shown.
        mask = "all" if main.edm else self.mask
        return Detector(
            name,
            main.regex,
            levels,
            main.validator,
            mask,
            main.group,
            main.case_sensitive,
            known=self.known,
            edm=main.edm,
            column=main.column,
            title=self.title,
        )


class UnlessModel(Side):
    """Mail that a rule spares: between these people, encrypted as a whole, or both."""

    encrypted: Encrypted | None = None
    """Spares mail whose whole content is encrypted, told by its octets; it needs no proof of who asks."""

    @property
    def spare(self) -> Spare:
        """The same as the examination knows it."""
        return Spare(self.scope, encrypted=self.encrypted is not None)


class RolloutModel(Written):
    """For whom a rule acts already; for everybody else it is in shadow. Either key, or both: a sender is in where any holds."""

    percent: float | None = Field(default=None, gt=0, le=100)
    """How many of a hundred senders, chosen once and for all: a larger number takes nobody out. Fractions are allowed."""
    sender: Whoever = ()
    """Senders in any case: `group:NAME`, `domain:D`, `address:A`, `internal`, `external`, or a list of these."""

    @field_validator("percent", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong("a percentage expected", "a number over 0 and up to 100, like 10 or 0.5")
        return value

    @model_validator(mode="after")
    def _some(self) -> "RolloutModel":
        if self.percent is None and not self.sender:
            raise wrong("a roll-out names a share of senders or certain senders", "like {percent: 10}")
        return self

    def built(self) -> Rollout:
        """The same as the examination knows it."""
        return Rollout(self.percent or 0.0, self.sender)


class RuleModel(Written):
    """What every rule says; the parameters of its family stand beside these keys."""

    id: Id
    """The stable name, like pii.ssn: small letters, digits, - and _, with dots between. It appears in replies, metrics, journal."""
    title: Line
    """One line for people."""
    policy: Words = Field(min_length=1)
    """The clause or clauses of the policy that the rule serves."""
    family: StrictStr
    """The code that looks at the mail; the family's own keys stand beside the others."""
    when: Side = Side()
    """Who the rule is for, decided for each recipient; all keys must hold."""
    action: Action
    """What becomes of the mail where the rule finds something."""
    on_unscannable: Action | None = None
    """What becomes of content nobody could look into; left out, `quarantine` for families that read content, else `accept`."""
    on_error: Action = "defer"
    """What becomes of the mail where the rule itself fails and could not look."""
    mode: ModeWord = Mode.ENFORCE.value
    """Whether the rule acts."""
    rollout: RolloutModel | None = None
    """Beside `mode: enforce`: the senders for whom the rule acts already; for all others it is in shadow."""
    unless: tuple[UnlessModel, ...] = ()
    """What the rule spares: any of these. Where one names people, the sender must be authenticated; one that names people and
    says `encrypted: whole` takes both."""
    message: StrictStr = "{title}. {way_out}"
    """What the sender of refused mail reads; {count}, {where}, {what}, {ref}, {rule}, {title} and {way_out} are filled in,
    never the value found."""
    examples: ExamplesModel
    """Mail that proves what the rule means."""

    @field_validator("unless")
    @classmethod
    def _narrow(cls, value: tuple[UnlessModel, ...]) -> tuple[UnlessModel, ...]:
        if any(not s.sender and not s.recipients and s.encrypted is None for s in value):
            raise wrong(
                "an `unless` that names nobody would spare everybody",
                "name `sender` or `recipients`, or say `encrypted: whole`",
            )
        return value

    @field_validator("rollout")
    @classmethod
    def _acts(cls, value: RolloutModel | None, info: ValidationInfo) -> RolloutModel | None:
        mode = info.data.get("mode", Mode.ENFORCE.value)
        if value is not None and mode != Mode.ENFORCE.value:
            raise wrong(
                f"`rollout` contradicts `mode: {mode}`", "leave one of them out: a roll-out needs `mode: enforce`"
            )
        return value


class WaiverModel(Side):
    """What the policy calls an exception: switches one rule off for a narrow scope until a day ends."""

    id: Line
    """The waiver's own name; it appears in the verdict."""
    rule: StrictStr
    """The id of the rule."""
    owner: Line
    """Who answers for it."""
    approver: Line
    """Who granted it."""
    ticket: Line
    """Where it was asked for."""
    reason: Line
    """Why."""
    expires: Day
    """Its last day, in the city's time zone."""
    starts: Day | None = None
    """Its first day; where it is left out, it holds at once."""
    note: Line | None = None
    """What else there is to say of it, such as why it was revoked."""

    @model_validator(mode="after")
    def _narrow(self) -> "WaiverModel":
        if not self.sender and not self.recipients:
            raise wrong("a waiver that names nobody would switch the rule off for everybody", "name `sender`")
        return self


class PackHead(Written):
    """The keys of a pack that are read as a whole; its sections are read piece by piece."""

    pack: Id
    """The pack's name."""
    internal_domains: ListOf[Domain] = ()
    """Domains that the examples of this pack treat as ours, beside those of the settings."""
    layer: int = Field(default=1, strict=True, ge=1, le=9)
    """Of two packs that override the same key, the one of the higher layer wins."""


class KeywordLists(Written):
    """The keyword lists of a pack."""

    keywords: dict[Id, Annotated[tuple[Line, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Keyword lists, shared with all packs; keywords match whole words."""


class PackModel(PackHead, KeywordLists):
    """One file of rules with the detectors, keyword lists and waivers it brings along."""

    rules: tuple[RuleModel, ...] = ()
    """The rules; each stands for itself, their order means nothing."""
    detectors: dict[Id, DetectorModel] = Field(default_factory=dict)
    """Detectors, shared with all packs."""
    waivers: tuple[WaiverModel, ...] = ()
    """Exceptions that were granted."""
    overrides: OverridesModel = OverridesModel()
    """What this pack changes in other packs, whose files stay as they are."""


COMMON: Final = frozenset(RuleModel.model_fields)
"""The keys that every rule knows, whatever its family."""


def fields_of(raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A rule's mapping parted into what every rule says and what belongs to its family."""
    return {k: v for k, v in raw.items() if k in COMMON}, {k: v for k, v in raw.items() if k not in COMMON}
