"""Families of other packages: what is refused and why, whose name counts, and what a careless one cannot break."""

import json
import sys
from collections.abc import Callable, Collection, Iterable
from importlib.metadata import Distribution, EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict, field_validator

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView
from smtp_gate.examine import examine
from smtp_gate.families.base import Params
from smtp_gate.ruleset import plugins
from smtp_gate.ruleset.build import load
from smtp_gate.ruleset.json_schema import pack_schema
from smtp_gate.ruleset.plugins import Families
from tests.builders import message
from tests.ruleset.toy import PACK, SETTINGS, TOY, Toy, ToyParams


class Package(Distribution):
    """A package that offers something; it lies nowhere."""

    def __init__(self, name: str) -> None:
        self.called = name

    @property
    def metadata(self) -> Any:
        return {"Name": self.called}

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Path:
        return Path(path)


def offer(package: str, name: str, value: str) -> EntryPoint:
    point = EntryPoint(name, value, plugins.GROUP)
    return point._for(Package(package))  # type: ignore[attr-defined, no-any-return]  # the way the library makes them


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Families]:
    def found(*offers: EntryPoint) -> Families:
        def answer(*, group: str) -> Collection[EntryPoint]:
            return EntryPoints(offers)

        monkeypatch.setattr(plugins, "entry_points", answer)
        return plugins.installed()

    return found


HERE = "tests.ruleset.test_plugins"
OURS = offer("smtp_gate", "toy", "tests.ruleset.toy:TOY")


class Loose(Toy):
    class schema(ToyParams):  # noqa: N801 - the protocol's word
        model_config = ConfigDict(extra="ignore", frozen=True)


class Thawed(Toy):
    class schema(ToyParams):  # noqa: N801 - the protocol's word
        model_config = ConfigDict(extra="forbid", frozen=False)


class Callables(Toy):
    class schema(ToyParams):  # noqa: N801 - the protocol's word
        call: Callable[[], int] | None = None


class Mute(Toy):
    check = None  # type: ignore[assignment]  # the mistake that is looked for


class Halfway(Toy):
    reads_content = "yes"  # type: ignore[assignment]  # the mistake that is looked for


LOOSE, THAWED, CALLABLES, MUTE, HALFWAY = Loose(), Thawed(), Callables(), Mute(), Halfway()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("LOOSE", "unknown keys"),
        ("THAWED", "can be changed"),
        ("CALLABLES", "PydanticInvalidForJsonSchema"),
        ("MUTE", "no method `check`"),
        ("HALFWAY", "`reads_content`"),
        ("Loose", "a class is offered"),
        ("nowhere", "AttributeError"),
    ],
)
def test_what_is_no_family_is_refused_with_its_reason(
    offered: Callable[..., Families], value: str, reason: str
) -> None:
    found = offered(offer("other", "toy", f"{HERE}:{value}"))
    assert found.known == {}
    assert reason in found.broken["toy"]


def test_a_name_that_replies_cannot_carry_is_refused(offered: Callable[..., Families]) -> None:
    found = offered(offer("other", "A b", "tests.ruleset.toy:TOY"))
    assert "no word" in found.broken["A b"]


def test_a_package_that_ends_the_program_ends_nothing(
    offered: Callable[..., Families], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaving_family.py").write_text("raise SystemExit('bye\\nbye')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = offered(OURS, offer("other", "leaving", "leaving_family:family"))
    assert found.broken == {"leaving": "SystemExit: bye bye"}
    assert list(found.known) == ["toy"]


def test_no_package_takes_the_name_of_a_family_of_ours(offered: Callable[..., Families], tmp_path: Path) -> None:
    for offers in ((OURS, offer("Bad_Plug", "toy", f"{HERE}:MUTE")), (offer("bad.plug", "toy", f"{HERE}:MUTE"), OURS)):
        found = offered(*offers)
        assert found.known == {"toy": TOY}
        assert found.broken == {}
        assert found.refused == {"toy": "`bad-plug` offers another of this name, which is not used"}
        (tmp_path / "toys.yaml").write_text(PACK)
        result = load([tmp_path], SETTINGS, found)
        assert result.ruleset is not None
        (warning,) = result.mistakes
        assert (warning.severity, warning.line, warning.message) == ("warning", 6, "`toy` is the gate's own family")
        assert warning.hint == found.refused["toy"]


def test_two_packages_that_offer_one_name_are_both_refused(offered: Callable[..., Families], tmp_path: Path) -> None:
    found = offered(offer("two", "toy", "tests.ruleset.toy:TOY"), offer("one", "toy", "tests.ruleset.toy:TOY"))
    assert found.known == {}
    (tmp_path / "toys.yaml").write_text(PACK)
    (error,) = load([tmp_path], SETTINGS, found).errors
    assert (error.line, error.message) == (6, "the family `toy` cannot be loaded")
    assert error.hint == "it is offered more than once, by `one` and `two`: which one is meant?"


def test_the_installed_families_are_ours_and_whole() -> None:
    found = plugins.installed()
    assert {"sensitive", "identity", "links"} <= found.known.keys()
    assert (found.broken, found.refused) == ({}, {})


class Picky(Toy):
    """Its parameters and its detectors raise what no family should."""

    class schema(Params):  # noqa: N801 - the protocol's word
        find: dict[str, str]

        @field_validator("find")
        @classmethod
        def _look(cls, value: dict[str, str]) -> dict[str, str]:
            return {"word": value["word"], "other": value["other"]}


class Forgetful(Toy):
    def detectors(self, params: ToyParams) -> Collection[str]:
        raise LookupError("none")


@pytest.mark.parametrize(("family", "cause"), [(Picky(), "KeyError"), (Forgetful(), "LookupError")])
def test_a_family_that_raises_at_load_refuses_its_rule_alone(tmp_path: Path, family: Toy, cause: str) -> None:
    (tmp_path / "toys.yaml").write_text(PACK)
    (error,) = load([tmp_path], SETTINGS, Families({"toy": family})).errors
    assert (error.line, error.message, error.hint) == (6, "the family `toy` fails on these parameters", cause)


class Careless(Toy):
    """Gives and asks what it should not."""

    def __init__(self, found: Iterable[object] = (), asked: Iterable[object] = ()) -> None:
        self.found, self.asked = tuple(found), tuple(asked)

    def needs(self, view: MessageView, params: ToyParams) -> Any:
        return self.asked

    def check(self, view: MessageView, facts: Facts, params: ToyParams) -> Any:
        return self.found


@pytest.mark.parametrize(
    "family",
    [
        Careless(["found"]),
        Careless([None]),
        Careless([Finding(None, recipients=[0])]),  # type: ignore[arg-type]  # the mistake that is looked for
        Careless(asked=["a@b.org"]),
        Careless(asked=[["a@b.org"]]),
        Careless(asked=[None]),
    ],
)
def test_what_is_no_finding_and_no_question_fails_the_rule_and_not_the_gate(tmp_path: Path, family: Careless) -> None:
    (tmp_path / "toys.yaml").write_text(PACK)
    ruleset = load([tmp_path], SETTINGS, Families({"toy": family})).ruleset
    assert ruleset is not None
    view = MessageView(message("the secret plan"))
    keys = ruleset.needs(view)
    (result,) = examine(view, Facts(dict.fromkeys(keys, None)), ruleset, lambda: 0.0)
    assert result.failure is not None
    assert result.failure.cause == "crash"


def test_the_schema_for_editors_knows_an_override() -> None:
    schema = pack_schema(Families({"toy": TOY}))
    override = schema["$defs"]["RuleOverride"]
    assert {"mode", "when", "message", "examples"} < override["properties"].keys()
    assert not {"id", "family", "pack"} & override["properties"].keys()
    assert override["not"] == {"anyOf": [{"required": [key]} for key in ("family", "id", "pack", "policy")]}
    rules = schema["$defs"]["OverridesModel"]["properties"]["rules"]
    assert rules["additionalProperties"] == {"$ref": "#/$defs/RuleOverride"}
    assert "layer" in json.dumps(schema["properties"])
