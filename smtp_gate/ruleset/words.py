"""The words that packs choose among, each with its meaning for editors and for docs/rules.md."""

from typing import Annotated, Final, Literal

from smtp_gate.families.base import Meanings

Action = Annotated[
    Literal["accept", "defer", "quarantine", "reject"],
    Meanings(
        {
            "accept": "the mail goes on; what was found is reported",
            "defer": "`451`: the sending server keeps the mail and tries again",
            "quarantine": "the mail is held until somebody decides",
            "reject": "`550`: the mail is refused, and its sender reads why",
        }
    ),
]
"""What becomes of mail, from the loosest to the strictest."""

ModeWord = Annotated[
    Literal["enforce", "shadow", "off"],
    Meanings({"enforce": "the rule acts", "shadow": "it only reports and never acts", "off": "it sleeps"}),
]

SureLevel = Annotated[
    Literal["high", "medium", "low"],
    Meanings(
        {
            "high": "what the surest finding takes",
            "medium": "what a likely one takes",
            "low": "what a possible one takes",
        }
    ),
]

Encrypted = Annotated[
    Literal["whole"],
    Meanings({"whole": "everything that bears content is encrypted; something in clear beside it spares nothing"}),
]

WHO: Final = {
    "internal": "anybody with an address in one of our domains",
    "external": "anybody else",
    "group": "`group:NAME`: who is in that group of the directory on that day",
    "domain": "`domain:example.org`: every address in that domain",
    "address": "`address:a@example.org`, or the address alone",
}
"""The words for people in `when`, `unless` and waivers."""
