"""Which row an entry of Active Directory or OpenLDAP becomes, and what is told of values that no row can hold."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.directory_attributes import Attributes, rows
from smtp_gate.adapters.directory_columns import COLUMNS
from smtp_gate.adapters.directory_rows import Reader, RowMistake

CHICAGO = ZoneInfo("America/Chicago")
TODAY = date(2026, 9, 1)
DANA = "CN=Okafor\\, Dana,OU=People,DC=city,DC=test"
NEVER = "9223372036854775807"

Given = str | bytes | Sequence[str | bytes]


def values(**given: Given) -> dict[str, list[bytes]]:
    """Values as a server gives them; `__` stands for the `;` of an option."""
    several = {k: [v] if isinstance(v, str | bytes) else v for k, v in given.items()}
    return {
        name.replace("__", ";"): [v.encode() if isinstance(v, str) else v for v in listed]
        for name, listed in several.items()
    }


def read(
    *entries: tuple[str, dict[str, list[bytes]]], attributes: Attributes | None = None
) -> tuple[list[dict[str, str]], list[RowMistake]]:
    mistakes: list[RowMistake] = []
    numbered = [(n, dn, given) for n, (dn, given) in enumerate(entries, 1)]
    found = list(rows(numbered, attributes or Attributes(), TODAY, CHICAGO, mistakes))
    for number, row in found:
        assert tuple(row) == COLUMNS
        assert Reader().entry(number, row, mistakes) is not None, mistakes
    return [row for _, row in found], mistakes


def one(attributes: Attributes | None = None, /, **given: Any) -> dict[str, str]:
    """The row of a person with these values beside an address, with nothing to tell."""
    found, mistakes = read((DANA, values(**{"mail": "dokafor@city.test", **given})), attributes=attributes)
    assert mistakes == []
    return found[0]


def told(attributes: Attributes | None = None, /, **given: Any) -> list[str]:
    """What is told of such a person."""
    return [m.column for m in read((DANA, values(**{"mail": "dokafor@city.test", **given})), attributes=attributes)[1]]


def test_a_person_of_active_directory() -> None:
    row = one(
        objectClass=["top", "person", "organizationalPerson", "user"],
        proxyAddresses=[
            "smtp:dana@city.test", "SMTP:Dana.Okafor@city.test", "x500:/o=City/cn=dokafor", "sip:dana@city.test",
            "smtp:DANA@city.test", "X400:c=us;a= ;p=City;",
        ],
        cn="Okafor, Dana", displayName="Dana Okafor", employeeID="1001", department="Comptroller",
        title="Budget Analyst", employeeType="Contractor", accountExpires=NEVER, userAccountControl="512",
        memberOf=["CN=Benefits Office,OU=Groups,DC=city,DC=test", "CN=Legal\\, City\\; [EU],DC=city,DC=test"],
    )  # fmt: skip
    assert row == dict.fromkeys(COLUMNS, "") | {
        "address": "Dana.Okafor@city.test",
        "kind": "person",
        "name": "Dana Okafor",
        "person": "1001",
        "department": "Comptroller",
        "title": "Budget Analyst",
        "status": "contractor",
        "groups": "Benefits Office; Legal, City, (EU)",
        "aliases": "dana@city.test; dokafor@city.test",
    }


def test_a_person_of_openldap() -> None:
    row = one(
        objectClass=["inetOrgPerson", "posixAccount"], uid="dokafor", cn=["Zoë Ōkafor"], ou="Comptroller",
        departmentNumber="20", employeeNumber="7", mail=["dokafor@city.test", "dana@city.test"], loginShell="/sbin/nologin",
        mailAlternateAddress="d@city.test",
    )  # fmt: skip
    assert (row["address"], row["aliases"]) == ("dokafor@city.test", "dana@city.test; d@city.test")
    assert (row["name"], row["person"], row["department"]) == ("Zoë Ōkafor", "7", "20")
    assert (row["status"], row["valid_to"]) == ("employee", "")


def test_names_of_attributes_have_no_case_and_may_have_options() -> None:
    row = one(
        MAIL="dokafor@city.test",
        **{"displayname__lang-de": "Frau Okafor", "DisplayName": "Dana", "TITLE__binary": "Clerk"},
    )
    assert (row["name"], row["title"]) == ("Dana", "Clerk")
    assert one(displayName__x="Only")["name"] == "Only"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "person"),
        ({"msExchRecipientTypeDetails": "1"}, "person"),
        ({"msExchRecipientTypeDetails": "4"}, "shared"),
        ({"msExchRecipientTypeDetails": "34359738368"}, "shared"),
        ({"objectClass": ["top", "group"]}, "list"),
        ({"objectClass": "groupOfNames"}, "list"),
        ({"objectClass": ["user", "computer"]}, "service"),
        ({"objectClass": "group", "accountKind": "Forward"}, "forward"),
        ({"objectClass": "contact", "accountKind": "forward"}, "forward"),
    ],
)
def test_kinds(given: dict[str, Given], kind: str) -> None:
    assert one(Attributes(kind=("accountKind",)), **given)["kind"] == kind


def test_what_is_no_account_is_passed_over() -> None:
    contact = values(objectClass=["top", "contact"], mail="partner@elsewhere.test")
    assert read((DANA, contact), ("OU=People,DC=city", values(objectClass="organizationalUnit", ou="People"))) == (
        [],
        [],
    )


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"mail": "nobody"}, "address"),
        ({"mail": [], "proxyAddresses": ["smtp:a@city.test"]}, "address"),
        ({"mail": "a@[10.0.0.1]"}, "address"),
        ({"mail": b"d\xf6@city.test"}, "address"),
        ({"accountKind": "robot"}, "kind"),
        ({"from": "2026-07-01", "accountExpires": "2026-06-30"}, "valid_to"),
    ],
)
def test_without_an_address_a_kind_or_a_term_there_is_no_row(given: dict[str, Given], column: str) -> None:
    attributes = Attributes(kind=("accountKind",), valid_from=("from",))
    found, mistakes = read((DANA, values(**{"mail": "d@city.test", **given})), attributes=attributes)
    assert found == []
    assert [m.column for m in mistakes] == [column]


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"proxyAddresses": "smtp:not an address"}, "aliases"),
        ({"proxyAddresses": 'smtp:"a;b"@city.test'}, "aliases"),
        ({"homeEmail": "at home"}, "personal"),
        ({"displayName": b"\xff\xfe"}, "name"),
        ({"displayName": "x" * 5000}, "name"),
        ({"accountExpires": "soon"}, "valid_to"),
        ({"next": "the other one"}, "successor"),
        ({"delegates": "CN=Nobody,DC=city"}, "senders"),
        ({"delegates": "nobody"}, "senders"),
        ({"memberOf__range=0-1499": "CN=a,DC=city"}, ""),
    ],
)
def test_other_values_are_left_out_and_told(given: dict[str, Given], column: str) -> None:
    attributes = Attributes(personal=("homeEmail",), successor=("next",), senders=("delegates",))
    assert told(attributes, **given) == [column]


def test_the_last_part_of_a_ranged_value_is_no_problem() -> None:
    assert one(**{"memberOf__range=0-*": "CN=a,DC=city"})["groups"] == "a"


def test_words_of_the_status_are_mapped_in_any_case() -> None:
    attributes = Attributes(statuses={"Temp": "contractor", "FT": "employee"})
    assert [one(attributes, employeeType=w)["status"] for w in ("TEMP", "ft", "Vendor", "Intern")] == [
        "contractor", "employee", "vendor", "intern",
    ]  # fmt: skip


def test_only_groups_of_one_place_count() -> None:
    attributes = Attributes(groups_below=("ou=gate, dc=City",))
    row = one(attributes, memberOf=["CN=legal,OU=Gate,DC=city", "CN=payroll,OU=Anyone,DC=city", "OU=Gate,DC=city", "x"])
    assert row["groups"] == "legal"
    with pytest.raises(ValueError, match="not a DN"):
        Attributes(groups_below=("payroll",))


def test_values_may_have_days_of_their_own() -> None:
    attributes = Attributes(personal=("homeEmail",), groups=("roles",), senders=("mayUse",))
    row = one(
        attributes, proxyAddresses="smtp:old@city.test [..2026-06-30]", homeEmail="d@home.test [2026-07-01 .. 2026-07-31]",
        roles=["payroll [2026-07-01..]", "odd [..2026-02-30]", "Team [x]"], mayUse=["group:legal [2026-07-01..]", "it@city.test [..]"],
    )  # fmt: skip
    assert row["aliases"] == "old@city.test [..2026-06-30]"
    assert row["personal"] == "d@home.test [2026-07-01..2026-07-31]"
    assert row["groups"] == "payroll [2026-07-01..]; odd (..2026-02-30); Team (x)"
    assert row["senders"] == "group:legal [2026-07-01..]; it@city.test [..]"


def test_granted_senders_are_found_by_their_dn() -> None:
    attributes = Attributes(senders=("publicDelegates",))
    shared = values(
        mail="permits@city.test", msExchRecipientTypeDetails="4", userAccountControl="514",
        publicDelegates=[DANA.lower(), "CN=Front Desk,DC=city", "a=boss@city.test"],
    )  # fmt: skip
    desk = values(mail="desk@city.test", objectClass="group")
    found, mistakes = read(
        ("CN=Permits,DC=city", shared), (DANA, values(mail="dokafor@city.test")), ("CN=Front Desk,DC=city", desk),
        attributes=attributes,
    )  # fmt: skip
    assert mistakes == []
    assert found[0]["senders"] == "dokafor@city.test; group:Front Desk; a=boss@city.test"


def ticks(moment: datetime) -> str:
    return str((moment.astimezone(UTC) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ({"accountExpires": ticks(datetime(2026, 7, 1, tzinfo=CHICAGO))}, ("", "2026-06-30")),
        ({"accountExpires": "0"}, ("", "")),
        ({"accountExpires": NEVER, "shadowExpire": "20635"}, ("", "2026-06-30")),
        ({"from": "20260701050000Z"}, ("2026-07-01", "")),
        # Disabled: it ended yesterday, unless it ended before.
        ({"userAccountControl": "514"}, ("", "2026-08-31")),
        ({"userAccountControl": "66050"}, ("", "2026-08-31")),
        ({"userAccountControl": "514", "accountExpires": "2026-06-30"}, ("", "2026-06-30")),
        ({"userAccountControl": "514", "accountExpires": "2026-12-31"}, ("", "2026-08-31")),
        ({"nsAccountLock": "TRUE"}, ("", "2026-08-31")),
        ({"pwdAccountLockedTime": "000001010000Z"}, ("", "2026-08-31")),
        # Not disabled: somebody mistyped a password; a mailbox whose Windows account is always off; somebody who is to come.
        ({"pwdAccountLockedTime": "20260831120000Z"}, ("", "")),
        ({"userAccountControl": "514", "msExchRecipientTypeDetails": "4"}, ("", "")),
        ({"userAccountControl": "514", "msExchRecipientTypeDetails": "2"}, ("", "")),
        ({"userAccountControl": "514", "from": "2026-10-01"}, ("2026-10-01", "")),
        ({"userAccountControl": "514", "from": "2026-09-01"}, ("", "2026-08-31")),
        ({"userAccountControl": "512"}, ("", "")),
        ({"userAccountControl": "off"}, ("", "")),
    ],
)
def test_terms(given: dict[str, Given], days: tuple[str, str]) -> None:
    row = one(Attributes(valid_from=("from",)), **given)
    assert (row["valid_from"], row["valid_to"]) == days


def test_what_is_asked_for() -> None:
    wanted = Attributes(personal=("homeEmail", "MAIL")).wanted()
    assert {"objectClass", "userAccountControl", "homeEmail", "proxyAddresses"} <= set(wanted)
    assert len({w.lower() for w in wanted}) == len(wanted)


TEXT = st.one_of(
    st.text(max_size=20), st.binary(max_size=10),
    st.sampled_from([DANA, "a@b.test", "smtp:a@b.test", "SMTP:c@b.test", "2026-07-01", "20260701000000Z", "514", "a [..]"]),
)  # fmt: skip
ASKED = Attributes(kind=("k",), personal=("h",), senders=("s",), valid_from=("f",), successor=("n",))


@given(
    st.lists(st.dictionaries(st.sampled_from([*ASKED.wanted(), "cn;lang-de"]), st.lists(TEXT, max_size=3)), max_size=3)
)
def test_any_values_make_a_row_that_is_taken_or_are_told(entries: list[dict[str, Any]]) -> None:
    read(*((DANA, values(**entry)) for entry in entries), attributes=ASKED)
