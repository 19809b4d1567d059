"""An example's YAML → the message, and the facts that stand in for the directory."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from email.header import Header
from email.utils import encode_rfc2231, format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path as FilePath
from stat import S_ISREG
from typing import Final

from smtp_gate.core.directory import Dated, Entry, index
from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.feeds import PREFIX, Feeds
from smtp_gate.core.message import Client, Envelope, Listener, Message, Path, Proof, Recipient, Upstream
from smtp_gate.reading.paths import parse_address
from smtp_gate.ruleset.example_schema import AccountModel, ExampleModel

USUAL_DAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
"""The day of an example that names none; never today, so that an example means the same tomorrow."""

CASE_ROOM: Final = 64 * 1024 * 1024
_OUTSIDER: Final = "resident@example.com"
_BOUNDARY: Final = "=_smtp-gate_example"
_AROUND: Final = "=_smtp-gate_attached"


class ExampleError(ValueError):
    """An example that is no mail: which key (`from`, `to`, `case`), and why."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


def message_of(example: ExampleModel, folder: FilePath, ours: frozenset[str], zone: tzinfo) -> Message:
    """The mail that the example describes, as a listener of ours would have taken it.

    `folder` is where `case` files are looked for, `ours` the internal domains, `zone` the city's time zone. Raises
    ExampleError.
    """
    author = example.sender or f"Pat Example <{usual_sender(ours)}>"
    sender = _path(author, "from")
    to = example.to or (_OUTSIDER,)
    recipients = tuple(Recipient(_path(address, "to")) for address in to)
    listener = Listener("outbound", upstream=Upstream.BEFORE_QUEUE, internal_domains=ours)
    client = Client("127.0.0.1", helo="localhost")
    if example.login:
        client = Client("127.0.0.1", helo="localhost", account=example.login, proof=Proof.AUTH)
    received = _noon(example.date or USUAL_DAY.date(), zone)
    content = _case(folder, example.case) if example.case is not None else _compose(example, author, to, received)
    return Message("EXAMPLE", Envelope(sender, recipients, client, listener), content, received)


def facts_of(example: ExampleModel, keys: Iterable[FactKey], ours: frozenset[str], feeds: Feeds | None = None) -> Facts:
    """Answers to the rule's questions from the example's own accounts and from the feeds."""
    asked = set(keys)
    if not asked:
        return Facts()
    entries = [_entry(model) for model in example.accounts]
    if example.sender is None and all(e.address != usual_sender(ours) for e in entries):
        entries.append(Entry(usual_sender(ours), name="Pat Example", person="pat.example"))
    of_feeds = {key for key in asked if key.source.startswith(PREFIX)}
    people = index(entries).answer(tuple(asked - of_feeds), example.date or USUAL_DAY.date())
    return Facts({**people, **(feeds or Feeds()).answer(of_feeds)})


def usual_sender(ours: frozenset[str]) -> str:
    """The internal person who sends an example that names no sender."""
    return f"pat.example@{min(ours, default='example.org')}"


def _entry(model: AccountModel) -> Entry:
    def dated(values: Iterable[str]) -> tuple[Dated, ...]:
        return tuple(map(Dated, values))

    return Entry(
        model.address,
        model.kind,
        model.name,
        model.person,
        model.department,
        model.title,
        model.status,
        dated(g.casefold() for g in model.groups),
        dated(model.aliases),
        dated(model.personal),
        dated(model.senders),
        model.valid_from,
        model.valid_to,
        model.successor,
    )


@lru_cache(maxsize=64)
def _noon(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _dated(received: datetime) -> str:
    return format_datetime(received)


@lru_cache(maxsize=4096)
def _path(text: str, key: str) -> Path:
    """The envelope's side of `Name <a@b.c>` or `a@b.c`; `<>` is the null path."""
    address = text if text == "<>" else parseaddr(text)[1]
    path = parse_address(address)
    if path is None or (path.is_null and key == "to"):
        raise ExampleError(key, "not an address")
    return path


def _case(folder: FilePath, name: str) -> bytes:
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        if not inside:
            raise ExampleError("case", "not a file below the pack's folder")
        state = path.stat()
        if not S_ISREG(state.st_mode):
            # Reading a pipe or a device could wait for ever.
            raise ExampleError("case", "not a regular file")
        if state.st_size > CASE_ROOM:
            raise ExampleError("case", "the file is too large")
        octets = path.read_bytes()
    except OSError as error:
        raise ExampleError("case", error.strerror or "cannot be read") from None
    except ValueError as error:
        raise error if isinstance(error, ExampleError) else ExampleError("case", "not a path") from None
    if octets.startswith(b"From "):
        octets = octets.partition(b"\n")[2]
    return _crlf(octets)


def _crlf(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _compose(example: ExampleModel, author: str, to: tuple[str, ...], received: datetime) -> bytes:
    usual = {
        "From": author,
        "To": ", ".join(to),
        "Subject": example.subject,
        "Date": _dated(received),
        "Message-ID": "<example@smtp-gate.example>",
        "MIME-Version": "1.0",
    }
    given = {name.lower(): name for name in example.headers}
    fields = {k: v for k, v in usual.items() if k.lower() not in given} | dict(example.headers)
    head = "".join(f"{name}: {_encoded(value)}\n" for name, value in fields.items() if "content-" not in name.lower())
    return _crlf((head + _with_attachments(example)).encode())


def _encoded(value: str) -> str:
    """A header value as it travels: beyond ASCII as encoded words (RFC 2047)."""
    flat = " ".join(value.splitlines())
    if flat.isascii():
        return flat
    name, address = parseaddr(flat)
    if address and "@" in address and name:
        return f"{Header(name, 'utf-8').encode()} <{address}>"
    return Header(flat, "utf-8").encode()


def _with_attachments(example: ExampleModel) -> str:
    body = _body(example)
    if not example.attachments:
        return body
    parts = [body, *(_attachment(a.name, a.text) for a in example.attachments)]
    inner = "".join(f"--{_AROUND}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/mixed; boundary="{_AROUND}"\n\n{inner}--{_AROUND}--\n'


def _attachment(name: str, text: str) -> str:
    named = f"Content-Disposition: attachment; filename*={encode_rfc2231(name, 'utf-8')}"
    kind = "Content-Type: text/plain; charset=utf-8"
    return f"{kind}\n{named}\nContent-Transfer-Encoding: 8bit\n\n{text}\n"


def _body(example: ExampleModel) -> str:
    parts = [(kind, text) for kind, text in (("plain", example.text), ("html", example.html)) if text is not None]
    leaves = [
        f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n" for kind, text in parts
    ]
    if len(leaves) == 1:
        return leaves[0]
    inner = "".join(f"--{_BOUNDARY}\n{leaf}\n" for leaf in leaves)
    return f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\n\n{inner}--{_BOUNDARY}--\n'
