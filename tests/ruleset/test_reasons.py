"""What a rule counted and what nearly counted, in words; secrets of credentials are covered whatever mask they have."""

from typing import Any

from smtp_gate.core.facts import Facts
from smtp_gate.core.scope import Scope
from smtp_gate.core.verdict import Terms
from smtp_gate.core.view import MessageView, RegionKind, Text
from smtp_gate.detect.detectors import Level
from smtp_gate.detect.engine import Engine
from smtp_gate.examine import Rule
from smtp_gate.families import credentials, links, sensitive
from smtp_gate.families.base import Family
from smtp_gate.families.clauses import Clause, Find, FindParams, accounted, uncounted, weigh
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.ruleset.reasons import CLOSE, link_reasons, reasons, shown_for
from tests import builders
from tests.detect.texts import code, engine, near, regions, text

ENGINE = engine(code(Level("high", all=(near("a", 9),)), Level("low")), a=("alpha",))


def view(*texts: Text) -> MessageView:
    return MessageView(builders.message(), texts=texts)


def rule(params: FindParams, family: Family[Any] = sensitive.family) -> Rule:
    return Rule("r", "t", (), "p", family, params, Scope(), Terms())


def said(params: FindParams, *texts: Text, family: Family[Any] = sensitive.family, by: Engine = ENGINE) -> list[str]:
    asked = rule(params, family)
    told = reasons(asked, shown_for(asked, by, view(*texts)))
    return [r.said + (f" | {r.line}" if r.line else "") for r in told]


def clauses(*some: Clause) -> Find:
    return Find(any=some)


def test_clauses_say_what_they_counted() -> None:
    find = Find(
        any=(Clause(detector="code"),),
        all=(Clause(detector="code", min_level="low", count=3),),
        none=(Clause(detector="code", min_level="high", unique=2),),
    )
    params = sensitive.SensitiveParams(find=find)
    rows = said(params, text("alpha 1234 " + "x" * 20 + " 5678 5678"))
    assert "any code, medium or surer: 1 different, 1 in all; holds" in rows
    assert "all code, low or surer, 3 in all: 2 different, 3 in all; holds" in rows
    assert "none code, high, 2 different: 1 different, 1 in all; does not hold" in rows


def test_a_shifted_or_unseen_region_is_the_reason() -> None:
    here = (
        regions(
            (RegionKind.OWN, "alpha 1234 "), (RegionKind.QUOTED, "alpha 5678 "), (RegionKind.SIGNATURE, "alpha 9999")
        ),
    )
    find = clauses(Clause(detector="code", min_level="high"))
    params = sensitive.SensitiveParams(find=find, regions={RegionKind.QUOTED: -1, RegionKind.SIGNATURE: "off"})
    rows = " ".join(said(params, *here))
    assert "code in quoted [1] does not count: level medium, shifted from high by `regions`, and high is wanted" in rows
    assert "code in signature [1] does not count: `regions` turns signature off" in rows
    shallow = sensitive.SensitiveParams(find=find, regions={RegionKind.QUOTED: -2})
    (low,) = list(ENGINE.scan((regions((RegionKind.QUOTED, "x" * 20 + " 5678")),)))
    assert uncounted(low, find.any[0], shallow) == "`regions` leaves quoted no level"


def test_what_does_not_count_agrees_with_what_is_found() -> None:
    find = clauses(Clause(detector="code"), Clause(detector="code", min_level="low", unique=2))
    for kind in RegionKind:
        for shift in ("off", -2, -1, 0, 1, 2):
            params = sensitive.SensitiveParams.model_validate({"find": find, "regions": {kind: shift}})
            matches = ENGINE.scan((regions((kind, "alpha 1234 " + "x" * 20 + " 5678")),))
            counted = [m for m in matches if any(not uncounted(m, c, params) for c in find.any)]
            held = [w for w in accounted(matches, params) if w.holds]
            assert bool(weigh(matches, params)) is bool(held)
            assert bool(counted) or not held
            for weighed in accounted(matches, params):
                assert weighed.unique == len({m.token for m in matches if not uncounted(m, weighed.clause, params)})


def test_only_a_few_near_misses_are_told_and_the_rest_counted() -> None:
    params = sensitive.SensitiveParams(find=clauses(Clause(detector="code", min_level="high")))
    rows = said(params, text(" ".join(str(n) for n in range(1000, 1050))))
    assert sum(r.startswith("code in own [1] counts as low only") for r in rows) == CLOSE
    assert sum("does not count" in r for r in rows) == CLOSE
    assert rows[-1] == "code: 45 more that nearly counted"


def test_secrets_are_covered_whatever_mask_their_detector_has() -> None:
    shows = engine(code(Level("high", all=(near("a", 9),)), Level("low"), regex=r"[a-z]{12}", mask="last4"), a=("key",))
    find = clauses(Clause(detector="code", min_level="high"))
    rows = said(credentials.CredentialsParams(find=find), text("abcdefghijkl"), family=credentials.family, by=shows)
    assert any("********" in r for r in rows)
    assert not any("ijkl" in r for r in rows)


def test_rules_without_detectors_have_no_such_reasons() -> None:
    here = view(text("1234"))
    other = Rule("r", "t", (), "p", sensitive.family, None, Scope(), Terms())
    assert list(reasons(other, shown_for(other, ENGINE, here))) == []


def test_links_that_weigh_too_little_say_how_much() -> None:
    letter = builders.message(
        "See https://bit.ly/abc and https://192.0.2.1/login and https://city.example.org/ and https://536-90-4399.bit.ly/ and https://bit.ly/def",
    )
    seen = read(letter, Limits(), {})
    params = links.LinksParams(threshold=95)
    told = [r.said for r in link_reasons(Rule("r", "t", (), "p", links.family, params, Scope(), Terms()), seen)]
    assert told == [
        "link to bit.ly in own: shortener 30, and 95 is wanted",
        "link to 192.0.2.1 in own: ip_literal 50 + credentials 40, and 95 is wanted",
        "link to ***-**-****.bit.ly in own: shortener 30, and 95 is wanted",
    ]
    lower = links.LinksParams(threshold=90)
    assert [
        r.said[:14] for r in link_reasons(Rule("r", "t", (), "p", links.family, lower, Scope(), Terms()), seen)
    ] == [
        "link to bit.ly",
        "link to ***-**",
    ]
    assert [f.evidence for f in links.family.check(seen, Facts(), lower)] == ["192.0.2.1"]
    assert list(link_reasons(rule(sensitive.SensitiveParams(find=clauses(Clause(detector="code")))), seen)) == []
