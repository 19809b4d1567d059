"""Whose name a display name bears."""

from smtp_gate.core.facts import Account, Facts, Roster, directory, group
from smtp_gate.families.officials import borne, groups, shares_a_name

FACTS = Facts(
    {
        group("officials"): Roster((("tprice@milwaukee.gov", "Terrence Price", "p-9"), ("x@milwaukee.gov", "", ""))),
        directory("tprice@milwaukee.gov"): Account("tprice@milwaukee.gov", name="T. Price", person="p-9"),
        directory("dokafor@milwaukee.gov"): Account("dokafor@milwaukee.gov", name="Dana Okafor"),
        directory("price2@milwaukee.gov"): Account("price2@milwaukee.gov", name="Terrence Price"),
        directory("mayor@milwaukee.gov"): Account("mayor@milwaukee.gov", name="Ada Byron"),
        directory("second@milwaukee.gov"): Account("second@milwaukee.gov", name="Terry", person="p-9"),
        directory("joan@milwaukee.gov"): Account("joan@milwaukee.gov", name="Terrance Price"),
        directory("box@milwaukee.gov"): Account("box@milwaukee.gov", kind="shared", name="Price"),
        directory("records@milwaukee.gov"): Account(
            "tprice@milwaukee.gov", name="Price", aliases=("records@milwaukee.gov",)
        ),
    }
)
NAMED = ("group:officials", "Mayor Ada Byron")


def shown(display: str, address: str = "dokafor@milwaukee.gov") -> str:
    return borne(display, FACTS.account(address), FACTS, NAMED)


def test_an_officials_name_on_another_account() -> None:
    assert shown("Terrence Price") == "Terrence Price"
    assert shown("Price Terrence", "someone@example.com") == "Terrence Price"
    assert shown("Mayor Ada Byron") == "Mayor Ada Byron"


def test_the_owner_and_namesakes_bear_it_rightly() -> None:
    assert shown("Terrence Price", "tprice@milwaukee.gov") == ""
    assert shown("Terrence Price", "records@milwaukee.gov") == ""
    assert shown("Terrence Price", "price2@milwaukee.gov") == ""
    assert shown("Mayor Ada Byron", "mayor@milwaukee.gov") == ""
    assert shown("Terrence Price", "second@milwaukee.gov") == ""
    assert shown("Terrance Price", "joan@milwaukee.gov") == ""
    assert shown("Terrence Price", "box@milwaukee.gov") == "Terrence Price"


def test_short_and_other_names_are_nobodys() -> None:
    assert shown("TP") == ""
    assert shown("") == ""
    assert shown("Terrence Powell") == ""


def test_groups_are_told_from_names() -> None:
    assert list(groups(NAMED)) == ["officials"]


def test_a_word_in_common_is_enough() -> None:
    assert shares_a_name("Dana (Budget)", ("Dana Okafor",))
    assert shares_a_name("Sam Okonkwo", ("Samuel Okonkwo-Reed",))
    assert not shares_a_name("Northside Boxing", ("Dana Okafor", "Comptroller"))
