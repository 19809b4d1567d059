"""The shipped detectors together: what one text gives, and what ordinary mail must not give at a level that acts."""

from datetime import UTC

import pytest

from smtp_gate.ruleset.build import BuildSettings, load
from tests.builders import OURS
from tests.detect.texts import RULES, found, shipped

ACTS = {"us_ssn": ("high", "medium"), "us_itin": ("high",), "payment_card": ("high", "medium"),
        "bank_account": ("high", "medium"), "bank_account_number": ("high",), "swift_bic": ("high",), "iban": ("high",),
        "date_of_birth": ("high",), "us_passport": ("high",), "wi_driver_license": ("high", "medium"),
        "driver_license": ("high",)}  # fmt: skip
"""The levels at which one match is enough for the shipped rules on people and money."""

PACKS = ("pii.yaml", "identity.yaml", "money.yaml")
ROWS = 300


def acting(content: str) -> set[tuple[str, str]]:
    return {(d, level) for d, level, _ in found(shipped(), content) if level in ACTS.get(d, ())}


@pytest.mark.parametrize(
    ("content", "detector", "level"),
    [
        ("Social  Security\nnumber:\n536-90-4399", "us_ssn", "high"),
        ("SSN 536-90-\n4399", "us_ssn", "high"),
        ("SSN\n536\t90\t4399", "us_ssn", "high"),
        ("=A\x00x536-90-4399z", "us_ssn", "low"),
        ("ssn " + "x" * 280 + " 536-90-4399", "us_ssn", "high"),
        ("ssn " + "x" * 320 + " 536-90-4399", "us_ssn", "low"),
        ("ssn " + "x " * 80 + " 536904399", "us_ssn", "medium"),
        ("ssn " + "x " * 120 + " 536904399", "us_ssn", ""),
        ("Visa 4111\t1111\t1111\t1111", "payment_card", "high"),
        ("card " + "x" * 170 + " 4111111111111111", "payment_card", "low"),
        ("IBAN: DE89 3704 0044 0532 0130 00.", "iban", "high"),
        ("de12 is not; GB82WEST12345698765432 is", "iban", "high"),
        ("name,dob,street\nDana Okafor of Wells Street and so on for long,04/12/1961", "date_of_birth", "high"),
        ("name\tdob\nDana Okafor of Wells Street and so on for long\t04/12/1961", "date_of_birth", "high"),
    ],
)
def test_found(content: str, detector: str, level: str) -> None:
    assert [lv for d, lv, _ in found(shipped(), content) if d == detector] == ([level] if level else [])


@pytest.mark.parametrize("sign", [",", "\t", ";", "|", " | "], ids=repr)
def test_every_row_of_a_long_table_is_found_by_the_titles_of_its_columns(sign: str) -> None:
    heads = sign.join(("Name", "SSN", "DOB", "Routing", "Account", "DL #", "Passport", "Card No"))
    rows = [
        sign.join((f"Person {n % 10}", f"5369{n + 10_001:05}", f"{n % 12 + 1:02}/{n % 28 + 1:02}/1961", "075000022",
                   f"{n + 12_345_678}", f"J525-4209-0{n % 12 * 40 + 1:03}-05", f"5{n + 12_345_678}", "4111111111111111"))
        for n in range(ROWS)
    ]  # fmt: skip
    matches = found(shipped(), "\n".join((heads, *rows)))
    wanted = ("us_ssn", "date_of_birth", "bank_account", "wi_driver_license", "us_passport", "payment_card")
    count = {name: sum(d == name and level in ACTS[name] for d, level, _ in matches) for name in wanted}
    assert count == dict.fromkeys(wanted, ROWS)


@pytest.mark.parametrize(
    "content",
    [
        "Order 536904399 shipped, tracking 1Z999AA10123456784",
        "We never ask for your SSN. Your tracking number is 536904399.",
        "Do not send your Social Security number. Write to Milwaukee, WI 53202-1234 or call (414) 555-0100.",
        "Case 2026-CF-004399, parcel 392-1234-000, permit 536-904399",
        "GUID 53690439-9000-4111-8111-111111111111 of the card reader",
        "Message-ID: <20261124.536904399@mail.example.org>\nReferences: <4111111111111111@example.org>",
        "Account 1234567890 was credited on invoice 536904399",
        "AB12 CDEF 3456 7890 1234 is a part number",
        "10.12.19.61 and 2026-11-24T10:11:12Z",
        "From: a\nSubject: the baby was born, they say\nDate: Fri, 02 Aug 2002 08:01:00 -0000",
        "permit,parcel,owner\n536-90-4399,536904399,Okafor\n512-34-5678,512345678,Diaz",
    ],
)
def test_ordinary_mail_gives_nothing_a_rule_acts_on(content: str) -> None:
    assert acting(content) == set()


def test_the_packs_of_people_and_money_need_no_other_pack() -> None:
    loaded = load([RULES / name for name in PACKS], BuildSettings(OURS, UTC, "Ask."))
    assert loaded.ruleset is not None, loaded.mistakes
