"""What every rule family offers, and what its parameters promise.

The gate's own families and those of other packages are loaded alike, by the entry-point group `smtp_gate.families`. A
package outside may import this module and `smtp_gate.core`, and nothing else of the gate; with that it is promised:

- Names, fields and their meaning in both stay within a minor version (0.1.x), and the change log tells of every change.
  What is added has a default, so that a family that names its arguments goes on.
- `detectors`, `needs` and `check` are called with these arguments, in that order, from any thread; `check` only with every
  question of `needs` answered, and never for a message whose rule is off, for others, or spares all recipients.
- What a family raises, and what it gives that is no `Finding` or asks that is no `FactKey`, is its rule's failure: by
  `on_error` 451 as a rule, and the other rules judge on. It must not block, look at a clock, or keep state.
- What cannot be loaded is told at the rules that use it; the others load. No package takes the name of a family of ours.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView


class Params(BaseModel):
    """Base of a family's parameters: frozen, no unknown keys, attribute docstrings become schema descriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True, eq=False)
class Meanings:
    """What each word of a parameter's Literal or StrEnum means, for the schema that editors show and for docs/rules.md.

    It stands beside the words: `Annotated[Literal["a", "b"], Meanings({"a": "...", "b": "..."})]`. A word without a
    meaning is shown without one; a test asks for each.
    """

    of: Mapping[str, str]

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The words with their meanings beside them, in the form that editors know."""
        written = handler.resolve_ref_schema(handler(core_schema))
        words = [str(word) for word in written.get("enum", [written.get("const")])]
        return {"type": "string", "enum": words, "enumDescriptions": [self.of.get(word, "") for word in words]}


P = TypeVar("P", bound=Params)


class Family(Protocol[P]):
    """One rule family. Families hold no state and do not import each other; `check` may be called from any thread.

    `name` is the word in YAML; `schema` the type of the parameters, checked at load; `reads_content` is True where an
    unscannable part could hide what the family looks for, so that the rule's `on_unscannable` applies.
    """

    name: str
    schema: type[P]
    reads_content: bool

    def detectors(self, params: P) -> Collection[str]:
        """The names of the detectors that these parameters use; the loader refuses unknown ones."""
        ...

    def needs(self, view: MessageView, params: P) -> Collection[FactKey]:
        """The questions to ask outside before `check`; a question without an answer fails the rule, not the family."""
        ...

    def check(self, view: MessageView, facts: Facts, params: P) -> Iterable[Finding]:
        """What is found. `view.matches` holds the shared scan. An exception is the rule's failure, never a miss."""
        ...
