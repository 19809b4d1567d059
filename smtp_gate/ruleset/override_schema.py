"""The shape of `overrides`: what a pack may change in rules and keyword lists of other packs."""

from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from smtp_gate.ruleset.written import Line, ListOf, Written, wrong

FIXED: Final = frozenset({"id", "family", "pack", "policy"})
"""Keys that no pack overrides: with another of these it would be another rule, or one that may look less closely."""

RuleKeys = Annotated[dict[str, Any], Field(min_length=1)]


class WordsOverride(Written):
    """Words that a keyword list gains and loses."""

    add: ListOf[Line] = ()
    """Words to add."""
    remove: ListOf[Line] = ()
    """Words to take out."""

    @model_validator(mode="after")
    def _something(self) -> "WordsOverride":
        if not self.add and not self.remove:
            raise wrong("nothing is changed here", "`add: [WORD]` or `remove: [WORD]`")
        return self


class OverridesModel(Written):
    """What this pack changes in other packs, whose files stay as they are."""

    rules: dict[str, RuleKeys] = Field(default_factory=dict)
    """Rules by their ids, each with the keys to replace; a key is replaced whole."""
    keywords: dict[str, WordsOverride] = Field(default_factory=dict)
    """Keyword lists by their names, each with words to `add` and to `remove`."""
