"""Made-up mail of a city that is full of numbers and holds no identifier: what false findings are measured with.

Permits, parcels, tax keys, cases, orders, phones, tracking numbers, serials, meters, coordinates, hashes, and tables of
them; now and then the words that detectors listen to (SSN, card, licence, account) stand beside, as they do in notices.
"""

import random
import string
import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

from stdnum import luhn

Value = Callable[[random.Random], str]

FIRST: Final = (
    "Marta",
    "DeShawn",
    "Linh",
    "Pa Kou",
    "Irene",
    "Gus",
    "Yolanda",
    "Sven",
    "Aisha",
    "Walt",
    "Carmen",
    "Hal",
)
LAST: Final = ("Xiong", "Novak", "Robinson", "Ortiz", "Tran", "Krueger", "Walsh", "Her", "Freeman", "Delgado", "Olson", "Banks")  # fmt: skip
STREETS: Final = ("N 27th St", "W Wells St", "E Capitol Dr", "S Kinnickinnic Ave", "W Burleigh St", "N Water St", "W Mitchell St")  # fmt: skip


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(1, 9)) + "".join(rng.choices(string.digits, k=count - 1))


def _letters(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.ascii_uppercase, k=count))


def _day(rng: random.Random) -> date:
    return date(2015, 1, 1) + timedelta(days=rng.randint(0, 4300))


def _ups(rng: random.Random) -> str:
    return (
        f"1Z{''.join(rng.choices(string.digits + string.ascii_uppercase, k=6))}{rng.randint(0, 99):02}{_digits(rng, 8)}"
    )


def _imei(rng: random.Random) -> str:
    """Fifteen digits with a Luhn digit, as phones have."""
    body = "35" + "".join(rng.choices(string.digits, k=12))
    return body + luhn.calc_check_digit(body)


def _spaced(rng: random.Random, *sizes: int, sign: str = " ") -> str:
    return sign.join(_digits(rng, size) for size in sizes)


VALUES: Final[dict[str, tuple[Sequence[str], Value]]] = {
    "permit": (("permit", "Permit #", "permit no.", "building permit"), lambda r: r.choice([f"BP-{r.randint(2015, 2026)}-{_digits(r, 5)}", f"P{_digits(r, 8)}", _digits(r, 9)])),
    "parcel": (("parcel", "taxkey", "tax key", "Tax Key No."), lambda r: r.choice([_spaced(r, 3, 4, 3, sign="-"), _digits(r, 10), f"{_spaced(r, 3, 4, sign='-')}-000-{r.randint(0, 9)}", _spaced(r, 3, 2, 4, sign="-")])),
    "case": (("case", "Case No.", "docket", "citation"), lambda r: r.choice([f"{r.randint(2015, 2026)}CF{_digits(r, 6)}", f"{r.randint(15, 26)}-CV-{_digits(r, 5)}", _digits(r, 8), _spaced(r, 2, 7, sign="-")])),
    "order": (("order", "order number", "work order", "WO#", "PO", "purchase order"), lambda r: r.choice([_digits(r, 9), _digits(r, 10), _spaced(r, 3, 2, 4, sign="-"), _spaced(r, 3, 7, 7, sign="-")])),
    "phone": (("call", "phone", "fax", "cell", "tel."), lambda r: r.choice([f"414-{_spaced(r, 3, 4, sign='-')}", f"(414) {_spaced(r, 3, 4, sign='-')}", f"414.{_spaced(r, 3, 4, sign='.')}", f"+1 262 {_spaced(r, 3, 4)}", f"414{_digits(r, 7)}", f"414-{_digits(r, 3)}-{_digits(r, 4)} x{_digits(r, 4)}"])),
    "tracking": (("tracking", "UPS", "FedEx", "USPS tracking", "shipment"), lambda r: r.choice([_ups(r), _digits(r, 12), _spaced(r, 4, 4, 4), f"94{_digits(r, 20)}", f"94{_digits(r, 2)} {_spaced(r, 4, 4, 4, 4, 2)}"])),
    "guid": (("id", "GUID", "device", "session"), lambda r: str(uuid.UUID(int=r.getrandbits(128)))),
    "serial": (("serial", "S/N", "serial no", "asset tag"), lambda r: r.choice([f"{_letters(r, 2)}{_digits(r, 7)}", _digits(r, 9), f"{_letters(r, 1)}{_digits(r, 7)}", f"{_letters(r, 3)}-{_digits(r, 4)}-{_digits(r, 4)}", _spaced(r, 4, 4, 4, 4)])),
    "imei": (("IMEI", "handset"), _imei),
    "invoice": (("invoice", "Invoice #", "inv.", "voucher", "requisition"), lambda r: r.choice([_digits(r, 9), f"INV{_digits(r, 8)}", _digits(r, 12), _digits(r, 16)])),
    "isbn": (("ISBN", "UPC"), lambda r: r.choice([f"978-{_spaced(r, 1, 4, 4, 1, sign='-')}", f"978{_digits(r, 10)}", _digits(r, 12)])),
    "date": (("on", "due", "dated", "effective", "inspected", "expires"), lambda r: _day(r).strftime(r.choice(["%m/%d/%Y", "%Y-%m-%d", "%B %d, %Y", "%m-%d-%y", "%d %b %Y"]))),
    "gps": (("at", "GPS", "lat/long"), lambda r: f"{43 + r.random():.{r.randint(4, 7)}f}, -{87 + r.random():.{r.randint(4, 7)}f}"),
    "hash": (("sha1", "checksum", "commit", "md5"), lambda r: "".join(r.choices(string.hexdigits[:16], k=r.choice([32, 40, 64])))),
    "meter": (("meter reading", "meter", "reading"), lambda r: r.choice([_digits(r, 8), f"{_digits(r, 5)} CCF", _digits(r, 9), _spaced(r, 3, 3, 3)])),
    "zip": (("Milwaukee, WI", "zip"), lambda r: f"532{r.randint(2, 33):02}-{_digits(r, 4)}"),
    "water": (("water account", "account", "Acct. No.", "customer account number"), lambda r: r.choice([_spaced(r, 3, 4, 3, sign="-"), _digits(r, 10), _digits(r, 9), _spaced(r, 4, 5, sign="-"), f"{_digits(r, 7)}.{_digits(r, 2)}"])),
    "plate": (("plate", "license plate", "tag"), lambda r: r.choice([f"{_letters(r, 3)}-{_digits(r, 4)}", f"{_letters(r, 3)}{_digits(r, 4)}", _digits(r, 6)])),
    "licence": (("business license", "liquor license", "license no.", "food license"), lambda r: r.choice([f"{_letters(r, 3)}-{_digits(r, 7)}", _digits(r, 7), f"{_letters(r, 1)}{_digits(r, 7)}", f"BTAV-{_digits(r, 7)}"])),
    "contract": (("contract", "vendor", "supplier id", "bid", "RFP"), lambda r: r.choice([f"B{_digits(r, 10)}", _digits(r, 6), _spaced(r, 2, 7, sign="-"), f"C{_digits(r, 8)}"])),
    "amount": (("$", "total $", "budget $", "balance $"), lambda r: f"{r.randint(1, 999)},{r.randint(0, 999):03}.{r.randint(0, 99):02}"),
    "account_code": (("charge to", "GL", "fund"), lambda r: f"0001-{_spaced(r, 4, 4, sign='-')}-{_digits(r, 6)}"),
    "conference": (("meeting ID", "conference id", "dial-in"), lambda r: r.choice([_spaced(r, 3, 3, 3), _spaced(r, 3, 4, 4), f"{_digits(r, 9)}#"])),
    "equipment": (("unit", "vehicle", "truck", "plow"), lambda r: r.choice([_digits(r, 5), f"{_letters(r, 2)}-{_digits(r, 4)}", _digits(r, 3)])),
}  # fmt: skip
"""What each kind of number is called, and how it looks."""

NOTICES: Final = (
    "Never send your Social Security number, your password or your credit card number by e-mail.",
    "Bring a photo ID (driver's license, state ID or passport) and proof of your date of birth.",
    "We do not ask for your SSN, your PIN or your bank account.",
    "The card reader at the front desk is out; we take cash, check or money order until Friday.",
    "The W-9 form asks for your EIN or SSN; fill in one of them and fax it to the Comptroller.",
    "Direct deposit changes are made in the self-service portal only, not by mail. Have your routing number at hand.",
    "Please use your library card to log in at the kiosk.",
    "Software licenses and the driver for the new printer are on the share.",
    "Applicants must have a valid Wisconsin driver's license and a clean record.",
    "Employees born before 1980 may choose the old plan.",
    "The bank on Mitchell Street called about the awning permit; its account manager wants the drawings.",
    "The VIN plates of the new plows were photographed at delivery, see the share.",
    "Passport photos are taken in room 105, no appointment needed.",
    "Happy birthday to all of you who have one this month!",
    "The credit on your account is applied to the next bill automatically.",
    "The routing of the bus line changes; stop numbers are below.",
    "Medicare open enrollment ends soon; the nurse line helps with patients' questions.",
    "Do not write your employee ID or tax ID on the outside of the envelope.",
)
"""Sentences that speak of identifiers and hold none."""

SENTENCES: Final = (
    "The {n} {v} is ready.",
    "Please look at {n} {v} before Thursday.",
    "{n}: {v}",
    "{p} asked about {n} {v} again.",
    "Inspection for {n} {v} at {a} was moved.",
    "We closed {n} {v} and opened {n2} {v2}.",
    "See {n} {v} ({n2} {v2}).",
    "I found {v} under {n}, is that yours?",
    "Re {n} {v}: {p} from {a} called, {n2} {v2}.",
    "{n} {v}\n{n2} {v2}",
    "Your {n} is {v}.",
    "{p}\n{a}\n{n} {v}",
    "{v} ({n}) belongs to {p}.",
)


def _kind(rng: random.Random) -> tuple[str, str]:
    names, value = VALUES[rng.choice(list(VALUES))]
    return rng.choice(names), value(rng)


def _fill(rng: random.Random, sentence: str) -> str:
    (name, value), (name2, value2) = _kind(rng), _kind(rng)
    person = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    where = f"{rng.randint(100, 9999)} {rng.choice(STREETS)}"
    return sentence.format(n=name, v=value, n2=name2, v2=value2, p=person, a=where)


def _table(rng: random.Random) -> str:
    """Rows below a head: commas, tabs, bars or columns."""
    kinds = rng.sample(list(VALUES), rng.randint(2, 5))
    sign = rng.choice([",", "\t", " | ", ";", "   "])
    rows = [[rng.choice(VALUES[k][0]) for k in kinds]]
    rows += [[VALUES[k][1](rng) for k in kinds] for _ in range(rng.randint(3, 25))]
    if sign == ",":
        rows = [[f'"{c}"' if "," in c else c for c in row] for row in rows]
    if sign == "   ":
        wide = [max(len(row[i]) for row in rows) for i in range(len(kinds))]
        rows = [[c.ljust(w) for c, w in zip(row, wide, strict=True)] for row in rows]
    return "\n".join(sign.join(row) for row in rows)


def _html(text: str) -> str:
    lines = text.split("\n")
    if any("\t" in line for line in lines):
        rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in line.split("\t")) + "</tr>" for line in lines)
        return f"<html><body><table>{rows}</table></body></html>"
    return "<html><body>" + "".join(f"<p>{line}</p>" for line in lines) + "</body></html>"


def ordinary(rng: random.Random) -> bytes:
    """One mail as it goes out: some sentences, often a table, sometimes a notice, plain or HTML."""
    blocks = [_fill(rng, rng.choice(SENTENCES)) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.4:
        blocks.append(_table(rng))
    if rng.random() < 0.35:
        blocks.append(rng.choice(NOTICES))
    rng.shuffle(blocks)
    body = "\n\n".join(blocks)
    subject = _fill(rng, rng.choice(("{n} {v}", "Your {n}", "FW: {n} {v} / {n2} {v2}"))).replace("\n", " ")
    html = rng.random() < 0.3
    head = (
        f"From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\nSubject: {subject}\nMIME-Version: 1.0\n"
        f"Message-ID: <{_digits(rng, 14)}.{_digits(rng, 6)}@milwaukee.gov>\n"
        f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8\n\n"
    )
    return (head + (_html(body) if html else body) + "\n").replace("\n", "\r\n").encode()
