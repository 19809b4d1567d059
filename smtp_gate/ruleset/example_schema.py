"""The shape of an example: one mail inside a rule, with the envelope and the directory it needs."""

import re
from typing import Annotated, Final

from pydantic import Field, PlainValidator, StrictStr, WithJsonSchema, field_validator, model_validator

from smtp_gate.ruleset.written import Address, Day, ListOf, Words, Written, wrong

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
        return self


class ExamplesModel(Written):
    """Mail that proves what the rule means; both kinds must be there."""

    hit: tuple[ExampleModel, ...] = Field(min_length=1)
    """Mail in which the rule must find something."""
    miss: tuple[ExampleModel, ...] = Field(min_length=1)
    """Mail in which it must find nothing."""
