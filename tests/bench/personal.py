"""What the shipped rules on personal addresses find and whom they leave alone, and what the feeds cover and cost.

    python -m tests.bench.personal [--count 20000] [--citizens 1000] [--seed 1] [--names FILE] [--mail FOLDER]...
                                   [--free-mail LIST] [--disposable LIST] [--show 10]

Four tables. Own addresses: people with names from lists nobody here made (zxcvbn's by frequency, or a CSV file with columns for
names) send work to a mailbox of their own, its local part by one of the patterns of tests.bench.personal_mails, the directory
knowing nothing of it, then knowing it. Citizens: ordinary mail to people on free-mail, who bear other names, the sender's last
name (relatives), or the sender's very name. Real mail: every message below FOLDER, its sender's domain taken for ours; what is
found is shown to be read by hand. Feeds: what the shipped lists cover of public LISTs, how long those take to build, and look-ups
a second.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from email import message_from_bytes, policy
from email.utils import getaddresses
from itertools import islice
from pathlib import Path

from smtp_gate.adapters.feeds import domains_in, load, packed
from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.config import load_config
from smtp_gate.core.directory import Dated, Entry, index
from smtp_gate.core.facts import Fact, FactKey, Facts
from smtp_gate.core.feeds import PREFIX, Feeds
from smtp_gate.core.finding import Failure
from smtp_gate.core.message import Client, Envelope, Listener, Message, Recipient
from smtp_gate.core.verdict import Mode
from smtp_gate.examine import Ruleset, examine
from smtp_gate.families.resemblance import Person
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.server.rules import load_rulebook
from tests.bench.personal_mails import (
    PATTERNS,
    UNFORESEEN,
    Mail,
    Name,
    address,
    citizen_mail,
    copied_mail,
    names,
    own_mail,
)
from tests.builders import RECEIVED, envelope, path

ROOT = Path(__file__).parents[2]
PACK = "personal."


class Bench:
    """The shipped rules of the pack and the shipped feeds."""

    def __init__(self) -> None:
        loaded = load_config(ROOT / "config" / "smtp-gate.yaml")
        assert loaded.config is not None
        book = load_rulebook(loaded.config, test=False)
        assert book.ruleset is not None
        rules = tuple(r for r in book.ruleset.rules if r.id.startswith(PACK))
        self.ruleset = Ruleset(book.ruleset.hash, rules, book.ruleset.engine, (), book.ruleset.zone)
        self.feeds: Feeds = book.feeds
        self.spent = 0.0

    def found(self, text: bytes, env: Envelope, entries: Sequence[Entry]) -> dict[str, list[str]]:
        """Each enforced rule that acts on a recipient, with its findings' words."""
        view = read(Message("BENCH", env, text, RECEIVED), Limits(), {})
        began = time.perf_counter()
        keys = set(self.ruleset.needs(view))
        facts = Facts({**self._people(keys, entries), **self.feeds.answer([k for k in keys if is_feed(k)])})
        results = examine(view, facts, self.ruleset, time.perf_counter)
        self.spent += time.perf_counter() - began
        held = {}
        for result in results:
            assert result.failure is None, result.failure
            seen = [f for f in result.findings if f.recipients is None or f.recipients & result.applies]
            if seen and result.terms.mode is Mode.ENFORCE:
                held[result.rule] = [f"{f.detail} {f.evidence}" for f in seen]
        return held

    def _people(self, keys: Iterable[FactKey], entries: Sequence[Entry]) -> dict[FactKey, Fact | Failure]:
        return dict(index(entries).answer(tuple(k for k in keys if not is_feed(k)), date(2026, 3, 2)))

    def mail(self, mail: Mail, name: Name, personal: str = "") -> dict[str, list[str]]:
        """What is found in a made-up mail of this person."""
        own = (Dated(personal),) if personal else ()
        entry = Entry(name.city, name=name.shown, person=name.city, personal=own)
        return self.found(mail.text.replace("\n", "\r\n").encode(), envelope(name.city, mail.to), [entry])


def is_feed(key: FactKey) -> bool:
    return key.source.startswith(PREFIX)


def own(bench: Bench, rng: random.Random, people: Iterator[Name], count: int, show: int) -> None:
    """Own addresses, by pattern and by the kind of mail."""
    by_pattern: dict[str, list[int]] = {p: [0, 0, 0] for p in PATTERNS}
    by_kind: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    shown = 0
    for number in range(count):
        name, pattern = next(people), list(PATTERNS)[number % len(PATTERNS)]
        to = address(rng, name, pattern)
        mail = own_mail(rng, name, to)
        if rng.random() < 0.2:
            mail = copied_mail(name, next(people), to, shown=rng.random() < 0.5)
        row = by_pattern[pattern]
        hit = bool(bench.mail(mail, name))
        row[0] += 1
        row[1] += hit
        row[2] += bool(bench.mail(mail, name, to))
        if pattern not in UNFORESEEN:
            by_kind[mail.kind] += 1
            missed[mail.kind] += not hit
            if not hit and shown < show:
                shown += 1
                print(f"    missed: {name.shown} {to} {mail.kind}")
    print(f"{'pattern':24} mails  found  known to the directory")
    for pattern, (mails, hits, known) in by_pattern.items():
        print(f"{pattern:24} {mails:5} {hits / mails:6.1%} {known / mails:6.1%}")
    for title, chosen in (("foreseen", set(PATTERNS) - set(UNFORESEEN)), ("all", set(PATTERNS))):
        rows = [by_pattern[p] for p in chosen]
        sums = [sum(r[i] for r in rows) for i in range(3)]
        print(f"{title:24} {sums[0]:5} {sums[1] / sums[0]:6.1%} {sums[2] / sums[0]:6.1%}")
    print("missed by kind of mail:", {k: f"{missed[k]}/{n}" for k, n in sorted(by_kind.items())})


def citizens(bench: Bench, rng: random.Random, people: Iterator[Name], count: int, show: int) -> None:
    """Citizens by what they are called; what is found is a false hold."""
    print(f"{'citizens':24} mails  held")
    for kind in ("another name", "relative", "relative, same initial", "same name"):
        held: Counter[str] = Counter()
        for _ in range(count):
            name, other = next(people), next(people)
            if kind.startswith("relative"):
                # Of some letters there is but one first name, so that looking for another one ends.
                wanted = (p for p in islice(people, 3000) if p.first != name.first)
                alike = (p for p in wanted if kind == "relative" or p.plain[0][0] == name.plain[0][0])
                other = next(alike, other)
                other = Name(other.first, other.middle, name.last)
            elif kind == "same name":
                other = name
            mail = citizen_mail(rng, name, other, address(rng, other, rng.choice(list(PATTERNS))))
            for rule, seen in bench.mail(mail, name).items():
                held[f"{rule} {seen[0].split()[0]} in «{mail.kind}»"] += 1
                if sum(held.values()) <= show:
                    print(f"    held: {name.shown} -> {mail.to} {mail.kind}: {seen}")
        print(f"{kind:24} {count:5} {sum(held.values()):5}  {dict(held)}")


def real(bench: Bench, folders: Sequence[Path], show: int) -> None:
    """Real mail, its sender's domain taken for ours."""
    mails, free, alike, held = 0, 0, 0, Counter[str]()
    for file in (f for folder in folders for f in files_below(folder)):
        if file.name == "SOURCE" or file.suffix == ".cats":
            continue
        for mail in messages_in(file):
            parsed = message_from_bytes(mail.content, policy=policy.compat32)
            author = next((a for _, a in getaddresses([str(parsed.get("From", ""))])), "")
            fields = [str(v) for name in ("To", "Cc", "Bcc") for v in parsed.get_all(name, [])]
            to = [a for _, a in getaddresses(fields) if a.count("@") == 1 and a.isascii()][:100]
            if author.count("@") != 1 or not to:
                continue
            ours = frozenset({author.rpartition("@")[2].lower()})
            if bench.feeds.lists["free_mail"].covers(next(iter(ours))):
                continue
            rcpts = tuple(Recipient(path(a.lower())) for a in dict.fromkeys(to))
            env = Envelope(path(author.lower()), rcpts, Client("127.0.0.1"), Listener("out", internal_domains=ours))
            mails += 1
            free += any(bench.feeds.lists["free_mail"].covers(r.path.domain) for r in rcpts)
            shown = str(parsed.get("X-From", "")).partition("<")[0] or author.partition("@")[0].replace(".", " ")
            bearer = Person(shown)
            own = [r.path.local for r in rcpts if bench.feeds.lists["free_mail"].covers(r.path.domain)]
            alike += any(bearer.grade(local) for local in own)
            try:
                found = bench.found(mail.content, env, [Entry(author.lower(), name=shown, person=author)])
            except AssertionError as error:
                found = {"failed": [str(error)]}
            for rule, seen in found.items():
                held[f"{rule} {seen[0].split()[0]}"] += 1
                if sum(held.values()) <= show:
                    print(f"    {mail.label}: {author} -> {to[:4]}: {rule} {seen[0]}")
            if not found and show and any(bearer.grade(local) for local in own):
                print(f"    left alone: {mail.label}: {author} -> {to[:4]}")
    print(f"real mail: {mails} mails, {free} to free-mail, {alike} to one like the sender, found {dict(held)}")


def feeds(bench: Bench, lists: dict[str, Path]) -> None:
    """Coverage, building and look-ups."""
    for name, file in lists.items():
        began = time.perf_counter()
        wanted = [d for d in domains_in(file.read_bytes()) if isinstance(d, str)]
        octets = packed(wanted)
        built = time.perf_counter() - began
        with tempfile.NamedTemporaryFile(suffix=".feed") as kept:
            Path(kept.name).write_bytes(octets)
            began = time.perf_counter()
            feed = load(Path(kept.name), ours=True)
            opened = time.perf_counter() - began
            shipped = bench.feeds.lists[name]
            rng = random.Random(1)  # noqa: S311 - look-ups in some order
            asked = [rng.choice(wanted) if rng.random() < 0.5 else f"mail{i}.example.org" for i in range(200_000)]
            began = time.perf_counter()
            hits = sum(feed.covers(d) is not None for d in asked)
            rate = len(asked) / (time.perf_counter() - began)
            both = sum(shipped.covers(d) is not None for d in wanted)
            figures = {
                "list": name,
                "entries": len(wanted),
                "shipped covers": both,
                "share": round(both / len(wanted), 3),
                "built covers": sum(feed.covers(d) is not None for d in wanted),
                "octets": len(octets),
                "build s": round(built, 3),
                "load ms": round(1000 * opened, 2),
                "look-ups/s": round(rate),
                "hits": hits,
            }
        print(json.dumps(figures))
    began = time.perf_counter()
    octets = packed(f"host{i}.example{i % 999}.org" for i in range(1_000_000))
    print(json.dumps({"entries": 1_000_000, "octets": len(octets), "build s": round(time.perf_counter() - began, 2)}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--citizens", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--names", type=Path)
    parser.add_argument("--mail", type=Path, action="append", default=[])
    parser.add_argument("--free-mail", type=Path)
    parser.add_argument("--disposable", type=Path)
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args(arguments)
    bench = Bench()
    rng = random.Random(given.seed)  # noqa: S311 - made-up mail, the same for the same seed
    people = names(rng, given.names)
    own(bench, rng, people, given.count, given.show)
    citizens(bench, rng, people, given.citizens, given.show)
    judged = 2 * given.count + 4 * given.citizens
    print(f"rules and facts: {1e6 * bench.spent / max(judged, 1):.0f} microseconds a mail")
    if given.mail:
        real(bench, given.mail, given.show)
    lists = {"free_mail": given.free_mail, "disposable": given.disposable}
    feeds(bench, {name: file for name, file in lists.items() if file is not None})


if __name__ == "__main__":
    main()
