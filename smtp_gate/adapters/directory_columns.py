"""The columns of a directory: what each means and how its cells are written, for its reader and for editors alike."""

from dataclasses import dataclass
from typing import Any, Final

from smtp_gate.ruleset.people import STATUSES

KINDS: Final = {
    "person": "a human being; where the cell is empty, too",
    "service": "a program",
    "shared": "a box of several people",
    "list": "a mailing list",
    "forward": "an address that hands on what it gets",
}
"""What an account may be."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its meaning. `listed` cells hold several values, parted by `;`, each with days of its own or not.

    `holds` says what the values are: text, address, granted (an address or `group:NAME`), kind, status or day.
    """

    name: str
    meaning: str
    holds: str = "text"
    listed: bool = False


TABLE: Final = (
    Column("address", "The account's address; the same one may come again for another stretch of days.", "address"),
    Column("kind", "What the account is; `person` where it is empty.", "kind"),
    Column("name", "The person's name."),
    Column("person", "What ties the accounts of one human together, like an employee number."),
    Column("department", "The department."),
    Column("title", "The office title."),
    Column("status", "What the person is to the city; `employee` where it is empty.", "status"),
    Column("groups", "Groups, as `group:NAME` in rules asks for them.", listed=True),
    Column("aliases", "Further addresses of the account.", "address", listed=True),
    Column("personal", "The person's own addresses outside.", "address", listed=True),
    Column("senders", "Who may send under this account's name beside itself.", "granted", listed=True),
    Column("valid_from", "The account's first day; open where it is empty.", "day"),
    Column("valid_to", "The account's last day; open where it is empty.", "day"),
    Column("successor", "The address that a transferred person has now.", "address"),
)
"""Every column, in the order of a file; only `address` must be there."""

COLUMNS: Final = tuple(c.name for c in TABLE)
"""The columns of a directory, whatever it is read from; only `address` must be there."""

_DAYS: Final = "Several are parted by `;`, and each may have days of its own: `VALUE [2026-07-01..2026-12-31]`."
# An editor never marks what the reader takes: only what cannot be right is ruled out here.
_ADDRESS: Final = {"pattern": "^(.+@.+)?$", "examples": ["dokafor@milwaukee.gov"]}
_FORMS: Final[dict[str, dict[str, Any]]] = {
    "text": {},
    "address": _ADDRESS,
    "granted": {"examples": ["dokafor@milwaukee.gov", "group:permits"]},
    "kind": {"enum": ["", *KINDS], "enumDescriptions": ["a human being", *KINDS.values()]},
    "status": {"examples": sorted(STATUSES)},
    "day": {"pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", "examples": ["2026-03-31"]},
}


def row_schema() -> dict[str, Any]:
    """The JSON Schema of one row as an object of cells by column, all of them text, as they stand in the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "smtp-gate directory row",
        "description": "One row of directory.csv: a stretch of days of one account, with a cell for each column.",
        "type": "object",
        "properties": {column.name: _cell(column) for column in TABLE},
        "required": ["address"],
        "additionalProperties": False,
    }


def _cell(column: Column) -> dict[str, Any]:
    form = _FORMS[column.holds]
    if column.listed:
        return {
            "type": "string",
            "description": f"{column.meaning} {_DAYS}",
            **{k: form[k] for k in form if k != "pattern"},
        }
    needed = {"minLength": 1} if column.name == "address" else {}
    return {"type": "string", "description": column.meaning, **form, **needed}
