"""Labelled mail for the bench of signatures: the sets of `zones`, and replies whose zones are labelled here by line."""

import email
import email.policy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench import zones
from tests.bench.zones import OWN, QUOTED, SIGNATURE, Sample

ALL: Final = 10_000
_END: Final[dict[str, int]] = {
    "email_1": 7, "email_1_1": 7, "email_2": 34, "email_1_2": 34, "email_2_1": 1, "email_2_3": 1, "email_1_7": 1,
    "email_3": 5, "email_4": 1, "email_6": 3, "email_7": 5, "email_8": 5, "email_9": 5, "email_10": 5, "email_11": 5,
    "email_12": 5, "email_13": 5, "email_14": 5, "email_15": ALL, "email_16": 5, "email_17": 5, "email_18": 5,
    "email_19": 3, "email_20": 1, "email_21": ALL, "email_22": 5, "email_23": 5, "email_24": 5, "email_bullets": 9,
    "email_custom_quote_header": 1, "email_customer_quote_header_2": 1, "email_customer_quote_header_3": 3,
    "email_finnish": 5, "email_german": 5, "email_gmail_split_line_from": 5, "email_ios_outlook": 7, "email_msn": 5,
    "email_norwegian_gmail": 5, "email_outlook_split_line_from": 5, "email_portuguese": 5, "email_reply_header": 11,
    "email_sent_from": 3, "email_thread": 1, "email_unquoted_reply": 1, "email_zoho": 2, "email_gmail": 1,
    "correct_sig": ALL, "sig_no_empty_line": ALL, "email_emoji": ALL, "email_with_regards": ALL,
    "email_blackberry": ALL, "email_iphone": ALL, "email_multi_word_sent_from_my_mobile_device": ALL,
    "email_sent_from_my_not_signature": ALL, "email_not_a_signature": ALL,
}  # fmt: skip
"""The last line of the author's above the last quote, by file; these sets have no labels of their own."""
_BOTTOM: Final = {"email_7": 26, "email_bullets": 20, "email_custom_quote_header": 15, "email_reply_header": 28}
"""Where the author's signature below the quote begins."""
_ADDED: Final = {"email_1": 10, "email_1_1": 10, "email_2": 46, "email_1_2": 46, "email_3": 51}
"""Where what a mailing list adds begins, which is nobody's."""
_WHOLE: Final = frozenset({"forwarded_message.txt", "embedded_email_18.txt"})
"""Kept whole by their set, because it would leave nothing of them; no word of them is their author's."""
_NODES: Final = {
    "sparrow": 5,
    "reply-quotations-share-block": 2,
    "microsoft-namespaces": 19,
    "office-365": 6,
    "outlook-mixed": 0,
    "OLK_SRC_BODY_SECTION": 1,
}
"""How many stretches of text of a page are the author's; three in most."""
_SIGNED: Final = {"iphone": 2, "sparrow": 4}
"""How many lines of a plain reply are; one in most."""


def texts(corpora: Path) -> dict[str, list[Sample]]:
    """The mails of each set as text."""
    talon = corpora / "reply-talon/tests/fixtures"
    found = {name: [s for s in load(corpora) if s.name not in _WHOLE] for name, load in zones.SETS.items()}
    found["talon"] += programs(talon / "standard_replies")
    found["crisp"] = list(replies(corpora / "reply-crisp/test/fixtures"))
    found["github"] = list(replies(corpora / "reply-github/test/emails"))
    found["zapier"] = list(replies(corpora / "reply-zapier/test/emails"))
    return found


def pages(corpora: Path) -> dict[str, list[tuple[str, str, int]]]:
    """The replies of each set that are pages: name, source, and how many stretches of text are the author's."""
    talon = corpora / "reply-talon/tests/fixtures"
    return {
        "talon-html": [p for at in (talon, talon / "html_replies", talon / "standard_replies") for p in _pages(at)],
        "planer-html": list(_pages(corpora / "reply-planer/test/examples/html")),
    }


def replies(folder: Path) -> Iterator[Sample]:
    """Replies with the zones that the tables above give them."""
    for file in sorted(folder.glob("*.txt")):
        name = file.stem.lower()
        if name in _END:
            lines = file.read_text("utf-8", "replace").split("\n")
            bottom, added = _BOTTOM.get(name, ALL), _ADDED.get(name, ALL)
            labels: list[str | None] = [
                None if n >= added else OWN if n <= _END[name] else SIGNATURE if n >= bottom else QUOTED
                for n in range(1, len(lines) + 1)
            ]
            if name in {"email_2", "email_1_2"}:
                # Answers stand between what is quoted.
                labels = [QUOTED if line.startswith(">") else zone for line, zone in zip(lines, labels, strict=True)]
            yield Sample(file.name, tuple(lines), tuple(labels))


def programs(folder: Path) -> Iterator[Sample]:
    """The plain parts of replies that mail programs wrote: a line of text above the quote, or below it."""
    for name, source in _parts(folder, "text/plain"):
        lines = source.split("\n")
        said = [n for n, line in enumerate(lines) if line.strip()]
        below = lines[said[0]].startswith("On ")
        own = {said[-1]} if below else set(said[: _SIGNED.get(name.removesuffix(".eml"), 1)])
        yield Sample(name, tuple(lines), tuple(OWN if n in own else QUOTED for n in range(len(lines))))


def _pages(folder: Path) -> Iterator[tuple[str, str, int]]:
    for file in sorted(folder.glob("*.html")):
        yield file.name, file.read_text("utf-8", "replace"), _NODES.get(file.stem, 3)
    for name, source in _parts(folder, "text/html"):
        yield name, source, _NODES.get(name.removesuffix(".eml"), 1)


def _parts(folder: Path, media_type: str) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.eml")):
        for part in email.message_from_bytes(file.read_bytes(), policy=email.policy.default).walk():
            if part.get_content_type() == media_type:
                yield file.name, re.sub(r"\r\n?", "\n", str(part.get_content()))
