"""The shape of an example: one mail inside a rule, with the envelope and the directory it needs."""

import re
from typing import Annotated, Final

from pydantic import Field, PlainValidator, StrictStr, WithJsonSchema, field_validator, model_validator

from smtp_gate.families.clauses import LevelName
from smtp_gate.ruleset.written import Address, Day, Flag, Line, ListOf, Words, Written, wrong

_HEADER: Final = re.compile(r"[!-9;-~]{1,64}")


def _header_value(value: object) -> str:
    if not isinstance(value, str) or any(c in value for c in "\r\n\0"):
        raise wrong("a header's value expected", "one line of text")
    return value


HeaderValue = Annotated[str, PlainValidator(_header_value), WithJsonSchema({"type": "string"})]


class AccountModel(Written):
    """A directory entry that exists in one example only."""

    address: Address
    """The account's address."""
    name: StrictStr = ""
    """The person's name."""
    status: StrictStr = "employee"
    """employee, contractor, vendor or agent."""
    kind: StrictStr = "person"
    """person, service, shared, list or forward."""
    person: StrictStr = ""
    """What ties the accounts of one human together."""
    department: StrictStr = ""
    """The department on the day of the message."""
    title: StrictStr = ""
    """The office title."""
    groups: Words = ()
    """Groups, as `group:NAME` asks for them."""
    aliases: ListOf[Address] = ()
    """Further addresses of the account."""
    personal: ListOf[Address] = ()
    """The person's own addresses outside."""
    senders: Words = ()
    """Addresses and `group:NAME`s that may send under this account's name."""
    valid_from: Day | None = None
    """The account's first day."""
    valid_to: Day | None = None
    """The account's last day."""
    successor: StrictStr = ""
    """The address that a transferred person has now."""


class AttachmentModel(Written):
    """A text file that comes with the mail; for any other file write a `case`."""

    name: Line
    """The file's name, such as `people.csv`."""
    text: StrictStr
    """What stands in it."""


class ExpectModel(Written):
    """A finding that a hit must bring: every key that stands here must hold in one and the same finding."""

    detector: StrictStr = ""
    """The detector that found it."""
    level: LevelName | None = None
    """Its level, exactly."""
    region: StrictStr = ""
    """Where it stands: `own`, `quoted`, ..., or with the file's path, `attachment people.csv`."""
    part: StrictStr = ""
    """The number of its part."""
    count: int | None = Field(default=None, strict=True, ge=1)
    """How many different values are behind it, exactly."""
    detail: StrictStr = ""
    """The word that a family without detectors gives it, such as `from_mismatch`."""

    @model_validator(mode="after")
    def _says_something(self) -> "ExpectModel":
        if self == ExpectModel.model_construct():
            raise wrong("an expected finding must name something", "detector, level, region, part, count or detail")
        return self


class ExampleModel(Written):
    """One mail that the rule must find something in (`hit`) or must find nothing in (`miss`)."""

    text: StrictStr | None = None
    """The plain text of the body."""
    html: StrictStr | None = None
    """The HTML of the body; beside `text` it is the alternative."""
    case: StrictStr | None = None
    """An .eml file below the pack's folder, instead of `text` and `html`."""
    sender: StrictStr | None = Field(default=None, alias="from")
    """The sender, `a@b.c` or `Name <a@b.c>`; an internal person where it is missing."""
    to: ListOf[StrictStr] = ()
    """One recipient or several; an external address where it is missing."""
    subject: StrictStr = "An example"
    """The subject."""
    date: Day | None = None
    """The day on which the mail is sent."""
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    """Header fields to add, or to put in place of the usual From, To, Subject."""
    login: Address | None = None
    """The authenticated account, for rules with `unless`."""
    accounts: tuple[AccountModel, ...] = ()
    """Directory entries that exist in this example only."""
    attachments: tuple[AttachmentModel, ...] = ()
    """Text files that come with it."""
    todo: Line | None = None
    """Why it comes out wrong still: a known gap, for which `test` and `check` do not fail until it has closed."""
    expect: ListOf[ExpectModel] = ()
    """Of a hit: what must be found, so that it is found for the right reason."""
    only: Flag = False
    """Of a hit with `expect`: nothing else may be found."""

    @field_validator("headers")
    @classmethod
    def _header_names(cls, value: dict[str, str]) -> dict[str, str]:
        bad = next((name for name in value if _HEADER.fullmatch(name) is None), None)
        if bad is not None:
            raise wrong(f"`{bad[:40]}` is not a header name")
        return value

    @model_validator(mode="after")
    def _one_body(self) -> "ExampleModel":
        inline = self.text is not None or self.html is not None
        if inline is (self.case is not None):
            raise wrong("either `text` and `html` or `case` must stand here")
        if self.case is not None and self.attachments:
            raise wrong("a `case` has its own attachments", "leave `attachments` out")
        if self.only and not self.expect:
            raise wrong("`only` says that nothing but `expect` is found", "name what is expected")
        return self


class ExamplesModel(Written):
    """Mail that proves what the rule means; both kinds must be there."""

    hit: tuple[ExampleModel, ...] = Field(min_length=1)
    """Mail in which the rule must find something."""
    miss: tuple[ExampleModel, ...] = Field(min_length=1)
    """Mail in which it must find nothing."""

    @field_validator("miss")
    @classmethod
    def _nothing_to_expect(cls, value: tuple[ExampleModel, ...]) -> tuple[ExampleModel, ...]:
        if any(example.expect for example in value):
            raise wrong("a miss expects nothing to be found", "`expect` belongs in a hit")
        return value
