"""One SMTP reply that cannot disagree with itself: code, enhanced code and text checked on construction."""

import re
from dataclasses import dataclass

LINE_LIMIT = 512
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_STARTS_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of one or more lines (RFC 5321 section 4.2; enhanced codes RFC 3463).

    `enhanced` may be empty, as in 354 and in replies of a next hop that offers none. `lines` hold printable ASCII
    without CR or LF. Raises ValueError where code and enhanced code disagree or a line would not be one line.
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 599:
            raise ValueError(f"no SMTP reply code: {self.code}")
        if self.enhanced:
            found = _ENHANCED.fullmatch(self.enhanced)
            if found is None or int(found[1]) != self.code // 100:
                raise ValueError(f"enhanced code {self.enhanced} does not fit {self.code}")
        if not self.lines:
            raise ValueError("a reply has at least one line")
        for line in self.lines:
            if not line.isascii() or any(not c.isprintable() for c in line):
                raise ValueError("a reply line is printable ASCII")
            if len(line) + len(self.enhanced) + 7 > LINE_LIMIT:
                raise ValueError(f"a reply line is at most {LINE_LIMIT} octets")

    @classmethod
    def of(cls, code: int, enhanced: str, text: str) -> "Reply":
        """A reply of one line; what is not printable ASCII becomes `?`, what is too long is cut."""
        room = LINE_LIMIT - 7 - len(enhanced)
        clean = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
        return cls(code, enhanced, (clean[:room],))

    @classmethod
    def parse(cls, code: int, texts: list[str]) -> "Reply":
        """A next hop's reply, sanitised: 8-bit and control characters become `?`, at most 100 lines are kept.

        An enhanced code is taken out of the lines only where every line carries the same one, of the code's class.
        """
        clean = ["".join(c if c.isascii() and c.isprintable() else "?" for c in t) for t in texts[:100]] or [""]
        first = clean[0].split(" ", 1)[0] if _STARTS_ENHANCED.match(clean[0]) else ""
        if first and first[0] == str(code)[0] and all(t == first or t.startswith(first + " ") for t in clean):
            clean = [t[len(first) + 1 :] for t in clean]
        else:
            first = ""
        room = LINE_LIMIT - 7 - len(first)
        return cls(code, first, tuple(t[:room] for t in clean))

    @property
    def positive(self) -> bool:
        """2xx or 3xx."""
        return self.code < 400

    @property
    def temporary(self) -> bool:
        """4xx."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """5xx."""
        return self.code >= 500

    @property
    def text(self) -> str:
        """All lines in one, without codes."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        """The reply on one line, as logs and `explain` show it."""
        return " ".join(x for x in (str(self.code), self.enhanced, self.text) if x)

    def wire(self) -> bytes:
        """The octets to send, CRLF ended, the enhanced code on every line (RFC 2034, section 4)."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        last = len(self.lines) - 1
        return b"".join(
            f"{self.code}{' ' if i == last else '-'}{prefix}{line}\r\n".encode("ascii")
            for i, line in enumerate(self.lines)
        )
