"""Write made-up mail that sounds like health, courts, taxes and secrets and holds none: hard negatives for those rules.

    python -m tests.bench.hard_records FOLDER [--count 3000] [--seed 1]

One file a message. `tests.bench.false_holds FOLDER` then tells how many of them the shipped rules hold.
"""

import argparse
import random
import string
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from tests.bench.planted import FIRST, LAST, mbi, person

Value = Callable[[random.Random], str]


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def code(rng: random.Random) -> str:
    """What has the shape of a diagnosis code: versions, rooms, routes, articles."""
    return f"{rng.choice('ABCDEFGHJKMNRSTZ')}{digits(rng, 2)}.{rng.choice([digits(rng, 1), digits(rng, 2), digits(rng, 3)])}"


def day(rng: random.Random) -> str:
    return f"{rng.randint(1, 12):02}/{rng.randint(1, 28):02}/{rng.choice([2025, 2026, 2027])}"


VALUES: Final[dict[str, Value]] = {
    "code": code,
    "mbi": mbi,
    "n5": lambda r: digits(r, 5),
    "n7": lambda r: digits(r, 7),
    "n10": lambda r: digits(r, 10),
    "dea": lambda r: "".join(r.choices("ABCFM", k=2)) + digits(r, 7),
    "case": lambda r: f"{r.choice([2024, 2025, 2026])}{r.choice(['CF', 'CM', 'CV', 'SC', 'TR', 'FA'])}{digits(r, 6)}",
    "day": day,
    "who": person,
    "age": lambda r: str(r.randint(14, 70)),
    "phone": lambda r: f"414-{digits(r, 3)}-{digits(r, 4)}",
    "money": lambda r: f"{r.randint(1, 99)},{digits(r, 3)}.{digits(r, 2)}",
}

SENTENCES_OF: Final = (
    "Release {code} of the billing module is out; patients see the new portal on {day}.",
    "Room {code} is closed, the patient entrance is on 27th.",
    "Article {code} is on back order, invoice {n7}.",
    "Bus route {code} is detoured until {day}.",
    "Serial number {mbi}, asset tag {n7}.",
    "Part no. {mbi} was shipped, PO {n7}.",
    "Lot {mbi} of the flu vaccine expires on {day}.",
    "Medicare open enrollment ends on {day}; call {phone}.",
    "The clinic's order {n7} for record folders came in.",
    "Medical records are kept seven years; requests go to fax {phone}.",
    "Patients with asthma and heart disease should stay inside while the smoke lasts.",
    "Free HIV and syphilis tests at the Southside clinic on {day}, call {phone}.",
    "Overdose deaths rose to {n5}, the report says.",
    "The diagnosis of the engine gave code {code}, truck {n5}.",
    "Surveillance counts diagnosis codes {code} to {code} for all patients.",
    "A {age}-year-old man was arrested on {day}; charges are pending, case {case}.",
    "Two juveniles, 15 and 16, were taken into custody; the investigation goes on.",
    "State v. {who}, {case}, is set for {day}.",
    "The expungement clinic is at the library on {day}, no appointment needed.",
    "Officers renew their NCIC certification by {day}.",
    "All applicants pass a criminal history check that costs $12.",
    "W-2 forms are mailed by {day}; questions go to {phone}.",
    "Please send the W-9 before invoice {n7} over ${money} can be paid.",
    "1040 N Water St, permit {n7}, fee {money}.",
    "The 1099-NEC goes to whoever was paid at least 600.00 as nonemployee compensation.",
    "Sealed bids for contract {n7} are opened on {day}.",
    "It was a privilege to work with {who}.",
    "Confidential counseling is free, call {phone}.",
    "The council met in closed session under attorney-client privilege.",
    "DEA Take Back Day is on {day}; reference {dea}.",
    "Asset {dea} went to surplus.",
    "The NPI registry is public; ticket {n10}.",
    "Your employee ID is on the back of your badge; {who} helps at {phone}.",
    "Bring proof of your date of birth to {who} by {day}.",
    "Parking privileges for {who} end on {day}.",
    "The chart on page 4 shows {n5} visits.",
)
HEADS: Final = (
    ("Hearing", "Name", "Date"), ("Permit", "Owner", "Inspected"), ("Badge", "Officer", "Training"),
    ("Work Order", "Requester", "Due"), ("Invoice", "Contact", "Paid"), ("Parcel", "Owner", "Assessed"),
)  # fmt: skip
FOOTERS: Final = (
    "CONFIDENTIALITY NOTICE: This e-mail and its attachments may contain privileged and confidential information for the named recipient only. If you received it in error, delete it and tell the sender.",
    "PRIVILEGED AND CONFIDENTIAL\nThis message is intended only for the addressee and may be attorney-client privileged. If you are not the intended recipient, any disclosure is prohibited.",
    "*** CONFIDENTIAL ***\nThe information in this transmission is intended for the recipient named above. Unauthorized use is prohibited.",
    "The City of Milwaukee is subject to Wisconsin open records law. E-mail may be disclosed.",
    "This email may contain Protected Health Information (PHI) that is confidential under HIPAA. If you are not the intended recipient, notify us at 414-555-0100.",
    "Attorney-client privileged communications are not waived by mistaken transmission of this e-mail to an unintended recipient.",
)  # fmt: skip


def filled(rng: random.Random, sentence: str) -> str:
    """The sentence with its values drawn."""
    return sentence.format_map({name: value(rng) for name, value in VALUES.items()})


def table(rng: random.Random) -> str:
    """A list that names persons and is public: hearings, permits, orders."""
    sign = rng.choice([",", "\t", " | "])
    rows = [rng.choice(HEADS), *((digits(rng, 7), person(rng), day(rng)) for _ in range(rng.randint(5, 30)))]
    return "\n".join(sign.join(row) for row in rows)


def negative(rng: random.Random) -> str:
    """One body."""
    pieces = [filled(rng, s) for s in rng.sample(SENTENCES_OF, rng.randint(2, 5))]
    if rng.random() < 0.25:
        pieces.append(table(rng))
    pieces.append(f"{rng.choice(FIRST)} {rng.choice(LAST)}\n{filled(rng, '{phone}')}")
    if rng.random() < 0.5:
        pieces.append(rng.choice(FOOTERS))
    return "\n\n".join(pieces) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write so many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(given.seed)  # noqa: S311 - made-up mail, the same for the same seed
    for number in range(given.count):
        made = EmailMessage()
        made["From"], made["To"] = "Dana Okafor <dokafor@milwaukee.gov>", "lee@example.org"
        made["Subject"] = filled(rng, rng.choice(SENTENCES_OF))[:60]
        made.set_content(negative(rng), cte="8bit")
        (given.folder / f"{number:05}.eml").write_bytes(made.as_bytes())


if __name__ == "__main__":
    main()
