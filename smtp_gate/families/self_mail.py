"""Signs that mail goes to a mailbox of the sender's own and not to a citizen who happens to bear the same name.

A likeness of names alone is no sign: a second one must stand beside it, a stronger one the less the names say, and what speaks
to a reader (a salutation, «your permit») or answers one speaks for a citizen.
"""

import re
from collections.abc import Iterator
from typing import Final

from smtp_gate.core.view import Mailbox, MessageView, Part, RegionKind
from smtp_gate.families.owner import Owner, plain_key
from smtp_gate.families.resemblance import STRONG

FEW: Final = 10
"""Recipients beyond which mail is a circular: that a name like the sender's is among them says nothing."""
BULK: Final = 3
"""Attachments from which on somebody takes work along."""
_ROOM: Final = 20_000

_FORWARD: Final = re.compile(r"(?i)\s*(?:\[[^\]]{0,40}\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|vs|vb)\s*:")
_ANSWER: Final = re.compile(r"(?i)\s*(?:re|aw|sv|antw)\s*:")
_READER: Final = re.compile(r"(?i)\b(?:you|your|yours|you'?(?:re|ll|ve|d)|usted|ustedes|estimad[oa]s?|sie|ihnen)\b")
_SALUTATION: Final = re.compile(
    r"(?i)\A\s*(?:(?:dear|hi|hello|hey|greetings|good\s+(?:morning|afternoon|evening|day)|hola|estimad[oa]s?)\b[ ,]*"
    r"(?P<name>[^\n,:;.!]{0,60})|(?P<bare>(?-i:[A-Z])[^\W\d_]+(?:[ ](?-i:[A-Z])[^\W\d_]+){0,2})[ ]*[,:]\s*\n)"
)
_DEAR: Final = re.compile(r"(?i)\b(?:dear|estimad[oa]s?)\s+([^\n,:;!]{0,60})")
_GENERIC: Final = frozenset(
    {"all", "everyone", "everybody", "team", "folks", "there", "again", "colleagues", "me", "self"}
)
_NOTE: Final = re.compile(r"(?i)\b(?:fyi|notes? to self|for (?:later|home|me|my records)|reminder|to-?do|myself)\b")
_JOTTED: Final = re.compile(
    r"(?i)\b(?:home|tonight|tomorrow|weekend|my|i'?ll|i|remember|finish|print|work on|back ?up|draft|save|saving|keep|test)\b"
)
_NOTE_WORDS: Final = 25
_SCRIBBLE: Final = 3
_FOOT: Final = re.compile(
    r"(?im)^(?:sent from my|get outlook for|this e-?mail|this message|the information (?:contained )?in this|confidentiality|"
    r"notice:|please consider the environment|under wisconsin|wisconsin.{0,20}(?:open|public) records).*"
)
_NOT_FILES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "text/calendar", "text/vcard"}
)


class Signs:
    """What a message says of whom it is for; read once, then asked for each recipient that bears the sender's name."""

    def __init__(self, view: MessageView, owner: Owner) -> None:
        self._view = view
        self._owner = owner
        subject = view.header("subject")
        passed_on = _text(view, RegionKind.FORWARDED)
        self._quoted = _text(view, RegionKind.QUOTED).casefold()
        self._threaded = bool(view.header("in-reply-to") or view.header("references"))
        nested = any(p.media_type == "message/rfc822" for p in view.parts)
        self._forward = bool(_FORWARD.match(subject) or passed_on or nested)
        self._inside = tuple(f"@{d}" for d in view.envelope.listener.internal_domains)
        inner = passed_on.casefold() + (self._quoted if self._forward or not self._threaded else "")
        self._inner_forward = self._forward and any(d in inner for d in self._inside)
        self._files = sum(map(_is_file, view.parts))
        own = [_FOOT.split(text, maxsplit=1)[0].strip() for text in _own_texts(view)]
        fresh = "" if _FORWARD.match(subject) or _ANSWER.match(subject) else subject
        self.saluted = next((words for words in map(_salutation, own) if words), ())
        self._addressed = bool(self.saluted) or any(_READER.search(text) for text in (*own, fresh))
        words = max((len(text.split()) for text in own), default=0)
        self._signed = bool(_text(view, RegionKind.SIGNATURE))
        self._silent = words == 0
        jotted = words <= _SCRIBBLE or any(_JOTTED.search(text) for text in own)
        noted = any(_NOTE.search(text) for text in own) or (jotted and not self._signed)
        self._note = noted and words <= _NOTE_WORDS and not self._addressed
        self._to = _keys(view.mailboxes_of("to"))
        self._shown = self._to | _keys((*view.mailboxes_of("cc"), *view.mailboxes_of("bcc")))
        self._others = _recipients(view) | self._shown
        self._others -= (
            {plain_key(view.envelope.sender.local, view.envelope.sender.domain)} | owner.personal | owner.keys
        )

    def second(self, grade: str, local: str, domain: str) -> str:
        """The sign that stands beside a likeness of this grade, empty where none is strong enough."""
        key = plain_key(local, domain)
        alone = self._others <= {key}
        copy = not alone and key not in self._to
        if self._is_exchange(local, domain, copy=copy):
            return ""
        if len(self._view.envelope.recipients) > FEW and key not in self._shown:
            return ""
        if copy:
            return self._of_copy(grade)
        speaks = self._addressed
        if grade == STRONG:
            return next(self._sure_signs(), "") if speaks else self._of_whole_name(alone=alone)
        calm = alone and not self._threaded and not speaks
        return next(self._plain_signs(), "") if calm else ""

    def _of_copy(self, grade: str) -> str:
        """What a copy of a letter to somebody else says: of initials only where the letter calls that other one by name."""
        if self._owner.is_called(self.saluted):
            return next(self._sure_signs(), "") if grade == STRONG else ""
        return "copy" if grade == STRONG or self.saluted else ""

    def _of_whole_name(self, *, alone: bool) -> str:
        """What mail says that speaks to nobody."""
        if self._threaded and not self._forward:
            return next(self._sure_signs(), "attachment" if self._files and self._note else "")
        # Nobody signs what they write down for themselves; a notice without a salutation is signed all the more.
        return next(self._plain_signs(), "sole" if alone and not self._threaded and not self._signed else "")

    def _plain_signs(self) -> Iterator[str]:
        yield from self._sure_signs()
        if self._forward:
            yield "forward"
        if self._files:
            yield "attachment"
        if self._silent or self._note:
            yield "no_text" if self._silent else "note"

    def _sure_signs(self) -> Iterator[str]:
        if self._inner_forward:
            yield "internal_forward"
        if self._files >= BULK:
            yield "attachments"

    def _is_exchange(self, local: str, domain: str, *, copy: bool) -> bool:
        """Whether it answers a letter of that address: a thread that quotes it, or else quotes nobody of ours."""
        if not self._threaded or not self._quoted or self._forward:
            return False
        if f"{local}@{domain}".casefold() in self._quoted:
            return True
        return not copy and not any(d in self._quoted for d in self._inside)


def _is_file(part: Part) -> bool:
    """Whether it is a file that somebody attached: no picture within the text, no signature, no invitation."""
    if not part.names or part.container or part.media_type in _NOT_FILES or part.nested:
        return False
    inline = part.disposition == "inline" or any(h.key == "content-id" for h in part.headers)
    return not (inline and part.media_type.startswith("image/"))


def _own_texts(view: MessageView) -> Iterator[str]:
    """What the sender wrote, once for each reading of it."""
    for text in view.texts:
        if text.reading in {"plain", "html"}:
            own = text.region_text(RegionKind.OWN)
            if own.strip():
                yield own[:_ROOM]


def _text(view: MessageView, kind: RegionKind) -> str:
    """The beginnings of all text of one region."""
    pieces = (t.region_text(kind)[:_ROOM] for t in view.texts if t.reading in {"plain", "html", "header"})
    return "\n".join(piece for piece in pieces if piece.strip())[: 4 * _ROOM]


def _salutation(text: str) -> tuple[str, ...]:
    """The words by which the first lines call somebody, empty where it calls nobody in particular."""
    found = _SALUTATION.match(text[:500])
    if found is None:
        return ()
    # «Dear Mr. Park, dear Ms. Okafor,»
    called = (found["name"] or found["bare"] or "", *_DEAR.findall(text[found.end() : found.end() + 200]))
    words = tuple(re.findall(r"[^\W\d_]+", " ".join(called).casefold()))
    return words if words and not _GENERIC.issuperset(words) else ()


def _recipients(view: MessageView) -> frozenset[str]:
    return frozenset(plain_key(r.path.local, r.path.domain) for r in view.envelope.recipients)


def _keys(boxes: tuple[Mailbox, ...]) -> frozenset[str]:
    return frozenset(plain_key(b.local, b.domain) for b in boxes if b.domain)
