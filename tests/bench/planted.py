"""Made-up identifiers of people, and the sentences and rows in which people write them: what recall is measured with.

Nothing here is real: numbers are drawn at random within the rules of their kind.
"""

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.iso7064 import mod_97_10
from stdnum.us import ssn

FIRST: Final = (
    "Maria",
    "Tyrone",
    "Ann",
    "Kou",
    "Lakeisha",
    "Piotr",
    "Sofia",
    "James",
    "Dolores",
    "Ming",
    "Ruth",
    "Omar",
)
LAST: Final = ("Vang", "Kowalski", "Jackson", "Garcia", "Nguyen", "Schmidt", "O'Brien", "Thao", "Washington", "Lopez", "Meyer", "Brooks")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """One identifier as it is written, the sentence that holds it, and the head and cell of a table that would."""

    kind: str
    value: str
    sentence: str
    head: str
    cell: str
    phrasing: int


def person(rng: random.Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def us_ssn(rng: random.Random) -> str:
    while True:
        digits = f"{rng.randint(1, 899):03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}"
        if ssn.is_valid(digits):
            break
    sign = rng.choices(["-", " ", ".", ""], [60, 12, 5, 23])[0]
    return sign.join((digits[:3], digits[3:5], digits[5:]))


def card(rng: random.Random) -> str:
    prefix, size, groups = rng.choice(
        [("4", 16, (4, 4, 4, 4)), ("51", 16, (4, 4, 4, 4)), ("55", 16, (4, 4, 4, 4)), ("37", 15, (4, 6, 5)), ("6011", 16, (4, 4, 4, 4)), ("2221", 16, (4, 4, 4, 4))]
    )  # fmt: skip
    body = prefix + "".join(rng.choices(string.digits, k=size - len(prefix) - 1))
    number = body + str(luhn.calc_check_digit(body))
    sign = rng.choices([" ", "-", ""], [45, 20, 35])[0]
    pieces, at = [], 0
    for group in groups:
        pieces.append(number[at : at + group])
        at += group
    return sign.join(pieces)


def routing(rng: random.Random) -> str:
    while True:
        body = f"{rng.choice(['01', '02', '04', '06', '07', '08', '11', '12', '26', '27', '31'])}{rng.randint(0, 999999):06}"
        total = sum(w * int(d) for w, d in zip((3, 7, 1, 3, 7, 1, 3, 7), body, strict=True))
        return body + str(-total % 10)


def account(rng: random.Random) -> str:
    return "".join(rng.choices(string.digits, k=rng.randint(7, 12)))


_IBANS: Final = {
    "DE": "18n", "GB": "4a14n", "FR": "10n11c2n", "NL": "4a10n", "ES": "20n", "PL": "24n", "AT": "16n", "BE": "12n", "SE": "20n", "IE": "4a14n", "DK": "14n", "PT": "21n",
}  # fmt: skip


def iban(rng: random.Random) -> str:
    """One whose national check digits hold too where the country's are checked: tried until the library agrees."""
    while True:
        country = rng.choice(sorted(_IBANS))
        body, number = "", ""
        for sign in _IBANS[country]:
            if sign.isdigit():
                number += sign
                continue
            alphabet = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits}[sign]
            body += "".join(rng.choices(alphabet, k=int(number)))
            number = ""
        check = mod_97_10.calc_check_digits(body + country)
        whole = country + check + body
        if stdnum_iban.is_valid(whole):
            break
    how = rng.randint(0, 2)
    if how == 0:
        return whole
    return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def birth(rng: random.Random) -> str:
    day = date(1930, 1, 1) + timedelta(days=rng.randint(0, 29000))
    form = rng.choices(
        ["%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d", "%B %d, %Y", "%d %b %Y", "%m/%d/%y"], [40, 12, 14, 16, 8, 10]
    )[0]
    said = day.strftime(form)
    return f"{day.month}/{day.day}/{said.rpartition('/')[2]}" if "/" in form and rng.random() < 0.4 else said


_WORDS: Final = ("sunshine", "packers", "harley", "summer", "welcome", "brewers", "purple", "Lake", "Winter", "tiger", "coffee", "Bicycle", "maple", "rocket")  # fmt: skip


def password(rng: random.Random) -> str:
    how = rng.randint(0, 5)
    word, other = rng.sample(_WORDS, 2)
    if how == 0:
        return f"{word.title()}{rng.randint(10, 9999)}{rng.choice('!#$%*?')}"
    if how == 1:
        return f"{word}{rng.randint(1960, 2026)}"
    if how == 2:
        return "".join(rng.choices(string.ascii_letters + string.digits + "!@#%*", k=rng.randint(9, 14))) + str(
            rng.randint(0, 9)
        )
    if how == 3:
        return f"{word}-{other}-{rng.randint(1, 99)}"
    if how == 4:
        return word.replace("e", "3").replace("a", "@").replace("i", "1") + f"_{rng.randint(1, 999)}"
    return f"{word.title()}{other.title()}{rng.randint(1, 9)}"


_MBI: Final = ("123456789", "L", "X", "0123456789", "L", "X", "0123456789", "L", "L", "0123456789", "0123456789")


def mbi(rng: random.Random) -> str:
    letters = "ACDEFGHJKMNPQRTUVWXY"
    sets = {"L": letters, "X": letters + string.digits}
    signs = "".join(rng.choice(sets.get(s, s)) for s in _MBI)
    return signs if rng.random() < 0.5 else f"{signs[:4]}-{signs[4:7]}-{signs[7:]}"


_SOUNDS: Final = {
    c: d for d, cs in {"1": "BFPV", "2": "CGJKQSXZ", "3": "DT", "4": "L", "5": "MN", "6": "R"}.items() for c in cs
}


def soundex(name: str) -> str:
    letters = [c for c in name.upper() if c.isalpha()]
    out, last = letters[0], _SOUNDS.get(letters[0], "")
    for c in letters[1:]:
        digit = _SOUNDS.get(c, "")
        if digit and digit != last:
            out += digit
        if c not in "HW":
            last = digit
    return (out + "000")[:4]


def licence(rng: random.Random) -> str:
    """Wisconsin's in three of five, else one of other states."""

    def digits(count: int) -> str:
        return "".join(rng.choices(string.digits, k=count))

    if rng.random() < 0.6:
        born = date(1940, 1, 1) + timedelta(days=rng.randint(0, 24000))
        code = (born.month - 1) * 40 + born.day + rng.choice([0, 500])
        year = f"{born.year % 100:02}"
        whole = f"{soundex(rng.choice(LAST))}{rng.randint(0, 999):03}{year[0]}{year[1]}{code:03}{rng.randint(0, 99):02}"
        return whole if rng.random() < 0.4 else f"{whole[:4]}-{whole[4:8]}-{whole[8:12]}-{whole[12:]}"
    last = soundex(rng.choice(LAST))
    return rng.choice([
        f"{last}-{digits(4)}-{digits(4)}",
        f"{last[0]}{digits(12)}",
        f"{last[0]}{digits(7)}",
        f"{digits(3)}{rng.choice(string.ascii_uppercase)}{rng.choice(string.ascii_uppercase)}{digits(4)}",
        digits(8),
        f"{rng.choice(string.ascii_uppercase)}{rng.choice(string.ascii_uppercase)}{digits(6)}",
    ])  # fmt: skip


SENTENCES: Final[dict[str, Sequence[str]]] = {
    "ssn": (
        "Her social security number is {v}.",
        "SSN: {v}",
        "Please add {p} to the payroll, SSN {v}, starting Monday.",
        "Employee: {p}\nSSN      {v}\nDept     Forestry",
        "The W-4 of {p} is wrong again; the social on file should be {v}.",
        "{p}'s Social Security No. {v} does not match what the IRS has.",
        "soc sec # {v}",
        "here is my ssn for the background check: {v}",
        "{v} is the SSN that we have for {p}.",
        "The number you asked for (social security) is {v}, please delete this afterwards.",
        "Name {p}, SS# {v}, address on file.",
        "Claimant's SSN/TIN: {v}",
        "Applicant\n   {p}\nSocial Security Number\n   {v}",
        "Can you run the check on {p}? SSN is {v} and she lives on Wells.",
        "Pension form of {p} (social security {v}) is in your tray.",
        "I typed his s.s.n. as {v} by mistake.",
    ),
    "card": (
        "Please charge my Visa {v}, exp {e}.",
        "Card number: {v}\nExpiration: {e}\nCVV: {c}",
        "The credit card for the hotel is {v}.",
        "Use the department's p-card {v} and keep the receipt, exp {e}.",
        "CC# {v}",
        "Payment by card {v} valid thru {e}, name on card {p}.",
        "Here is the card for the registration fee:\n{v}\n{e}  {c}",
        "I tried {v} twice but the terminal declined the card.",
        "debit card no. {v}",
        "Cardholder {p}, {v}, security code {c}.",
        "My MasterCard is {v}.",
        "For the deposit take {v} ({e}), it is a credit card.",
        "credit card: {v}",
    ),
    "bank": (
        "routing {r} account {v}",
        "For direct deposit: ABA {r}, acct {v}, checking.",
        "Bank: Third Ward Savings\nRouting #: {r}\nAccount #: {v}",
        "Please wire the refund to account number {v} at our bank, routing number {r}.",
        "ACH info - RTN {r} / Acct no. {v}",
        "My checking account is {v} and the bank's routing number is {r}.",
        "The void check shows {r} (routing) and {v} (account).",
        "Wire instructions\nABA/Routing: {r}\nBeneficiary account: {v}\nBeneficiary: {p}",
        "Routing transit number {r}; savings acct {v}.",
        "Vendor EFT form: bank routing no {r}, bank account no {v}.",
        "acct {v}, routing {r}, name on the account {p}",
    ),
    "iban": (
        "IBAN: {v}",
        "Please transfer the fee to {v}.",
        "Our bank details: {v}, {p}",
        "Bank account (IBAN) {v}",
        "The exchange program pays into {v} from now on.",
        "{p}\n{v}\nReference: sister city visit",
        "Zahlbar auf das Konto {v}.",
        "iban {v} bic to follow",
        "Refund the hotel at {v}, please.",
        "His account abroad is {v}.",
    ),
    "dob": (
        "DOB {v}",
        "Date of birth: {v}",
        "{p} was born on {v}.",
        "{p} (born {v}) asked for a copy.",
        "Birth date {v}",
        "D.O.B.: {v}",
        "Name: {p}\nBirthdate: {v}\nWard: 4",
        "Her date of birth is {v}, please correct it.",
        "name/dob: {p} / {v}",
        "{p}, dob {v}, called about the bill.",
        "Patient {p}, date of birth {v}, was seen today.",
        "The DOB on the form should read {v}.",
        "DOB - {v}",
        "His date of birth ({v}) is missing in the file.",
    ),
    "password": (
        "password: {v}",
        "The password is {v}",
        "login: {u}\npassword: {v}",
        "pw: {v}",
        "Your temporary password is {v} , please change it.",
        "user {u} pass {v}",
        "You can log in as {u} with password {v}",
        "username/password: {u} / {v}",
        "Pass: {v}",
        "PW = {v}",
        "I set the wifi password to {v}",
        'The new password for the HR portal is "{v}".',
        "Password\n{v}",
        "My password is still {v}",
        "Use {v} as the password until Friday.",
        "User name: {u}, Password: {v}, the link is below.",
        "new passcode is {v}",
    ),
    "mbi": (
        "Medicare number {v}",
        "MBI: {v}",
        "Her Medicare ID is {v}.",
        "The Medicare card of {p} says {v}.",
        "Medicare beneficiary identifier: {v}",
        "Medicare # {v}",
        "Claim of {p}, MBI {v}, was denied.",
        "{p}, Medicare {v}",
        "Member's MBI ({v}) is wrong in the system.",
        "Insurance: Medicare\nMember ID: {v}",
        "Please bill Medicare under {v} for {p}.",
        "{v} is her Medicare number.",
    ),
    "licence": (
        "Driver's license number {v}",
        "DL# {v}",
        "DL: {v}",
        "His driver license is {v}.",
        "drivers lic {v}",
        "Driver License No.: {v}",
        "{p}, DL {v}, was behind the wheel.",
        "License number (driver's): {v}",
        "The driver's licence no. of {p} is {v}.",
        "Operator: {p}\nDriver's license: {v}\nVehicle: truck 14",
        "driver license number on file: {v}",
        "Copy of the license came through, driver's license {v}.",
    ),
}  # fmt: skip

HEADS: Final[dict[str, Sequence[str]]] = {
    "ssn": ("SSN", "Social Security Number", "Soc Sec No", "social_security"),
    "card": ("Card number", "Credit Card", "CC Number"),
    "bank": ("Account number", "Acct", "Bank Account"),
    "iban": ("IBAN", "Account"),
    "dob": ("DOB", "Date of Birth", "birth_date", "Birthdate"),
    "password": ("Password", "password", "Initial password"),
    "mbi": ("MBI", "Medicare Number", "Medicare ID"),
    "licence": ("Driver License", "DL Number", "Drivers License No"),
}

_VALUES: Final[dict[str, Callable[[random.Random], str]]] = {
    "ssn": us_ssn, "card": card, "bank": account, "iban": iban, "dob": birth, "password": password, "mbi": mbi, "licence": licence,
}  # fmt: skip


def plant(kind: str, rng: random.Random) -> Planted:
    """One identifier of a kind in one of its sentences."""
    phrasing = rng.randrange(len(SENTENCES[kind]))
    value, number = _VALUES[kind](rng), routing(rng)
    expiry = f"{rng.randint(1, 12):02}/{rng.randint(26, 31)}"
    first, last = rng.choice(FIRST), rng.choice(LAST)
    words = {
        "v": value,
        "p": person(rng),
        "r": number,
        "e": expiry,
        "c": f"{rng.randint(100, 999)}",
        "u": (first[0] + last).lower().replace("'", ""),
    }
    sentence = SENTENCES[kind][phrasing].format(**words)
    head, cell = rng.choice(HEADS[kind]), value
    if kind == "bank":
        head, cell = f"Routing|{head}", f"{number}|{value}"
    return Planted(kind, value, sentence, head, cell, phrasing)
