"""Overrides: keys replaced and words changed across packs, the higher layer wins, and every mistake is at its own place."""

import json
import shutil
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gate.core.verdict import Disposition, Mode
from smtp_gate.ruleset.build import Loaded, load
from smtp_gate.ruleset.examples import run_examples
from smtp_gate.ruleset.packs import shipped_rules
from smtp_gate.ruleset.rules import BuiltRule, Overridden
from tests.ruleset.test_broken import DETECTOR, swap
from tests.ruleset.toy import PACK, SETTINGS, TOYS

BASE = swap("    action", "    detector: ssn\n    action") + DETECTOR


def laid(folder: Path, *packs: str, base: str = BASE) -> Loaded:
    """The toy pack with these packs over it, in files that come after it."""
    files = [folder / "base.yaml"]
    files[0].write_text(base)
    for number, text in enumerate(packs):
        name = text.partition("\n")[0].removeprefix("pack: ") if text.startswith("pack: ") else f"p{number}"
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(text)
    return load(files, SETTINGS, TOYS)


def over(keys: str, name: str = "city", layer: int | None = None) -> str:
    head = f"pack: {name}\n" + (f"layer: {layer}\n" if layer else "")
    return f"{head}overrides:\n  rules:\n    toy.word: {{{keys}}}\n"


def words(change: str, name: str = "city", layer: int | None = None) -> str:
    head = f"pack: {name}\n" + (f"layer: {layer}\n" if layer else "")
    return f"{head}overrides:\n  keywords:\n    words: {{{change}}}\n"


def built(result: Loaded) -> BuiltRule:
    assert result.ruleset is not None, [str(m) for m in result.mistakes]
    (one,) = [b for pack in result.packs for b in pack.rules]
    return one


def listed(result: Loaded) -> tuple[str, ...]:
    assert result.ruleset is not None, [str(m) for m in result.mistakes]
    return tuple(result.ruleset.engine.detectors.keywords["words"])


def told(result: Loaded, severity: str = "error") -> list[tuple[str, int, int, str]]:
    return [(Path(m.file).stem, m.line, m.column, m.message) for m in result.mistakes if m.severity == severity]


def test_keys_are_replaced_whole_and_the_rest_stays(tmp_path: Path) -> None:
    result = laid(tmp_path, over('mode: shadow, message: "{count}.", when: {sender: internal}, find: {word: plan}'))
    assert result.mistakes == ()
    one = built(result)
    rule = one.rule
    assert (rule.terms.mode, rule.terms.message, rule.pack) == (Mode.SHADOW, "{count}.", "toys")
    assert rule.params.find.word == "plan"
    assert [str(w) for w in rule.when.senders] == ["internal"]
    assert [str(w) for w in rule.when.recipients] == ["any"], "the key is replaced, not merged"
    assert (rule.terms.action, rule.title) == (Disposition.QUARANTINE, "The word stays here")
    city = str(tmp_path / "city.yaml")
    assert one.overridden == tuple(Overridden(key, city, 4) for key in ("when", "find", "message", "mode"))
    assert Path(one.file).stem == "base"


def test_a_rule_without_overrides_says_so(tmp_path: Path) -> None:
    assert built(laid(tmp_path)).overridden == ()


@pytest.mark.parametrize("order", list(permutations(("low", "middle", "high"))))
def test_the_higher_layer_wins_whatever_the_files_are_called(tmp_path: Path, order: tuple[str, ...]) -> None:
    say = {
        "low": "mode: off, action: reject",
        "middle": "mode: shadow, on_error: accept",
        "high": "on_error: quarantine",
    }
    layers = {"low": 1, "middle": 4, "high": 9}
    packs = [over(say[name], f"{'abc'[place]}-{name}", layers[name]) for place, name in enumerate(order)]
    terms = built(laid(tmp_path, *packs)).rule.terms
    assert (terms.mode, terms.action, terms.on_error) == (Mode.SHADOW, Disposition.REJECT, Disposition.QUARANTINE)


def test_the_same_key_twice_in_a_layer_is_a_mistake_that_names_both_places(tmp_path: Path) -> None:
    result = laid(tmp_path, over("mode: off", "a"), over("action: reject, mode: shadow", "b", 1))
    assert told(result) == [("b", 5, 32, "`mode` of `toy.word` is overridden twice in layer 1")]
    assert f"{tmp_path / 'a.yaml'}:4" in result.errors[0].hint
    assert "layer" in result.errors[0].hint


def test_different_keys_of_one_rule_in_one_layer_are_none(tmp_path: Path) -> None:
    terms = built(laid(tmp_path, over("mode: off", "a"), over("action: reject", "b"))).rule.terms
    assert (terms.mode, terms.action) == (Mode.OFF, Disposition.REJECT)


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ("mode: shado", (4, 22), "`shado` is not one of enforce, shadow, off"),
        ("acton: reject", (4, 16), "unknown key `acton`"),
        ("find: {wrd: x}", (4, 23), "unknown key `wrd`"),
        ("find: {word: 7}", (4, 29), "text expected, not 7"),
        ("detector: snn", (4, 26), "unknown detector `snn`"),
        ('message: "{nam}"', (4, 25), "unknown placeholder {nam}"),
        ("policy: P-DECENT", (4, 16), "`policy` cannot be overridden"),
        ("when: {sender: nobody}", (4, 31), "`nobody` does not say who"),
        ("also: [tag]", (4, 16), "`also` is not implemented yet"),
        ("id: x.y", (4, 16), "`id` cannot be overridden"),
        ("family: blind", (4, 16), "`family` cannot be overridden"),
        ("pack: other", (4, 16), "`pack` cannot be overridden"),
    ],
)
def test_a_mistake_in_an_override_is_told_where_it_stands(
    tmp_path: Path, keys: str, place: tuple[int, int], message: str
) -> None:
    result = laid(tmp_path, over(keys))
    assert result.ruleset is None
    assert ("city", *place, message) in told(result)
    assert {Path(m.file).stem for m in result.errors} == {"city"}, "nothing is said of the file that was not changed"


def test_what_an_override_leaves_out_is_told_where_the_override_stands(tmp_path: Path) -> None:
    result = laid(tmp_path, "pack: city\noverrides:\n  rules:\n    toy.word:\n      find: {times: 2}\n")
    assert told(result) == [("city", 5, 13, "`word` is missing")]


def test_regions_of_sensitive_rules_are_not_relaxed_by_an_override(tmp_path: Path) -> None:
    result = laid(tmp_path, over("regions: {quoted: off}"), base=BASE.replace("P-DECENT", "P-SENSITIVE"))
    (found,) = told(result)
    assert found[:2] == ("city", 4)
    assert "may not look less closely at `quoted`" in found[3]


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("overrides: 7", (2, 12), "a mapping expected, not 7", "key: value"),
        ("overrides: {rule: {}}", (2, 13), "unknown key `rule`", "did you mean `rules`?"),
        ("overrides: {rules: [toy.word]}", (2, 20), "a mapping expected, not a list", ""),
        ("overrides: {rules: {toy.wrod: {mode: off}}}", (2, 21), "unknown rule `toy.wrod`", "`toy.word`"),
        ("overrides: {rules: {toy.word: }}", (2, 31), "a mapping expected, not nothing", ""),
        ("overrides: {rules: {toy.word: {}}}", (2, 31), "something must stand here", ""),
        ("overrides: {keywords: {wrds: {add: [tin]}}}", (2, 24), "unknown keyword list `wrds`", "`words`"),
        ("overrides: {keywords: {words: {ad: [tin]}}}", (2, 32), "unknown key `ad`", "did you mean `add`?"),
        ("overrides: {keywords: {words: {}}}", (2, 31), "nothing is changed here", "add"),
        ("overrides: {keywords: {words: {add: [7]}}}", (2, 38), "one line of text expected", ""),
        ("overrides: {keywords: {words: {add: [x]}}}", (2, 38), "`x` stands in nearly every text", ""),
        ("overrides: {keywords: {words: {remove: [ssn]}}}", (2, 41), "nothing is left of the list `words`", ""),
        ("override: {rules: {}}", (2, 1), "unknown key `override`", "did you mean `overrides`?"),
        ("layer: 0", (2, 8), "should be greater than or equal to 1", ""),
        ("layer: 10", (2, 8), "should be less than or equal to 9", ""),
        ("layer: true", (2, 8), "a whole number expected, not true", ""),
        ("layer: top", (2, 8), "a whole number expected, not `top`", ""),
    ],
)
def test_what_no_override_can_be(tmp_path: Path, text: str, place: tuple[int, int], message: str, hint: str) -> None:
    result = laid(tmp_path, f"pack: city\n{text}\n")
    assert result.ruleset is None
    (found,) = result.errors
    assert (Path(found.file).stem, found.line, found.column, found.message) == ("city", *place, message)
    assert hint in found.hint


def test_a_mistake_in_one_override_hides_none_in_another(tmp_path: Path) -> None:
    text = "pack: city\noverrides:\n  rules:\n    toy.word: 7\n    toy.wrd: {mode: off}\n  keywords: {words: {add: 7}, wrd: {add: [tin]}}\n"
    lines = {m.line for m in laid(tmp_path, text).errors}
    assert lines == {4, 5, 6}


@pytest.mark.parametrize("keys", ["action: quarantine", "mode: enforce", "on_error: defer", "find: {word: secret}"])
def test_an_override_that_changes_nothing_is_a_warning(tmp_path: Path, keys: str) -> None:
    result = laid(tmp_path, over(keys))
    key = keys.partition(":")[0]
    assert told(result, "warning") == [("city", 4, 16, f"`{key}` says what the rule `toy.word` says without it")]
    assert result.errors == ()


def test_true_is_not_one(tmp_path: Path) -> None:
    base = BASE.replace("{word: secret}", "{word: secret, times: 1}")
    assert told(laid(tmp_path, over("find: {word: secret, times: true}"), base=base), "warning") == []
    swapped = over("find: {times: 1, word: secret}")
    assert len(told(laid(tmp_path, swapped, base=base), "warning")) == 1, "the order of keys means nothing"


def test_a_layer_that_takes_back_what_a_lower_one_says_is_no_repetition(tmp_path: Path) -> None:
    result = laid(tmp_path, over("mode: off", "a"), over("mode: enforce", "b", 2))
    assert result.mistakes == ()
    assert built(result).rule.terms.mode is Mode.ENFORCE


def test_an_override_in_the_rules_own_pack_is_a_warning(tmp_path: Path) -> None:
    result = laid(tmp_path, base=BASE + "overrides: {rules: {toy.word: {mode: shadow}}}\n")
    assert built(result).rule.terms.mode is Mode.SHADOW
    assert [m[3] for m in told(result, "warning")] == ["`toy.word` is a rule of this very pack"]


def test_words_come_and_go(tmp_path: Path) -> None:
    result = laid(tmp_path, words("add: [sozialnummer, tin], remove: ssn"))
    assert result.mistakes == ()
    assert listed(result) == ("sozialnummer", "tin")
    result = laid(tmp_path, words("add: tin"))
    assert listed(result) == ("ssn", "tin")


def test_words_are_compared_as_texts_are_searched(tmp_path: Path) -> None:
    base = BASE.replace("[ssn]", "[ssn, Social-Security]")
    assert listed(laid(tmp_path, words("remove: [social security]"), base=base)) == ("ssn",)
    result = laid(tmp_path, words("add: [SSN]"), base=base)
    assert told(result, "warning") == [("city", 4, 19, "`ssn` stands in `words` already")]
    assert listed(result) == ("ssn", "Social-Security")


def test_a_word_that_is_not_there_cannot_go(tmp_path: Path) -> None:
    result = laid(tmp_path, words("remove: [sn, tin]"))
    assert told(result, "warning") == [
        ("city", 4, 22, "there is no `sn` in `words`"),
        ("city", 4, 26, "there is no `tin` in `words`"),
    ]
    assert result.mistakes[0].hint == "did you mean `ssn`?"
    assert listed(result) == ("ssn",)


def test_words_of_several_layers(tmp_path: Path) -> None:
    packs = (words("add: [tin, itin]", "a"), words("remove: tin", "b", 2), words("add: ein", "c", 3))
    for order in permutations(packs):
        result = laid(tmp_path, *order)
        assert result.mistakes == ()
        assert set(listed(result)) == {"ssn", "itin", "ein"}


def test_two_packs_of_a_layer_may_agree_on_a_word_and_not_quarrel(tmp_path: Path) -> None:
    agreed = laid(tmp_path, words("add: tin", "a"), words("add: tin", "b"))
    assert listed(agreed) == ("ssn", "tin")
    assert [m[3] for m in told(agreed, "warning")] == ["`tin` is overridden twice"]
    quarrel = laid(tmp_path, words("add: tin", "a"), words("remove: tin", "b"))
    assert [m[3] for m in told(quarrel)] == ["`tin` of `words` is overridden twice in layer 1"]
    itself = laid(tmp_path, words("add: tin, remove: tin", "c"))
    assert [m[0] for m in told(itself)] == ["c"]


def test_examples_are_replaced_and_cases_lie_beside_the_override(tmp_path: Path) -> None:
    city = tmp_path / "ours"
    (city / "cases").mkdir(parents=True)
    (city / "cases" / "a.eml").write_text("Subject: x\n\nthe secret plan\n")
    (city / "city.yaml").write_text(
        "pack: city\noverrides:\n  rules:\n    toy.word:\n      examples:\n"
        "        hit: [{case: cases/a.eml}]\n        miss: [{text: the secret plan}]\n"
    )
    base = tmp_path / "base.yaml"
    base.write_text(BASE)
    result = load([base, city], SETTINGS, TOYS)
    hit, miss = run_examples(result)
    assert (hit.passed, hit.pack, hit.file, hit.place) == (True, "toys", str(city / "city.yaml"), (6, 15))
    assert (miss.passed, miss.mistake.file, miss.mistake.line) == (False, str(city / "city.yaml"), 7)


def test_the_hash_is_that_of_the_merged_rules(tmp_path: Path) -> None:
    def hashed(*packs: str, base: str = BASE) -> str:
        result = laid(tmp_path, *packs, base=base)
        assert result.ruleset is not None
        return result.ruleset.hash

    plain = hashed("pack: city\n")
    assert hashed(over("mode: off")) not in {plain, hashed(over("mode: shadow"))}
    assert hashed(words("add: tin")) != plain
    assert hashed(over("action: reject")) == hashed("pack: city\n", base=BASE.replace("quarantine", "reject", 1))
    assert hashed(over("mode: off", layer=2)) == hashed(over("mode: off", layer=7))


def test_anchors_of_a_pack_do_not_carry_an_override_to_another_rule(tmp_path: Path) -> None:
    rule = PACK.partition("rules:\n")[2]
    first = rule.replace("when:\n", "when: &who\n").replace("find: {word", "find: &look {word")
    second = rule.replace("toy.word", "toy.more").replace("find: {word: secret}", "find: *look")
    result = laid(tmp_path, over("find: {word: plan}"), base=f"pack: toys\nrules:\n{first}{second}")
    assert result.ruleset is not None, [str(m) for m in result.mistakes]
    assert [r.params.find.word for r in result.ruleset.rules] == ["plan", "secret"]


def test_shipped_packs_are_changed_without_their_files(tmp_path: Path) -> None:
    shipped = shipped_rules()
    assert shipped is not None
    city = tmp_path / "city.yaml"
    city.write_text(
        "pack: city\noverrides:\n  rules:\n    pii.ssn: {mode: shadow}\n"
        "    personal.own-address: {free_mail: [example.net]}\n  keywords:\n    ssn_words: {add: [sozialnummer]}\n"
    )
    result = load([shipped, city], SETTINGS)
    assert result.mistakes == ()
    assert result.ruleset is not None
    rules = {r.id: r for r in result.ruleset.rules}
    assert rules["pii.ssn"].terms.mode is Mode.SHADOW
    assert rules["personal.own-address"].params.free_mail == ("example.net",)
    assert "sozialnummer" in result.ruleset.engine.detectors.keywords["ssn_words"]


def test_a_pack_that_cannot_be_read_makes_no_second_mistake_of_its_rules(tmp_path: Path) -> None:
    result = laid(tmp_path, over("mode: off"), words("add: tin", "more"), base="pack: toys\nrules: [\n")
    assert {Path(m.file).stem for m in result.errors} == {"base"}


KEYS = {
    "mode": ["enforce", "shadow", "off"],
    "action": ["accept", "defer", "quarantine", "reject"],
    "on_error": ["accept", "defer", "quarantine", "reject"],
}


@given(
    st.dictionaries(
        st.integers(1, 9),
        st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in KEYS.items()}).filter(bool),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_each_key_is_as_the_highest_layer_says_that_speaks_of_it(
    tmp_path: Path, layers: dict[int, dict[str, str]], random: Random
) -> None:
    for old in tmp_path.glob("*.yaml"):
        old.unlink()
    names = [f"p{n}" for n in range(len(layers))]
    random.shuffle(names)
    packs = [
        over(", ".join(f"{k}: {v}" for k, v in keys.items()), name, layer)
        for name, (layer, keys) in zip(names, layers.items(), strict=True)
    ]
    random.shuffle(packs)
    wanted = {"mode": "enforce", "action": "quarantine", "on_error": "defer"}
    for layer in sorted(layers):
        wanted |= layers[layer]
    one = built(laid(tmp_path, *packs))
    terms = one.rule.terms
    assert {"mode": str(terms.mode), "action": terms.action.word, "on_error": terms.on_error.word} == wanted
    assert {o.key for o in one.overridden} == {key for keys in layers.values() for key in keys}


PIECES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["ssn", "tin", "off", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rules", "keywords", "toy.word", "words", "add", "remove", "mode", "find", "id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(PIECES, PIECES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_anything_as_overrides_gives_a_ruleset_or_mistakes(tmp_path: Path, one: object, other: object) -> None:
    packs = [f"pack: {name}\noverrides: {json.dumps(value)}\n" for name, value in (("a", one), ("b", other))]
    result = laid(tmp_path, *packs)
    assert (result.ruleset is None) == bool(result.errors)
    assert laid(tmp_path, *reversed(packs)).mistakes == result.mistakes


def test_copies_of_shipped_packs_beside_them_say_what_to_do(tmp_path: Path) -> None:
    shipped = shipped_rules()
    assert shipped is not None
    shutil.copytree(shipped, tmp_path / "rules")
    result = load([shipped, tmp_path / "rules"], SETTINGS)
    packs = len(list(shipped.glob("*.yaml")))
    assert len(result.errors) == packs, "one mistake a pack, not one a rule"
    assert all(Path(m.file).is_relative_to(tmp_path) for m in result.errors)
    assert all("overrides" in m.hint and "`shipped`" in m.hint for m in result.errors)


def test_packs_without_a_name_are_no_copies_of_each_other(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(BASE.replace("pack: toys\n", ""))
    said = [m.message for m in load([tmp_path], SETTINGS, TOYS).errors if Path(m.file).stem == "b"]
    assert said == [
        "`pack` is missing",
        "the rule `toy.word` stands here twice",
        "`ssn` is also named in another pack",
        "`words` is also named in another pack",
    ]
