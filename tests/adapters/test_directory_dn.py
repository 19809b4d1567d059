"""Distinguished names taken apart as RFC 4514 writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_dn import comparable, own, parse


@pytest.mark.parametrize(
    ("dn", "name"),
    [
        ("CN=Payroll,OU=Groups,DC=city", "Payroll"),
        (r"CN=Legal\, City,DC=city", "Legal, City"),
        (r"cn=M\C3\BCller,dc=city", "Müller"),
        (r"cn=a\+b\=c\\d\"e,dc=city", 'a+b=c\\d"e'),
        (r"cn=\20padded\20,dc=city", " padded "),
        ("cn=ends\\  ,dc=city", "ends "),
        ("cn = spaced , dc = city", "spaced"),
        ("uid=ab+cn=Anna,dc=city", "Anna"),
        ("2.5.4.3=by number,dc=city", "by number"),
        ("cn=,dc=city", ""),
        ("cn=old;dc=city", "old"),
        ("cn=a=b,dc=city", "a=b"),
    ],
)
def test_the_name_of_an_entry(dn: str, name: str) -> None:
    found = parse(dn)
    assert found is not None
    assert own(found) == name


@pytest.mark.parametrize(
    "text", ["", "payroll", "a@b.c", "cn", "cn=a,", ",cn=a", "cn=a\\", "c n=a", "cn=a,,dc=b", r"cn=\ff", "=a"]
)
def test_what_is_no_dn(text: str) -> None:
    assert parse(text) is None


def test_names_are_compared_without_case_spaces_and_order() -> None:
    one, other = parse(r"CN=Anna  Berg+UID=a1, DC=City"), parse("uid=A1+cn=anna berg,dc=city")
    assert one is not None
    assert other is not None
    assert comparable(one) == comparable(other)


@given(st.text(min_size=1, max_size=30))
def test_any_value_comes_back_from_its_escaped_form(value: str) -> None:
    escaped = "".join(f"\\{octet:02x}" for octet in value.encode("utf-8", "surrogatepass"))
    found = parse(f"cn={escaped},dc=city")
    try:
        value.encode()
    except UnicodeEncodeError:
        assert found is None
    else:
        assert found is not None
        assert found[0] == (("cn", value),)


@given(st.text(alphabet="ab=,+;\\ #\"'c0é", max_size=40))
def test_any_text_is_a_dn_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or all(pairs for pairs in found)
