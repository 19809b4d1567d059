"""Made-up mail for tests.bench.personal: people, the addresses they give themselves, and what they and citizens are sent."""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zxcvbn.matching import RANKED_DICTIONARIES  # type: ignore[import-untyped]  # the library brings no types

from smtp_gate.families.nicknames import NICKNAMES
from smtp_gate.families.resemblance import words_of

PROVIDERS: Final = (
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "aol.com",
    "icloud.com",
    "proton.me",
    "att.net",
    "wi.rr.com",
)


@dataclass(frozen=True)
class Name:
    """A person's name as a directory has it, and its words in plain letters."""

    first: str
    middle: str
    last: str

    @property
    def shown(self) -> str:
        return " ".join(x for x in (self.first, self.middle, self.last) if x)

    @property
    def city(self) -> str:
        """Their address at work."""
        f, _, last = self.plain
        return f"{f[:1]}{last}@milwaukee.gov"

    @property
    def plain(self) -> tuple[str, str, str]:
        words = ["".join(words_of(part)) for part in (self.first, self.middle, self.last)]
        return words[0], words[1] or "q", words[2]


def names(rng: random.Random, file: Path | None) -> Iterator[Name]:
    """People without end: of a CSV file with columns for given name and surname, else of zxcvbn's lists by frequency."""
    if file is not None:
        rows = list(csv.DictReader(file.open(encoding="utf-8-sig", newline="")))
        columns = [("GivenName", "MiddleInitial", "Surname"), ("fname", "", "lname"), ("first_name", "", "last_name")]
        first, middle, last = next(c for c in columns if c[0] in rows[0])
        people = [Name(r[first], r.get(middle, ""), r[last]) for r in rows if r[first] and r[last]]
        while True:
            rng.shuffle(people)
            yield from (p for p in people if all(p.plain))
    given = [*list(RANKED_DICTIONARIES["female_names"])[:1500], *list(RANKED_DICTIONARIES["male_names"])[:700]]
    surnames = list(RANKED_DICTIONARIES["surnames"])[:8000]
    while True:
        middle = rng.choice(given).title() if rng.random() < 0.6 else ""
        yield Name(rng.choice(given).title(), middle, rng.choice(surnames).title())


def _nick(first: str) -> str:
    return min(NICKNAMES.get(first, {first}), key=lambda n: (len(n), n))


Pattern = Callable[[str, str, str, str], str]
PATTERNS: Final[dict[str, Pattern]] = {
    "firstlast": lambda f, m, z, n: f"{f}{z}",
    "first.last": lambda f, m, z, n: f"{f}.{z}",
    "first_last": lambda f, m, z, n: f"{f}_{z}",
    "first-last": lambda f, m, z, n: f"{f}-{z}",
    "FirstLast": lambda f, m, z, n: f"{f.title()}{z.title()}",
    "f.i.r.s.t dots": lambda f, m, z, n: ".".join(f + z),
    "lastfirst": lambda f, m, z, n: f"{z}{f}",
    "last.first": lambda f, m, z, n: f"{z}.{f}",
    "last_first77": lambda f, m, z, n: f"{z}_{f}77",
    "firstlast1975": lambda f, m, z, n: f"{f}{z}1975",
    "first.last53202": lambda f, m, z, n: f"{f}.{z}53202",
    "first1last": lambda f, m, z, n: f"{f}1{z}",
    "1firstlast": lambda f, m, z, n: f"1{f}{z}",
    "first2last2": lambda f, m, z, n: f"{f}2{z}2",
    "firstmlast": lambda f, m, z, n: f"{f}{m[0]}{z}",
    "first.m.last": lambda f, m, z, n: f"{f}.{m[0]}.{z}",
    "first_middle_last": lambda f, m, z, n: f"{f}_{m}_{z}",
    "fmlast": lambda f, m, z, n: f"{f[0]}{m[0]}{z}",
    "f.m.last88": lambda f, m, z, n: f"{f[0]}.{m[0]}.{z}88",
    "fmiddlelast": lambda f, m, z, n: f"{f[0]}{m}{z}",
    "lastfm": lambda f, m, z, n: f"{z}{f[0]}{m[0]}",
    "last.first.m": lambda f, m, z, n: f"{z}.{f}.{m[0]}",
    "firstlastm": lambda f, m, z, n: f"{f}{z}{m[0]}",
    "nicklast": lambda f, m, z, n: f"{n}{z}",
    "nick.last": lambda f, m, z, n: f"{n}.{z}",
    "nick_last1968": lambda f, m, z, n: f"{n}_{z}1968",
    "nickmlast": lambda f, m, z, n: f"{n}{m[0]}{z}",
    "lastnick": lambda f, m, z, n: f"{z}{n}",
    "flast": lambda f, m, z, n: f"{f[0]}{z}",
    "f.last": lambda f, m, z, n: f"{f[0]}.{z}",
    "flast414": lambda f, m, z, n: f"{f[0]}{z}414",
    "lastf": lambda f, m, z, n: f"{z}{f[0]}",
    "last.f": lambda f, m, z, n: f"{z}.{f[0]}",
    "firstl": lambda f, m, z, n: f"{f}{z[0]}",
    "first.l99": lambda f, m, z, n: f"{f}.{z[0]}99",
    "first.last.home": lambda f, m, z, n: f"{f}.{z}.home",
    "home.firstlast": lambda f, m, z, n: f"home.{f}{z}",
    "firstlastmke": lambda f, m, z, n: f"{f}{z}mke",
    "mkefirstlast": lambda f, m, z, n: f"mke{f}{z}",
    "therealfirstlast": lambda f, m, z, n: f"thereal{f}{z}",
    "mr.first.last": lambda f, m, z, n: f"mr.{f}.{z}",
    "first.last.personal": lambda f, m, z, n: f"{f}.{z}.personal",
    "firstlastwork": lambda f, m, z, n: f"{f}{z}work",
    "firstlast.family": lambda f, m, z, n: f"{f}{z}.family",
    "first.last+city": lambda f, m, z, n: f"{f}.{z}+city",
    "xfirstlastx": lambda f, m, z, n: f"x{f}{z}x",
    "iamfirstlast": lambda f, m, z, n: f"iam{f}{z}",
    "firstlast_wi": lambda f, m, z, n: f"{f}{z}_wi",
    "leet o": lambda f, m, z, n: f"{f}{z}".replace("o", "0"),
    # Not foreseen by the rules; they show where it ends.
    "firsttlast (doubled)": lambda f, m, z, n: f"{f}{f[-1]}{z}",
    "first3last4 (cut)": lambda f, m, z, n: f"{f[:3]}{z[:4]}",
    "first.bowling": lambda f, m, z, n: f"{f}.bowling",
    "fml1975": lambda f, m, z, n: f"{f[0]}{m[0]}{z[0]}1975",
}
UNFORESEEN: Final = tuple(PATTERNS)[-4:]


def address(rng: random.Random, name: Name, pattern: str) -> str:
    """An address of this person by a pattern."""
    first, middle, last = name.plain
    return f"{PATTERNS[pattern](first, middle, last, _nick(first))}@{rng.choice(PROVIDERS)}"


INNER: Final = (
    "---------- Forwarded message ---------\nFrom: Lee Park <lpark@milwaukee.gov>\nDate: Mon, Mar 2, 2026\n"
    "Subject: Budget draft\nTo: {shown} <{city}>\n\nHere are the figures for the third ward.\n"
)
SIGNATURE: Final = "\n-- \n{shown}\nCity of Milwaukee, Department of Public Works\n(414) 555-0100\n"
NOTES: Final = (
    "",
    "for later",
    "fyi",
    "to finish at home tonight",
    "print this at home",
    "note to self: check the totals",
)


def _letter(name: Name, to: str, subject: str, body: str, files: tuple[str, ...] = (), extra: str = "") -> str:
    head = f"From: {name.shown} <{name.city}>\nTo: {to}\nSubject: {subject}\n{extra}MIME-Version: 1.0\n"
    if not files:
        return f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}\n"
    parts = "".join(
        f'--b\nContent-Type: application/pdf; name="{f}"\nContent-Disposition: attachment; filename="{f}"\n\n%PDF-1.4\n'
        for f in files
    )
    text = f"--b\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    return f'{head}Content-Type: multipart/mixed; boundary="b"\n\n{text}{parts}--b--\n'


@dataclass(frozen=True)
class Mail:
    """One mail of the bench: its text, its recipients, and the class it is counted under."""

    kind: str
    text: str
    to: tuple[str, ...]


def own_mail(rng: random.Random, name: Name, to: str) -> Mail:
    """Work that somebody sends to their own mailbox."""
    note, signed = rng.choice(NOTES), SIGNATURE.format(shown=name.shown) if rng.random() < 0.6 else ""
    inner = INNER.format(shown=name.shown, city=name.city)
    kinds = {
        "forward": lambda: _letter(name, to, "Fwd: Budget draft", f"{note}\n{signed}\n{inner}"),
        "attachment": lambda: _letter(name, to, "budget", f"{note}\n{signed}", ("budget.pdf",)),
        "attachments": lambda: _letter(name, to, "files", note + signed, ("a.pdf", "b.pdf", "c.pdf")),
        "no text": lambda: _letter(name, to, "call Lee about ward 3", signed),
        "note": lambda: _letter(name, to, "ward 3", f"note to self: the totals of ward 3 are off\n{signed}"),
    }
    kind = rng.choice(list(kinds))
    return Mail(kind, kinds[kind](), (to,))


def copied_mail(name: Name, other: Name, to: str, *, shown: bool) -> Mail:
    """A letter to somebody else of which the sender's own mailbox gets a copy, in Cc or blind."""
    far = f"{other.plain[0]}@example.org"
    extra = f"Cc: {to}\n" if shown else ""
    body = f"Dear {other.first},\n\nthe bids are in. Please call me.\n" + SIGNATURE.format(shown=name.shown)
    return Mail("cc" if shown else "bcc", _letter(name, far, "Bids", body, extra=extra), (far, to))


LETTERS: Final = (
    ("Permit 2026-0417", "your permit 2026-0417 was approved today. Please pick it up at counter 3."),
    ("Hearing on Monday", "the hearing on your appeal begins at 9:30 in room 301-B. Bring your papers."),
    ("Street light", "we have looked at the street light in front of your house and will replace it this week."),
    ("Bulky waste", "your bulky waste will be collected on Thursday. Put it out by 7 a.m."),
    ("Assessment", "thank you for your letter. The assessor will look at your property again in May."),
)
UNSALUTED: Final = (
    ("Permit 2026-0417", "Your permit is ready and can be picked up at counter 3."),
    ("Hearing", "The hearing starts at 9:30. You may bring a witness."),
    ("Your request of Monday", "Attached is what you asked for."),
)


def citizen_mail(rng: random.Random, name: Name, citizen: Name, to: str) -> Mail:
    """Ordinary mail to a citizen who writes from free-mail."""
    subject, said = rng.choice(LETTERS)
    salute = rng.choice(
        ("Dear Mr. {last},", "Dear Ms. {last},", "Hi {first},", "Hello {first} {last},", "Good morning {first},")
    )
    greeting = salute.format(first=citizen.first, last=citizen.last)
    signed = SIGNATURE.format(shown=name.shown)
    quote = f"\nOn Sun, Mar 1, 2026 at 8:12 PM {citizen.shown} <{to}> wrote:\n> Hello,\n> when will it be done?\n"
    outlook = f"\n-----Original Message-----\nFrom: {citizen.shown} <{to}>\nSent: Sunday\nTo: {name.city}\n\nWhen is it done?\n"
    thread = "In-Reply-To: <1@mail.example>\nReferences: <1@mail.example>\n"
    passed = "\n---------- Forwarded message ---------\nFrom: Vendor <sales@example.net>\nSubject: Lamp\n\nIt ships Friday.\n"
    bare, unsaluted = rng.choice(UNSALUTED)
    colleague = "lpark@milwaukee.gov"
    kinds = {
        "letter": lambda: _letter(name, to, subject, f"{greeting}\n\n{said}\n{signed}"),
        "bare notice": lambda: _letter(name, to, "Permit 2026-0417", f"Permit 2026-0417 can be picked up.\n{signed}"),
        "letter with a permit": lambda: _letter(name, to, subject, f"{greeting}\n\n{said}\n{signed}", ("permit.pdf",)),
        "no salutation": lambda: _letter(name, to, bare, f"{unsaluted}\n{signed}"),
        "no salutation, permit": lambda: _letter(name, to, bare, f"{unsaluted}\n{signed}", ("permit.pdf",)),
        "answer": lambda: _letter(name, to, f"Re: {subject}", f"{said}\n{signed}{quote}", extra=thread),
        "answer, few words": lambda: _letter(name, to, f"Re: {subject}", f"Done.\n{signed}{quote}", extra=thread),
        "answer with a permit": lambda: _letter(
            name, to, f"RE: {subject}", f"Attached.\n{outlook}", ("p.pdf",), thread
        ),
        "answer, copy to a colleague": lambda: _letter(
            name, to, f"Re: {subject}", f"{greeting}\n{said}\n{signed}{outlook}", extra=f"{thread}Cc: {colleague}\n"
        ),
        "forward of a vendor's": lambda: _letter(
            name, to, "Fwd: Lamp", f"{greeting}\nplease see below.\n{signed}{passed}"
        ),
        "one of several": lambda: _letter(
            name, f"{to}, x@example.org", subject, f"Dear neighbors,\n\n{said}\n{signed}"
        ),
    }
    kinds["copied on a letter to another"] = lambda: _letter(
        name, "x@example.org", subject, f"Dear Xavier,\n\n{said}\n{signed}", extra=f"Cc: {to}\n"
    )
    kind = rng.choice(list(kinds))
    to_all = {
        "copied on a letter to another": ("x@example.org", to),
        "answer, copy to a colleague": (to, colleague),
        "one of several": (to, "x@example.org"),
    }
    return Mail(kind, kinds[kind](), to_all.get(kind, (to,)))
