"""The shipped detectors: what is found at which level, and what ordinary mail must not give."""

import pytest

from tests.detect.texts import found, shipped

ACTS = {"us_ssn": ("high", "medium"), "payment_card": ("high", "medium"), "bank_account": ("high", "medium"),
        "iban": ("high",), "date_of_birth": ("high",)}  # fmt: skip
"""The levels at which one match is enough for the shipped rules."""


@pytest.mark.parametrize(
    ("content", "detector", "level"),
    [
        ("Her SSN is 536-90-4399", "us_ssn", "high"),
        ("Social  Security\nnumber:\n536-90-4399", "us_ssn", "high"),
        ("social_security_number,name\n536904399,Okafor", "us_ssn", "medium"),
        ("SS# 536 90 4399", "us_ssn", "medium"),
        ("SSN536-90-4399", "us_ssn", "high"),
        ("Su número de seguro social es 536-90-4399", "us_ssn", "high"),
        ("his social is 536.90.4399.", "us_ssn", "high"),
        ("SSN 536-90-\n4399", "us_ssn", "high"),
        ("SSN\n536\t90\t4399", "us_ssn", "medium"),
        ("Visa 4111\t1111\t1111\t1111", "payment_card", "high"),
        ("SSN 536-90-4399-1", "us_ssn", "medium"),
        ("536-90-4399", "us_ssn", "low"),
        ("=A\x00x536-90-4399z", "us_ssn", "low"),
        ("ssn " + "x" * 280 + " 536-90-4399", "us_ssn", "high"),
        ("ssn " + "x" * 320 + " 536-90-4399", "us_ssn", "low"),
        ("Visa 4111 1111 1111 1111", "payment_card", "high"),
        ("card: 4111111111111111", "payment_card", "high"),
        ("my cc 30569309025904 exp date 1/30", "payment_card", "high"),
        ("pay with 4111-1111-1111-1111", "payment_card", "medium"),
        ("4111111111111111", "payment_card", "low"),
        ("row 12 4111 1111 1111 1111", "payment_card", "medium"),
        ("routing number 075000022, account number 1234567890", "bank_account", "high"),
        ("acct # 12345-6789 at ABA: 075000022", "bank_account", "high"),
        ("routing_number,account_number\n075000022,1234567890", "bank_account", "high"),
        ("Bank of Sample, savings account 12345678, 075000022", "bank_account", "medium"),
        ("routing 075000022", "bank_account", "low"),
        ("IBAN: DE89 3704 0044 0532 0130 00.", "iban", "high"),
        ("gb82west12345698765432", "iban", "high"),
        ("de12 is not; GB82WEST12345698765432 is", "iban", "high"),
        ("DOB: 4/12/61", "date_of_birth", "high"),
        ("Date of birth April 12, 1961", "date_of_birth", "high"),
        ("1961-04-12 (DOB)", "date_of_birth", "high"),
        ("name,date_of_birth\nOkafor,1961-04-12", "date_of_birth", "high"),
        ("name,dob,street\nDana Okafor of Wells Street and so on for long,04/12/1961", "date_of_birth", "high"),
        ("she was born on 12 Apr 1961", "date_of_birth", "high"),
        ("DOB 19610412", "date_of_birth", "high"),
        ("April 12, 1961 is her birthday", "date_of_birth", "medium"),
    ],
)
def test_found(content: str, detector: str, level: str) -> None:
    assert [lv for d, lv, _ in found(shipped(), content) if d == detector] == [level]


@pytest.mark.parametrize(
    "content",
    [
        "Work order 536-90-4399 is closed",
        "Order 536904399 shipped, tracking 1Z999AA10123456784",
        "We never ask for your SSN. Your tracking number is 536904399.",
        "Do not send your Social Security number. Write to Milwaukee, WI 53202-1234 or call (414) 555-0100.",
        "SSN 078-05-1120 is the one printed on wallets",
        "Case 2026-CF-004399, parcel 392-1234-000, permit 536-904399",
        "GUID 53690439-9000-4111-8111-111111111111 of the card reader",
        "Message-ID: <20261124.536904399@mail.example.org>\nReferences: <4111111111111111@example.org>",
        "Invoice 4111111111111111 for the library card printer",
        "FedEx 9612 0191 2345 6789 0123, UPS 1Z 999 AA1 01 2345 6784",
        "Order number 4111111111111111 was paid by card",
        "card reader serial 1234 5678 9012 3456",
        "Your water account 075000022 was credited",
        "Our bank's routing number is 075000022",
        "Account 1234567890 was credited on invoice 536904399",
        "AB12 CDEF 3456 7890 1234 is a part number",
        "The hearing is on 04/12/2026; bring proof of date of birth",
        "Proof of date of birth must be filed by 03/01/2026",
        "Born in Milwaukee, she took office on April 12, 1961",
        "Columns: 536 90 4399\n537 91 4400\n538 92 4401",
        "10.12.19.61 and 2026-11-24T10:11:12Z",
    ],
)
def test_ordinary_mail_gives_nothing_a_rule_acts_on(content: str) -> None:
    assert [f for f in found(shipped(), content) if f[1] in ACTS[f[0]]] == []
