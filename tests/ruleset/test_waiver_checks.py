"""Whether two ways of naming people can mean the same address: never said to be apart where an address is of both."""

from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Account, Facts, directory
from smtp_gate.core.scope import Who, WhoKind
from smtp_gate.ruleset.waiver_checks import are_apart
from tests.builders import OURS, listener, path

DOMAINS = st.sampled_from(["milwaukee.gov", "irs.gov", "example.org"])
ADDRESSES = st.builds(lambda local, domain: f"{local}@{domain}", st.sampled_from("ab"), DOMAINS)
WHO = st.one_of(
    st.sampled_from([Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL), Who(WhoKind.ANY), Who(WhoKind.GROUP, "g")]),
    DOMAINS.map(lambda d: Who(WhoKind.DOMAIN, d)),
    ADDRESSES.map(lambda a: Who(WhoKind.ADDRESS, a)),
)


@given(WHO, WHO, ADDRESSES, st.booleans())
def test_no_address_is_meant_by_two_that_are_apart(one: Who, other: Who, address: str, member: bool) -> None:
    groups = frozenset({"g"}) if member else frozenset[str]()
    facts = Facts({directory(address): Account(address, groups=groups)})
    meant = [w.matches(path(address), listener(), facts) for w in (one, other)]
    assert not (are_apart(one, other, OURS) and all(meant))
    assert are_apart(one, other, OURS) is are_apart(other, one, OURS)


def test_what_is_surely_apart() -> None:
    inside, outside = Who(WhoKind.INTERNAL), Who(WhoKind.EXTERNAL)
    ours, irs = Who(WhoKind.DOMAIN, "milwaukee.gov"), Who(WhoKind.DOMAIN, "irs.gov")
    dana = Who(WhoKind.ADDRESS, "dokafor@milwaukee.gov")
    for one, other in ((inside, outside), (ours, outside), (irs, inside), (dana, outside), (dana, irs), (ours, irs)):
        assert are_apart(one, other, OURS)
    for one, other in ((inside, ours), (dana, ours), (irs, outside), (dana, inside), (dana, Who(WhoKind.GROUP, "g"))):
        assert not are_apart(one, other, OURS)
