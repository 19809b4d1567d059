"""Real mail with one made-up identifier in it: in its text, its markup, a document, an archive, a quote, a signature."""

import html
import io
import random
import zipfile
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from tests.bench.planted import FIRST, LAST, Planted, person
from tests.reading.openers.samples import docx, pdf, xlsx

Rows = list[list[str]]


def plain_body(content: bytes) -> str | None:
    """The text of a mail that is one plain ASCII text of some length, None for any other."""
    head, blank, body = content.partition(b"\r\n\r\n")
    lowered = head.lower()
    if (
        not blank
        or b"multipart/" in lowered
        or b"base64" in lowered
        or b"quoted-printable" in lowered
        or b"text/html" in lowered
    ):
        return None
    if not body.isascii() or b"\0" in body or not 200 < len(body) < 20_000 or max(map(len, body.split(b"\r\n"))) > 900:
        return None
    return body.decode("ascii").replace("\r\n", "\n")


def _mail(rng: random.Random, body: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Dana Okafor <dokafor@milwaukee.gov>"
    mail["To"] = "lee@example.org"
    mail["Subject"] = rng.choice(["Update", "Re: your question", "Thursday", "FW: form", "Documents"])
    mail["Message-ID"] = f"<{rng.getrandbits(60):x}@milwaukee.gov>"
    mail.set_content(body)
    return mail


def _inside(rng: random.Random, body: str, said: str) -> str:
    """The body with these lines between two of its paragraphs."""
    pieces = body.split("\n\n")
    at = rng.randint(0, len(pieces))
    return "\n\n".join([*pieces[:at], said, *pieces[at:]])


def _rows(rng: random.Random, planted: Planted) -> Rows:
    """A table of people; one row, anywhere in it, has the identifier, in the others its cell is as people leave it."""
    heads, cells = planted.head.split("|"), planted.cell.split("|")
    empty = rng.choice(["", "on file", "pending", "n/a"])
    count = rng.randint(1, 60)
    at = rng.randrange(count)
    rows = [["Name", "Department", *heads, "Phone"]]
    for number in range(count):
        own = cells if number == at else [empty] * len(cells)
        rows.append(
            [person(rng), rng.choice(["DPW", "Library", "Health", "Port"]), *own, f"414-286-{rng.randint(2000, 8999)}"]
        )
    return rows


def _csv(rows: Rows) -> bytes:
    return "".join(",".join(f'"{c}"' if "," in c else c for c in row) + "\r\n" for row in rows).encode()


def _table_or_text(rng: random.Random, planted: Planted, body: str) -> tuple[list[str], Rows]:
    """A document holds the identifier in a sentence or in a table."""
    paragraphs = [p.replace("\n", " ") for p in body.split("\n\n")][:20]
    if rng.random() < 0.5:
        return paragraphs, _rows(rng, planted)
    at = rng.randint(0, len(paragraphs))
    return [*paragraphs[:at], *planted.sentence.split("\n"), *paragraphs[at:]], []


def text(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    return _mail(rng, _inside(rng, body, planted.sentence))


def markup(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    """A text and its HTML, the identifier in the HTML alone, in one piece or parted by elements as editors leave them."""
    mail = _mail(rng, "This message is in HTML.")
    shown = html.escape(planted.value)
    if rng.random() < 0.5:
        cut = rng.randint(1, len(planted.value) - 1)
        shown = f"<span>{html.escape(planted.value[:cut])}</span><span>{html.escape(planted.value[cut:])}</span>"
    said = (
        html.escape(planted.sentence, quote=False)
        .replace(html.escape(planted.value, quote=False), shown)
        .replace("\n", "<br>")
    )
    paragraphs = [f"<p>{html.escape(p)}</p>" for p in body.split("\n\n")]
    at = rng.randint(0, len(paragraphs))
    mail.add_alternative(
        "<html><body>" + "".join([*paragraphs[:at], f"<p>{said}</p>", *paragraphs[at:]]) + "</body></html>",
        subtype="html",
    )
    return mail


def grid(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    """A table in HTML, its cells as mail programs write them."""
    mail = _mail(rng, "This message is in HTML.")
    cell = rng.choice(["<td>{}</td>", '<td valign="top"><p class="MsoNormal">{}</p></td>'])
    rows = ["<tr>" + "".join(cell.format(html.escape(c)) for c in row) + "</tr>" for row in _rows(rng, planted)]
    shown = f"<html><body><p>{html.escape(body[:500])}</p><table>{''.join(rows)}</table></body></html>"
    mail.add_alternative(shown, subtype="html")
    return mail


def csv(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    mail = _mail(rng, body)
    mail.add_attachment(_csv(_rows(rng, planted)), maintype="text", subtype="csv", filename="list.csv")
    return mail


def word(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    mail = _mail(rng, "Please see the attached letter.")
    paragraphs, rows = _table_or_text(rng, planted, body)
    kind = "vnd.openxmlformats-officedocument.wordprocessingml.document"
    mail.add_attachment(
        docx(paragraphs, rows, split_runs=True), maintype="application", subtype=kind, filename="letter.docx"
    )
    return mail


def sheet(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    mail = _mail(rng, body)
    kind = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    mail.add_attachment(xlsx(_rows(rng, planted)), maintype="application", subtype=kind, filename="list.xlsx")
    return mail


def page(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    mail = _mail(rng, body)
    lines = [line for p in body.split("\n\n")[:6] for line in p.split("\n")]
    at = rng.randint(0, len(lines))
    shown = [*lines[:at], *planted.sentence.split("\n"), *lines[at:]]
    mail.add_attachment(pdf([s[:100] for s in shown]), maintype="application", subtype="pdf", filename="scan.pdf")
    return mail


def _zip(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def nested(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    """An archive in an archive, with a table, a text or a document inside."""
    paragraphs, rows = _table_or_text(rng, planted, body)
    how = rng.randint(0, 2)
    name, inner = (
        ("list.csv", _csv(_rows(rng, planted))) if how == 0
        else ("note.txt", _inside(rng, body, planted.sentence).encode()) if how == 1
        else ("letter.docx", docx(paragraphs, rows))
    )  # fmt: skip
    mail = _mail(rng, body)
    mail.add_attachment(
        _zip("inner.zip", _zip(name, inner)), maintype="application", subtype="zip", filename="files.zip"
    )
    return mail


def quoted(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    """An answer above the mail that it quotes, and the identifier in the quote."""
    whole = _inside(rng, body, planted.sentence)
    lines = "".join(f"> {line}\n" for line in whole.split("\n"))
    return _mail(
        rng,
        f"Thanks, I will look at it.\n\nOn Mon, Mar 2, 2026 at 9:12 AM {person(rng)} <lee@example.org> wrote:\n\n{lines}",
    )


def signature(rng: random.Random, body: str, planted: Planted) -> EmailMessage:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return _mail(rng, f"{body}\n\n-- \n{first} {last}\nCity of Milwaukee\n{planted.sentence}\n")


Carrier = Callable[[random.Random, str, Planted], EmailMessage]
CARRIERS: Final[Sequence[Carrier]] = (text, markup, grid, csv, word, sheet, page, nested, quoted, signature)
