"""The schema that editors use."""

import json

from smtp_gate.ruleset import json_schema
from smtp_gate.ruleset.json_schema import pack_schema, tidy, waivers_schema
from smtp_gate.ruleset.shipped import Shipped, shipped
from tests.ruleset.toy import TOYS


def test_families_bring_their_parameters() -> None:
    schema = pack_schema(TOYS)
    rule = schema["$defs"]["RuleModel"]
    assert rule["properties"]["family"]["enum"] == ["blind", "toy"]
    toy = next(b["then"] for b in rule["allOf"] if b["if"]["properties"]["family"]["const"] == "toy")
    assert toy["additionalProperties"] is False
    assert toy["required"] == ["find"]
    assert toy["properties"]["find"] == {"$ref": "#/$defs/toy.Find", "description": "What is looked for."}
    assert toy["properties"]["id"] is True
    assert schema["$defs"]["toy.Find"]["properties"]["word"]["description"] == "The word."


def test_every_reference_has_its_definition_and_every_key_a_description() -> None:
    schema = pack_schema(TOYS)
    text = json.dumps(schema)
    for name in {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}:
        assert name in schema["$defs"], name
    for name, definition in schema["$defs"].items():
        for key, value in definition.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_one_value_is_as_good_as_a_list() -> None:
    schema = pack_schema(TOYS)
    policy = schema["$defs"]["RuleModel"]["properties"]["policy"]
    assert [form.get("type") for form in policy["anyOf"]] == ["string", "array"]
    assert "P-SENSITIVE" in policy["anyOf"][0]["enum"]
    sender = schema["$defs"]["WaiverModel"]["properties"]["sender"]
    assert [form.get("type") for form in sender["anyOf"]] == ["string", "array"]


def test_names_of_shipped_packs_are_offered_and_others_are_as_good() -> None:
    definitions = pack_schema(shipped=shipped())["$defs"]
    detector = definitions["sensitive.Clause"]["properties"]["detector"]
    lists = definitions["EvidenceModel"]["properties"]["keywords"]
    assert {"us_ssn", "payment_card"} <= set(detector["examples"])
    assert "ssn_words" in lists["examples"]
    assert "enum" not in detector
    assert "enum" not in lists


def test_a_validator_is_one_that_there_is_and_a_level_may_be_empty() -> None:
    definitions = pack_schema(TOYS, Shipped())["$defs"]
    assert "us_ssn" in definitions["PrimaryModel"]["properties"]["validator"]["enum"]
    levels = definitions["DetectorModel"]["properties"]["levels"]
    assert set(levels["properties"]) == {"high", "medium", "low"}
    assert levels["additionalProperties"] is False
    assert {"type": "null"} in levels["properties"]["low"]["anyOf"]


def test_a_file_of_waivers_holds_nothing_else() -> None:
    schema = waivers_schema()
    assert {"pack", "waivers"} <= set(schema["properties"])
    assert not {"rules", "detectors", "keywords"} & set(schema["properties"])
    assert schema["required"] == ["pack", "waivers"]
    assert schema["additionalProperties"] is False
    assert "WaiverModel" in schema["$defs"]
    assert "RuleModel" not in schema["$defs"]


def test_what_an_editor_does_not_need_is_left_out() -> None:
    whole = {
        "title": "Whole",
        "$defs": {"Part": {"description": "A part.", "properties": {"title": {"title": "Title", "description": "t"}}}},
        "properties": {
            "part": {"$ref": "#/$defs/Part", "default": {"title": ""}},
            "some": {"default": [], "description": "Some\n  of it."},
            "no": {"default": False, "description": "No."},
            "zero": {"default": 0, "description": "Zero."},
            "more": {"default": 0, "exclusiveMinimum": 0, "description": "More."},
        },
    }
    properties = tidy(whole)["properties"]
    assert properties["part"] == {"$ref": "#/$defs/Part", "description": "A part."}
    assert properties["some"] == {"description": "Some of it."}
    assert properties["no"]["default"] is False
    assert properties["zero"]["default"] == 0
    assert "default" not in properties["more"]
    assert tidy(whole)["$defs"]["Part"]["properties"]["title"] == {"description": "t"}
    assert "title" not in whole


def test_words_of_keys_become_keys() -> None:
    names = {"enum": ["a", "b"], "enumDescriptions": ["one", ""]}
    node = {"type": "object", "propertyNames": names, "additionalProperties": {"type": "integer"}}
    assert tidy(node) == {
        "type": "object",
        "properties": {"a": {"type": "integer", "description": "one"}, "b": {"type": "integer", "description": "b."}},
        "additionalProperties": False,
    }


def test_definitions_that_definitions_name_are_kept() -> None:
    definitions = {"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"anyOf": [{"$ref": "#/$defs/A"}]}, "C": {}}
    assert json_schema._named_in({"x": {"$ref": "#/$defs/A"}}, definitions) == ["A", "B"]
