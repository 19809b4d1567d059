"""Values as people write them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from smtp_gate.core.scope import Who, WhoKind
from smtp_gate.ruleset import written


@pytest.mark.parametrize(
    ("text", "octets"),
    [("50 MB", 52_428_800), ("64kB", 65_536), ("100 kB", 102_400), ("1.5 MiB", 1_572_864), ("7", 7), (7, 7), ("2G", 2**31), ("9 B", 9)],
)  # fmt: skip
def test_sizes(text: object, octets: int) -> None:
    assert written.parse_size(text) == octets


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5 min", 300), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("500ms", 0.5), (1.5, 1.5), ("0.5s", 0.5)],
)
def test_durations(text: object, seconds: float) -> None:
    assert written.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "shown"),
    [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:25", "[::1]:25"), ("[2001:DB8::0]:25", "[2001:db8::]:25"), ("MX.example.org:65535", "mx.example.org:65535")],
)  # fmt: skip
def test_places(text: str, shown: str) -> None:
    assert str(written.parse_host_port(text)) == shown


BAD: dict[Callable[[object], object], list[object]] = {
    written.parse_size: ["5 kilo", "-1", -1, True, None, "1e9", "", [], "5 TB"],
    written.parse_duration: ["soon", "-1s", -1, False, None, "1w", "", "1:30"],
    written.parse_host_port: ["a", "a:", ":25", "a:65536", "a:1x", "::1:25", "[a]:25", "[127.0.0.1]:1", "a b:1", 25, "a:٣", "[]:1", "a:-1"],
    written.parse_network: ["10.0.0.1/8", "10/8", "a", "", 7, "::1/129"],
    written.parse_domain: ["a@b.c", "b.", ".b", "", 7, "a..b", "[127.0.0.1]", "-a.b", "a_b"],
    written.parse_mail_address: ["a", "a@", "@b", "<a@b.c>", "A B <a@b.c>", "", 7, "a@b..c", "<>", "a\n@b.c"],
    written.parse_who: ["", "any", "all", "group:", "domain:", "irs.gov", "internal:x", 7, None, "@b", "domain:x y"],
}  # fmt: skip


@pytest.mark.parametrize(("parse", "value"), [(p, v) for p, values in BAD.items() for v in values])
def test_bad_values_are_refused_with_words(parse: Callable[[object], object], value: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse(value)
    assert (caught.value.context or {})["said"]


def test_a_network_with_host_bits_names_the_one_meant() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        written.parse_network("10.1.2.3/8")
    assert (caught.value.context or {})["hint"] == "did you mean 10.0.0.0/8?"


def test_who() -> None:
    assert written.parse_who("external") == Who(WhoKind.EXTERNAL)
    assert written.parse_who("domain:IRS.gov") == Who(WhoKind.DOMAIN, "irs.gov")
    assert written.parse_who("domain:xn--bcher-kva.example") == Who(WhoKind.DOMAIN, "bücher.example")
    assert written.parse_who("Pay@Milwaukee.gov") == Who(WhoKind.ADDRESS, "pay@milwaukee.gov")
    assert written.parse_who("address:a@b.org") == Who(WhoKind.ADDRESS, "a@b.org")
    assert written.parse_who("group:Benefits-Office") == Who(WhoKind.GROUP, "benefits-office")


@given(
    st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.none(), st.lists(st.text(max_size=3), max_size=2))
)
def test_any_value_is_read_or_refused(value: object) -> None:
    for parse in BAD:
        try:
            parse(value)
        except PydanticCustomError:
            continue
