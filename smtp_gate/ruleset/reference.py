"""docs/rules.md: every key and word of the rule language, made from the schema that packs are checked by."""

import re
from collections.abc import Iterator
from typing import Any, Final

from smtp_gate.core.answer import PLACEHOLDERS
from smtp_gate.detect.detectors import LEVELS
from smtp_gate.detect.validators import FORMATS, VALIDATORS
from smtp_gate.detect.validators.meanings import FORMAT_MEANINGS, VALIDATOR_MEANINGS
from smtp_gate.families.base import Family
from smtp_gate.ruleset.json_schema import pack_schema
from smtp_gate.ruleset.people import NEED_DIRECTORY
from smtp_gate.ruleset.plugins import Families, installed
from smtp_gate.ruleset.policy import CLAUSES
from smtp_gate.ruleset.reference_examples import EXAMPLES
from smtp_gate.ruleset.reference_tables import Schema, keys, sentence, table
from smtp_gate.ruleset.schema import EvidenceModel, LevelModel
from smtp_gate.ruleset.shipped import Shipped, shipped
from smtp_gate.ruleset.words import WHO

HEADINGS: Final = {
    "PackModel": "A pack",
    "RuleModel": "A rule",
    "Side": "For whom: `when`",
    "UnlessModel": "What a rule spares: `unless`",
    "ExamplesModel": "Examples",
    "ExampleModel": "One example",
    "AccountModel": "Accounts of an example",
    "DetectorModel": "A detector",
    "PrimaryModel": "Its pattern: `primary`",
    "LevelModel": "A level",
    "EvidenceModel": "Evidence",
    "WaiverModel": "A waiver",
}
"""What the section of a definition is called; one that is not named here is called by the key it stands at."""

_ELSEWHERE: Final = {
    "policy": "clauses-of-the-policy",
    "family": "families",
    "validator": "validators",
    "format": "formats",
    "sender": "who-sender-and-recipients",
    "recipients": "who-sender-and-recipients",
}
"""Keys whose words have sections of their own."""

_INTRO: Final = """\
Every key and word that may stand in a pack, made from the code by `smtp-gate schema rules`. [Writing rules](writing-rules.md)
says how to go about it, and `smtp-gate schema pack` gives the same to an editor. What is not in these tables is refused when
rules are loaded, and [so is more](writing-rules.md#what-is-refused-when-rules-are-loaded). A default that is empty means:
nothing.
"""


def reference(families: Families | None = None, brought: Shipped | None = None) -> str:
    """The whole page in Markdown; families of plug-ins that are installed are in it."""
    known = families if families is not None else installed()
    packs = brought if brought is not None else shipped()
    schema = pack_schema(known)
    body = [*_definitions(schema), *_people(), *_message(), *_clauses(), *_families(schema, known)]
    body += [*_validators(), *_formats(), *_shipped(packs)]
    contents = [_entry(line) for line in body if re.match(r"##+ ", line)]
    return "\n".join(["# The rule language", "", *_INTRO.splitlines(), "", *contents, "", *body]).rstrip() + "\n"


def anchor(heading: str) -> str:
    """What a link to a heading says behind its #."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _entry(heading: str) -> str:
    signs, _, name = heading.partition(" ")
    return f"{'  ' * (len(signs) - 2)}- [{name}](#{anchor(name)})"


def _definitions(schema: Schema) -> Iterator[str]:
    """A section for the pack and for each mapping in it, in the order in which one names the other."""
    headings = {"PackModel": HEADINGS["PackModel"]}
    found: dict[str, Schema] = {}
    waiting = ["PackModel"]
    while waiting:
        name = waiting.pop(0)
        found[name] = schema if name == "PackModel" else schema["$defs"][name]
        waiting = [*_named(found[name], headings), *waiting]
    anchors = {name: anchor(heading) for name, heading in headings.items()}
    for name, node in found.items():
        yield from (f"## {headings[name]}", "", str(node.get("description", "")), "")
        yield from keys(node, anchors, _ELSEWHERE)
        yield from _example(name)


def _named(node: Schema, headings: dict[str, str]) -> Iterator[str]:
    """The definitions that a mapping names first; each gets its heading."""
    for key, value in node.get("properties", {}).items():
        for name in re.findall(r"#/\$defs/(\w+)'", str(value)):
            if name not in headings:
                headings[name] = HEADINGS.get(name, f"The keys of `{key}`")
                yield name


def _example(name: str) -> Iterator[str]:
    if name in EXAMPLES:
        yield from ("```yaml", *EXAMPLES[name].rstrip().splitlines(), "```", "")


def _people() -> Iterator[str]:
    yield from (
        "## Who: `sender` and `recipients`",
        "",
        "What stands at `sender` and `recipients`, alone or in a list:",
        "",
    )
    yield from table(("word", "who"), ((f"`{word}`", meaning) for word, meaning in WHO.items()))


def _message() -> Iterator[str]:
    yield from ("## Placeholders of `message`", "", "What a rule's `message` may hold in braces:", "")
    yield from table(("placeholder", "becomes"), ((f"`{{{name}}}`", said) for name, said in PLACEHOLDERS.items()))


def _clauses() -> Iterator[str]:
    yield from (
        "## Clauses of the policy",
        "",
        "What `policy` may name; `smtp-gate policy` shows which rules serve each.",
        "",
    )
    yield from table(("clause", "what it asks"), ((f"`{c.id}`", c.meaning) for c in CLAUSES.values()))


def _families(schema: Schema, known: Families) -> Iterator[str]:
    yield from ("## Families", "", "The family's own keys stand in a rule beside the others.", "")
    told: dict[str, str] = {}
    branches = {b["if"]["properties"]["family"]["const"]: b["then"] for b in schema["$defs"]["RuleModel"]["allOf"]}
    for name, family in sorted(known.known.items()):
        yield from _family(name, family, branches[name], schema["$defs"], told)


def _family(name: str, family: Family[Any], branch: Schema, definitions: Schema, told: dict[str, str]) -> Iterator[str]:
    yield from (f"### `{name}`", "")
    for paragraph in (family.schema.__doc__ or "").strip().split("\n\n"):
        yield from (" ".join(paragraph.split()), "")
    unread = "`quarantine`" if family.reads_content else "`accept`"
    needs = " It needs a directory." if name in NEED_DIRECTORY else ""
    yield from (f"Where `on_unscannable` is left out: {unread}.{needs}", "")
    own = {n.removeprefix(f"{name}."): d for n, d in definitions.items() if n.startswith(f"{name}.")}
    said = str(({k: v for k, v in branch["properties"].items() if v is not True}, own)).replace(f"{name}.", "")
    if said in told:
        yield from (f"Its keys are those of [`{told[said]}`](#{anchor(told[said])}).", "")
    else:
        told[said] = name
        # What is named later stands later: a definition's own words begin with those of the mapping that holds it.
        inner = sorted((n for n in own if "properties" in own[n]), key=lambda n: n not in str(branch["properties"]))
        anchors = {f"{name}.{n}": anchor(f"{name}: {n.lower()}") for n in inner}
        yield from keys(branch, anchors)
        for below in inner:
            yield from (f"#### `{name}`: {below.lower()}", "", sentence(own[below]), "")
            yield from keys(own[below], anchors)
    yield from _example(name)


def _validators() -> Iterator[str]:
    yield from (
        "## Validators",
        "",
        "What `validator` may name, what it lets pass, and the formats that it gives a match:",
        "",
    )
    rows = (
        (f"`{name}`", VALIDATOR_MEANINGS.get(name, ""), ", ".join(f"`{f}`" for f in sorted(FORMATS[name])))
        for name in VALIDATORS
    )
    yield from table(("validator", "what passes", "format"), rows)


def _formats() -> Iterator[str]:
    yield from ("### Formats", "", "What a level may ask for as `format`:", "")
    yield from table(("format", "the match is"), ((f"`{name}`", said) for name, said in FORMAT_MEANINGS.items()))


def _shipped(packs: Shipped) -> Iterator[str]:
    said = """\
What the packs in [`rules/`](../rules) bring along; any rule may name them. A level that no rule acts on alone counts in numbers
(`unique: 10`), beside something else under `all`, or in a rule in shadow. Of each level the list says what must stand near the
value, as [evidence](#evidence), and the [format](#formats); `/` parts several ways to it, and `*` means that there are
words which speak against it."""
    yield from ("## The shipped detectors", "", *said.splitlines(), "")
    rows = (
        (
            f"`{name}`",
            model.title,
            pack,
            "<br>".join(f"**{lv}** {_ways(model.levels[lv])}" for lv in LEVELS if lv in model.levels),
        )
        for name, (pack, model) in packs.detectors.items()
    )
    yield from table(("detector", "what it finds", "pack", "what each level takes"), rows)


def _ways(ways: tuple[LevelModel, ...]) -> str:
    return " / ".join(dict.fromkeys(map(_takes, ways)))


def _takes(level: LevelModel) -> str:
    said = [_near(e) for e in level.all]
    one = list(dict.fromkeys(_near(e) for e in level.any))
    said += one if len(one) == 1 else [f"one of ({', '.join(one)})"] if one else []
    said += [f"`{level.format}`"] if level.format else []
    return (" + ".join(dict.fromkeys(said)) or "the value alone") + (" *" if level.none else "")


def _near(evidence: EvidenceModel) -> str:
    if evidence.column:
        return f"a column of `{evidence.column}`"
    return f"`{evidence.keywords}`" if evidence.keywords else "certain words"
