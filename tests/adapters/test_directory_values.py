"""Values of LDAP as texts, addresses, groups and days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_rows import Reader
from smtp_gate.adapters.directory_values import addresses, below, group, named, once, texts, with_days


def test_texts_are_one_line() -> None:
    values = {"cn": [b" Dana \r\n Okafor\x00", "\u2028Ōkafor".encode(), b"   ", b""]}
    assert list(texts(values, ("CN", "sn"), "name", [])) == ["Dana Okafor", "Ōkafor"]


def test_options_are_dropped_and_parts_are_told() -> None:
    problems: list[tuple[str, str]] = []
    assert named({"cn;lang-de": [b"x"], "CN": [b"y"], "m;range=0-9": [b"z"]}, problems) == {
        "cn": [b"y", b"x"],
        "m": [b"z"],
    }
    assert [column for column, _ in problems] == [""]


def test_addresses_of_other_networks_are_no_mail() -> None:
    given = ["SMTP:a@b.test", "smtp:c@b.test", "Smtp:d@b.test", "x500:/o=x", "EUM:1;x", "e@b.test", '"f:g"@b.test']
    assert list(addresses(given)) == [
        ("a@b.test", True), ("c@b.test", False), ("d@b.test", False), ("e@b.test", None), ('"f:g"@b.test', None),
    ]  # fmt: skip


def test_texts_that_differ_in_case_are_one() -> None:
    assert list(once(["Ab", "", "aB", "c"]).values()) == ["Ab", "c"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x [2026-07-01..]", ("x", " [2026-07-01..]")),
        ("x[ .. 2026-07-01 ]", ("x", " [..2026-07-01]")),
        ("x [2026-07-01]", ("x [2026-07-01]", "")),
        ("x [2026-07-02..2026-07-01]", ("x [2026-07-02..2026-07-01]", "")),
        ("x [20260701..]", ("x [20260701..]", "")),
        ("x [2026-02-30..]", ("x [2026-02-30..]", "")),
        ("x", ("x", "")),
    ],
)
def test_days_behind_a_value(text: str, parts: tuple[str, str]) -> None:
    assert with_days(text) == parts


@pytest.mark.parametrize(
    ("dn", "base", "inside"),
    [
        ("cn=a,ou=Gate,dc=city", "OU=gate, DC=City", True),
        ("cn=b,cn=a,ou=gate,dc=city", "ou=gate,dc=city", True),
        ("ou=gate,dc=city", "ou=gate,dc=city", False),
        ("cn=a\\,ou=gate,dc=city", "ou=gate,dc=city", False),
        ("gate", "ou=gate,dc=city", False),
        ("cn=a,dc=city", "city", False),
    ],
)
def test_what_stands_below(dn: str, base: str, inside: bool) -> None:
    assert below(dn, base) is inside


def test_one_word_with_a_sign_in_it_is_no_dn() -> None:
    assert group("role=clerk") == "role=clerk"
    assert group("cn=clerk,ou=groups") == "clerk"


@given(st.text(max_size=40))
def test_any_group_fits_into_a_cell(text: str) -> None:
    name = group(text)
    found = Reader().entry(1, {"address": "a@b.test", "groups": name}, [])
    assert found is not None
    assert len(found.groups) == bool(name)
