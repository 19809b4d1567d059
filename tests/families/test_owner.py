"""Whose mail it is: login, envelope and author; addresses that are one mailbox however they are written."""

import pytest

from smtp_gate.core.facts import Account
from smtp_gate.families.owner import Owner, mask_address, owner_of, plain_address, plain_key
from smtp_gate.families.resemblance import STRONG, WEAK
from tests.builders import envelope
from tests.families.seen import CARLA, DANA, knowing, seen

LETTER = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\n\nx\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D.ana+x@GoogleMail.com", "dana@gmail.com"),
        ("dana+a@example.org", "Dana@example.org"),
        ("dana@me.com", "dana@icloud.com"),
        ("dana@pm.me", "dana@proton.me"),
    ],
)
def test_one_mailbox_has_one_key(one: str, other: str) -> None:
    assert plain_address(one) == plain_address(other)


def test_dots_matter_elsewhere() -> None:
    assert plain_key("d.ana", "yahoo.com") != plain_key("dana", "yahoo.com")


def test_masks() -> None:
    assert mask_address("danaokafor", "gmail.com") == "d***r@gmail.com"
    assert mask_address("ab", "gmail.com") == "***@gmail.com"


def test_the_directory_tells_personal_addresses_and_names() -> None:
    owner = owner_of(seen(LETTER), knowing(DANA))
    assert owner.owns("danaokaforhome", "gmail.com")
    assert not owner.owns("danaokafor", "gmail.com")
    assert owner.grade("okafor.dana") == STRONG
    assert owner.is_called(["ms", "okafor"])
    assert not owner.is_called(["lee"])


def test_a_login_speaks_for_whoever_sends_for_another() -> None:
    view = seen(
        "From: Permits <permits@milwaukee.gov>\n\nx\n", envelope("permits@milwaukee.gov", account="cdiaz@milwaukee.gov")
    )
    owner = owner_of(view, knowing(CARLA, Account("permits@milwaukee.gov", kind="shared", name="Permits Office")))
    assert owner.grade("carladiaz") == STRONG
    assert owner.grade("permitsoffice") == ""


def test_a_tag_of_the_envelope_sender_is_no_other_account() -> None:
    owner = owner_of(seen(LETTER, envelope("dokafor+permits@milwaukee.gov")), knowing(DANA))
    assert owner.owns("dana.okafor.home", "gmail.com")


def test_without_a_directory_the_name_in_from_counts() -> None:
    owner = owner_of(seen(LETTER), knowing())
    assert owner.grade("danaokafor") == STRONG
    assert owner.grade("dokafor") == WEAK


def test_outsiders_have_no_names() -> None:
    outside = seen("From: Lee Park <lee@example.org>\n\nx\n", envelope("lee@example.org"))
    assert owner_of(outside, knowing()).people == ()
    assert Owner(()).grade("leepark") == ""
