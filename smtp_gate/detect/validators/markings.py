"""Markings that people put on papers and subjects: privileged, confidential; never a disclaimer in a footer.

Texts are normalised, so that a dash is a hyphen here.
"""

import re
from typing import Final

from smtp_gate.detect.validators.base import Checked

PRIVILEGED: Final = "privileged"
"""Attorney-client privilege or attorney work product."""
CONFIDENTIAL: Final = "confidential"

_VOCABULARY: Final = frozenset(
    """
    a all and anticipation attorney attorneys at by client closed committee communication communications confidential
    copy counsel deliberative disclose disclosed disclosure discussion distribute distribution do document draft drafts
    duplicate enforcement evidence exempt eyes for foia forward from for highly in information internal investigation
    investigative law lawyer legal litigation material materials may memo memorandum negotiation negotiations not of only
    or open prepared personal personnel private privilege privileged privileges privacy product protected public purposes
    record records release released request restricted rule secret sensitive session settlement share strictly subject the to top under
    use very wis work workproduct atty attys priviledge priviledged
    """.split()  # noqa: SIM905 - a hundred quoted words would hide what is in the list
)
"""A line of these words alone is a marking."""

_WORD: Final = re.compile(r"[A-Za-z]+")
_POSSESSIVE: Final = re.compile(r"[\u2019']s?\b")
_MARK: Final = re.compile(r"\b(?:confidential|privileged?|work[ -]?product)\b", re.IGNORECASE)
_PRIVILEGE: Final = re.compile(
    r"att(?:orne)?ys?(?:[\u2019']s?)?\s?(?:[/&-]|and|to)?\s?client|client\s?[/&-]?\s?attorney|work[\s-]?product|privileged|lawyer\s?[/-]?\s?client",
    re.IGNORECASE,
)
_CAPITALS: Final = re.compile(r"\b(?:PRIVILEGED|CONFIDENTIAL|ATTORNEY[ -]CLIENT)\b")
_SUBJECT: Final = re.compile(r"[ \t>]*subject:\s*(?:(?:re|fw|fwd|aw|wg)\s?:\s*)*", re.IGNORECASE)
_FRAME: Final = " \t>*_#=~[](){}<>|:.,;!-"
LONGEST: Final = 300
"""Characters of a line that may hold a marking; a longer one is prose."""


def handling_marking(candidate: str) -> Checked | None:
    """A marking that is a whole line, leads a line in capitals with a colon or dash, or stands apart in a subject.

    The candidate is a line that holds one of the words.
    """
    if len(candidate) > LONGEST:
        return None
    subject = _SUBJECT.match(candidate)
    said = candidate[subject.end() :] if subject is not None else candidate
    marked = _in_subject(said) if subject is not None else _as_line(said)
    if not marked:
        return None
    start = len(candidate) - len(said) + said.index(marked)
    # A subject marked in one place and privileged in another (`confidential - attorney/client`) is both.
    privileged = _PRIVILEGE.search(said if subject is not None else marked) is not None
    return Checked(PRIVILEGED if privileged else CONFIDENTIAL, start, start + len(marked))


def _as_line(line: str) -> str:
    """The marking where the line is nothing else, or begins with it in capitals and a colon or dash; empty for prose."""
    bare = line.strip(_FRAME)
    # The last line of a paragraph begins with a small letter or ends in a full stop.
    prose = bare[:1].islower() or (line.rstrip(" \t\"'\u201d\u2019").endswith(".") and not bare.isupper())
    if not prose and _is_marking(bare):
        return bare
    head = re.split(r"\s?:\s|\s--?\s", bare, maxsplit=1)[0]
    return head if head != bare and head.isupper() and _is_marking(head) else ""


def _in_subject(subject: str) -> str:
    """The marking where it stands apart: alone, in front of a sign, behind one, in brackets, or in capitals."""
    for piece in re.split(r"\s?[:;|,()\[\]{}*]+\s?|\s--?\s", subject):
        bare = piece.strip(_FRAME)
        if bare and _is_marking(bare):
            return bare
    # A subject all in capitals tells nothing by them.
    found = _CAPITALS.search(subject)
    return found[0] if found is not None and any(c.islower() for c in subject) else ""


def _is_marking(text: str) -> bool:
    words = [w.lower() for w in _WORD.findall(_POSSESSIVE.sub("", text))]
    return 0 < len(words) <= 14 and _MARK.search(text) is not None and _VOCABULARY.issuperset(words)
