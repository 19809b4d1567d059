"""Is replay what live is? Real mail goes through a gate; then its files and its journal are replayed, and all is compared.

    python -m tests.bench.replay_live FOLDER... [--count 1000]

Messages are taken evenly over each FOLDER (an mbox From_ line is dropped; notes and labels are left out). A gate with the
shipped rules takes them over SMTP from three accounts to one, two or three recipients; every other one has its From changed
to the account, so that content decides and not the foreign author. Then `smtp-gate replay` judges (a) the same files with
the same envelopes, (b) `journal` with the folder, both with the rules that ran on both sides, and each recipient's
disposition and rules, each masked finding and each unscannable part are compared with the journal's records. At last (c)
`journal` alone, where every rule in shadow is enforced: what it tells must be what (d) the same with content says.

Prints one line of JSON, and each difference on stderr; ends with 1 where there is any.
"""

import argparse
import json
import re
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from smtp_gate.cli.mailfiles import files_below, messages_in
from smtp_gate.config import load_config
from smtp_gate.core.verdict import Mode
from smtp_gate.server.rules import load_rulebook
from smtp_gate.store.journal_reader import Record, read
from tests.peers.ends import inbox
from tests.peers.gates import Gate

ROOT = Path(__file__).parents[2]
ENVELOPES = (
    ("dokafor@milwaukee.gov", ("lee@example.org",)),
    ("nrobles2@milwaukee.gov", ("danaokafor@gmail.com", "bids@builder.example")),
    ("dokafor@milwaukee.gov", ("cdiaz@milwaukee.gov", "danaokafor@gmail.com", "lee@example.org")),
)
_FROM = re.compile(rb"(?im)^from:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*")


@dataclass(frozen=True)
class Mail:
    """One message, and which of the envelopes it goes in."""

    content: bytes
    group: int

    @property
    def name(self) -> str:
        return sha256(self.content).hexdigest()


def chosen(folders: Sequence[Path], count: int) -> Iterator[Mail]:
    """So many different messages, evenly over the folders."""
    seen: set[bytes] = set()
    number = 0
    for place, folder in enumerate(folders):
        files = [f for f in files_below(folder) if f.name != "SOURCE" and f.suffix not in {".cats", ".json", ".md"}]
        share = count // len(folders) + (place < count % len(folders))
        step = max(len(files) // max(share, 1), 1)
        taken = 0
        for file in files[::step] + files[1::step]:
            if taken == share:
                break
            content = b"".join(m.content for m in messages_in(file))
            sender = ENVELOPES[number % 3][0].encode()
            if number % 2:
                content = _FROM.sub(b"From: <" + sender + b">", content, count=1)
            # A client sends whole lines.
            content = content if content.endswith(b"\r\n") else content + b"\r\n"
            if content not in seen:
                seen.add(content)
                yield Mail(content, number % 3)
                number += 1
                taken += 1


def send(port: int, mails: Sequence[Mail]) -> int:
    """Send these; returns how many got an answer to their dot. A refused line ending or header gets none in the journal."""
    answered = 0
    for mail in mails:
        sender, to = ENVELOPES[mail.group]
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=120) as client:
            client.ehlo()
            client.docmd(f"MAIL FROM:<{sender}> BODY=8BITMIME")
            for address in to:
                client.docmd(f"RCPT TO:<{address}>")
            if client.docmd("DATA")[0] != 354:
                continue
            stuffed = mail.content.replace(b"\r\n.", b"\r\n..")
            stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
            client.send(stuffed + b".\r\n")
            client.getreply()
            answered += 1
    return answered


def replayed(config: Path, *words: str) -> dict[str, dict[str, Any]]:
    """The rows of a replay by message path or ref, and its summary under the empty name."""
    command = [sys.executable, "-m", "smtp_gate", "replay", "-c", str(config), "--json", "--all", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=Gate.environment())
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {"" if row["kind"] == "summary" else (row["ref"] or Path(row["path"]).stem): row for row in rows}


def as_decided(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared, of a record."""
    rows = record["recipients"]
    behind = [[w["rule"] for w in r["weights"] if w["disposition"] == r["disposition"] != "accept"] for r in rows]
    return {
        "recipients": [
            (r["address"], r["disposition"], list(dict.fromkeys(b))) for r, b in zip(rows, behind, strict=True)
        ],
        "findings": record["findings"],
        "unscannable": record["unscannable"],
    }


def as_replayed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a replayed row."""
    return {
        "recipients": [(r["address"], r["before"], r["rules_before"]) for r in row["recipients"]],
        "findings": row["findings_before"],
        "unscannable": row["unscannable"],
    }


def compare(name: str, live: Mapping[str, dict[str, Any]], told: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    """How many of these are equal; each difference is shown."""
    equal = 0
    for key, record in live.items():
        row = told.get(key)
        wanted, got = as_decided(record), as_replayed(row) if row is not None else None
        # Nothing may change where both sides are the same rules.
        if wanted == got and row is not None and row["change"] == "same":
            equal += 1
            continue
        print(f"{name} {key}: live {wanted} replay {got} {(row or {}).get('why')}", file=sys.stderr)
    return {"compared": len(live), "equal": equal}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    mails = list(chosen(options.folders, options.count))
    with tempfile.TemporaryDirectory(prefix="smtp-gate-replay-") as home, inbox() as end:
        folder = Path(home)
        more = {"rules": str(ROOT / "rules"), "directory": str(ROOT / "config" / "directory.csv"), "enforce": True}
        gate = Gate(folder / "gate", "submission", f"127.0.0.1:{end.port}", more=more)
        started = time.perf_counter()
        gate.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                answered = sum(pool.map(lambda share: send(gate.port, share), [mails[i::4] for i in range(4)]))
        finally:
            gate.stop()
        live_seconds = time.perf_counter() - started
        for mail in mails:
            place = folder / "mail" / str(mail.group)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{mail.name}.eml").write_bytes(mail.content)
        print(
            json.dumps(
                {
                    "sent": len(mails),
                    "answered": answered,
                    "live_seconds": round(live_seconds, 1),
                    **figures(gate.config, folder),
                }
            )
        )


def figures(config: Path, folder: Path) -> dict[str, Any]:
    """All comparisons."""
    data = config.parent / "data" / "journal"
    records = [i.fields for i in read(data) if isinstance(i, Record) and i.fields["kind"] == "decided"]
    by_hash, by_ref = {r["sha256"]: r for r in records}, {r["ref"]: r for r in records}
    rules = str(ROOT / "rules")
    files: dict[str, dict[str, Any]] = {}
    for group, (sender, to) in enumerate(ENVELOPES):
        words = ["--from", sender, *(w for address in to for w in ("--to", address))]
        files |= replayed(config, "--candidate", rules, *words, str(folder / "mail" / str(group)))
    joined = replayed(config, "--candidate", rules, "journal", str(folder / "mail"))
    dispositions: dict[str, int] = {}
    for record in records:
        for row in record["recipients"]:
            dispositions[row["disposition"]] = dispositions.get(row["disposition"], 0) + 1
    found = {
        "decided": len(records),
        "copies": dispositions,
        "findings": sum(len(r["findings"]) for r in records),
        "with_unscannable": sum(bool(r["unscannable"]) for r in records),
        "files": compare("files", by_hash, files),
        "journal": compare("journal", by_ref, joined),
        "as_recorded": joined[""]["as_recorded"],
        "facts": joined[""]["facts"],
    }
    loaded = load_config(config).config
    assert loaded is not None
    ruleset = load_rulebook(loaded, test=False).ruleset
    assert ruleset is not None
    shadow = [w for r in ruleset.rules if r.terms.mode is Mode.SHADOW for w in ("--enforce-shadow", r.id)]
    alone, whole = replayed(config, *shadow, "journal"), replayed(config, *shadow, "journal", str(folder / "mail"))
    told = {k: r for k, r in alone.items() if k and r["change"] != "untold"}
    wrong = [k for k, r in told.items() if r["recipients"] != whole[k]["recipients"]]
    for key in wrong:
        print(f"record {key}: {told[key]['recipients']} content {whole[key]['recipients']}", file=sys.stderr)
    held = sum(bool(r["joined"]) for r in told.values())
    return found | {
        "record_alone": {
            "told": len(told), "of_them_held": held, "untold": alone[""]["changes"]["untold"],
            "changed": sum(r["change"] != "same" for r in told.values()), "equal": len(told) - len(wrong),
        }
    }  # fmt: skip


if __name__ == "__main__":
    main()
