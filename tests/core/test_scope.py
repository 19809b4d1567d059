"""Who a scope speaks of."""

import pytest

from smtp_gate.core.facts import Account, Facts, Standing, directory
from smtp_gate.core.scope import Scope, Who, WhoKind
from tests.builders import listener, path

FACTS = Facts({directory("a@milwaukee.gov"): Account("a@milwaukee.gov", groups=frozenset({"payroll"}))})
ENDED = Facts(
    {directory("a@milwaukee.gov"): Account("a@milwaukee.gov", groups=frozenset({"payroll"}), standing=Standing.ENDED)}
)


@pytest.mark.parametrize(
    ("who", "address", "expected"),
    [
        (Who(WhoKind.EXTERNAL), "lee@example.org", True),
        (Who(WhoKind.EXTERNAL), "lee@milwaukee.gov", False),
        (Who(WhoKind.EXTERNAL), "lee@sub.milwaukee.gov", True),
        (Who(WhoKind.EXTERNAL), "", True),
        (Who(WhoKind.EXTERNAL), "victim%evil.example@milwaukee.gov", True),
        (Who(WhoKind.EXTERNAL), "evil.example!victim@milwaukee.gov", True),
        (Who(WhoKind.EXTERNAL), "victim@evil.example@milwaukee.gov", True),
        (Who(WhoKind.INTERNAL), "victim%evil.example@milwaukee.gov", False),
        (Who(WhoKind.INTERNAL), "o'neil+permits@milwaukee.gov", True),
        (Who(WhoKind.INTERNAL), "lee@milwaukee.gov", True),
        (Who(WhoKind.DOMAIN, "irs.gov"), "x@irs.gov", True),
        (Who(WhoKind.DOMAIN, "irs.gov"), "x@evil-irs.gov", False),
        (Who(WhoKind.DOMAIN, "irs.gov"), "x@sub.irs.gov", False),
        (Who(WhoKind.ADDRESS, "a@b.example"), "A@b.example", True),
        (Who(WhoKind.GROUP, "payroll"), "a@milwaukee.gov", True),
        (Who(WhoKind.GROUP, "payroll"), "b@milwaukee.gov", False),
        (Who(WhoKind.ANY), "", True),
    ],
)
def test_one_alternative(who: Who, address: str, expected: bool) -> None:
    assert who.matches(path(address), listener(), FACTS) is expected


def test_an_ended_account_is_in_no_group() -> None:
    assert not Who(WhoKind.GROUP, "payroll").matches(path("a@milwaukee.gov"), listener(), ENDED)


def test_a_scope_asks_only_what_its_groups_need() -> None:
    scope = Scope((Who(WhoKind.GROUP, "payroll"),), (Who(WhoKind.EXTERNAL),))
    asked = set(scope.needs(path("a@milwaukee.gov"), (path("lee@example.org"),)))
    assert asked == {directory("a@milwaukee.gov")}
    assert scope.covered((path("x@milwaukee.gov"), path("y@example.org")), listener(), FACTS) == {1}
