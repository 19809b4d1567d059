"""Send real mail through Postfix -> gate -> Postfix -> sink and compare both ends octet for octet.

    python -m tests.bench.relay_corpus FOLDER [--count 4000]

FOLDER is walked; each file is one message (a leading mbox From_ line is dropped, lines become CRLF). Every message goes
from one account to a recipient of its own, so that both ends can be matched by envelope. Prints one line of JSON: how many
were sent, accepted, held and refused, and how many of those that arrived differ in content or envelope.
"""

import argparse
import contextlib
import hashlib
import json
import smtplib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from smtp_gate.cli.mailfiles import files_below, messages_in
from tests.peers.ends import Inbox, inbox
from tests.peers.gates import Gate
from tests.peers.ports import free_port
from tests.peers.postfix import SAMPLES, Postfix, moved

SENDER = "dokafor@milwaukee.gov"
ROOT = Path(__file__).parents[2]


@dataclass
class Sent:
    """One message as it was sent, and the reply to its dot."""

    number: int
    content: bytes
    code: int
    said: str

    @property
    def recipient(self) -> str:
        return f"m{self.number}@example.org"


def send_some(port: int, mails: list[tuple[int, bytes]]) -> Iterator[Sent]:
    """Send these one after another, each on a connection of its own, as a mail server might."""
    for number, content in mails:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=120) as client:
            client.ehlo()
            client.docmd(f"MAIL FROM:<{SENDER}> BODY=8BITMIME")
            client.docmd(f"RCPT TO:<m{number}@example.org>")
            code, said = client.docmd("DATA")
            if code == 354:
                stuffed = content.replace(b"\r\n.", b"\r\n..")
                client.send((b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n")
                code, said = client.getreply()
            yield Sent(number, content, code, said.decode("ascii", "replace"))


@contextlib.contextmanager
def mail_path(folder: Path) -> Iterator[tuple[int, Inbox]]:
    """Postfix before the gate, Postfix behind it, a sink at the end; the port where mail goes in."""
    folder.chmod(0o755)
    with inbox() as end:
        entry, back = free_port(), free_port()
        gate = Gate(folder / "gate", "before_queue", f"127.0.0.1:{back}")
        settings = json.loads(gate.config.read_text())
        settings |= {"rules": str(ROOT / "rules"), "directory": str(ROOT / "config" / "directory.csv")}
        gate.config.write_text(json.dumps(settings))
        main = (SAMPLES / "before-queue" / "main.cf").read_text() + f"\nrelayhost = [127.0.0.1]:{end.port}\n"
        # Postfix itself drops Return-Path and Bcc lines and completes addresses of local clients, which would hide what
        # the gate does.
        main += "message_drop_headers =\nlocal_header_rewrite_clients =\n"
        places = {"submission inet": f"127.0.0.1:{entry} inet", "127.0.0.1:10026": f"127.0.0.1:{back}"}
        master = moved((SAMPLES / "before-queue" / "master.cf").read_text(), places)
        master = moved(master, {"127.0.0.1:2525": f"127.0.0.1:{gate.port}"})
        postfix = Postfix(folder / "before", main, master)
        postfix.start(entry, back)
        try:
            gate.start()
            yield entry, end
        finally:
            gate.stop()
            postfix.stop()


def without_trace(content: bytes) -> bytes:
    """The content less the Received lines on top that the three hops added."""
    while content.lower().startswith(b"received:"):
        end = content.find(b"\r\n") + 2
        while content[end : end + 1] in {b" ", b"\t"}:
            end = content.find(b"\r\n", end) + 2
        content = content[end:]
    return content


def compare(sent: list[Sent], end: Inbox) -> dict[str, int]:
    """Match both ends by recipient; wait for what Postfix still has in its queue."""
    relayed = [s for s in sent if s.code == 250 and "held for review" not in s.said]
    end.until(lambda: len(end.sink.transactions) >= len(relayed), 120)
    arrived = {t.rcpts[0].split(b"<")[1].split(b">")[0].decode(): t for t in end.sink.transactions}
    counts: Counter[str] = Counter()
    for one in relayed:
        got = arrived.pop(one.recipient, None)
        if got is None:
            counts["missing"] += 1
            continue
        ours = hashlib.sha256(without_trace(one.content)).digest()
        counts["content_differs"] += hashlib.sha256(without_trace(got.content)).digest() != ours
        counts["envelope_differs"] += not got.mail.startswith(f"MAIL FROM:<{SENDER}>".encode()) or len(got.rcpts) != 1
    counts["arrived_though_not_relayed"] = len(arrived)
    return {k: counts[k] for k in ("missing", "content_differs", "envelope_differs", "arrived_though_not_relayed")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--sessions", type=int, default=8)
    options = parser.parse_args()
    files = files_below(options.folder)[: options.count]
    mails = [(n, b"".join(m.content for m in messages_in(f))) for n, f in enumerate(files)]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="smtp-gate-corpus-") as folder, mail_path(Path(folder)) as (port, end):
        with ThreadPoolExecutor(options.sessions) as pool:
            shares = [mails[i :: options.sessions] for i in range(options.sessions)]
            sent = [s for some in pool.map(lambda share: list(send_some(port, share)), shares) for s in some]
        held = [s for s in sent if s.code == 250 and "held for review" in s.said]
        refused = [s for s in sent if s.code >= 500]
        deferred = [s for s in sent if 400 <= s.code < 500]
        result = {
            "sent": len(sent),
            "accepted": sum(s.code == 250 for s in sent) - len(held),
            "held": len(held),
            "refused": len(refused),
            "deferred": len(deferred),
            **compare(sent, end),
            "seconds": round(time.perf_counter() - started, 1),
        }
    print(json.dumps(result))
    reasons = Counter(s.said.split("ref ")[0][:70] for s in refused + deferred)
    for reason, number in reasons.most_common(12):
        print(f"  {number:5} {reason}", file=sys.stderr)
    wrong = ("missing", "content_differs", "envelope_differs", "arrived_though_not_relayed", "deferred")
    sys.exit(1 if any(result[k] for k in wrong) else 0)


if __name__ == "__main__":
    main()
