"""The users file of AUTH: one `user:hash` a line, scrypt hashes; `smtp-gate passwd` makes a line.

    # a comment
    dokafor@milwaukee.gov:$scrypt$ln=15,r=8,p=1$<salt, base64>$<hash, base64>

Blank lines and lines that begin with `#` are skipped. A name may hold anything but a colon and control characters, and
is compared exactly. The file holds secrets: keep it readable by the gate alone.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LOG2_COST: Final = 15
_BLOCK: Final = 8
_SALT: Final = 16
_LENGTH: Final = 32
_MEMORY: Final = 128 * 1024 * 1024
"""Octets that one check may take: scrypt needs 128 * r * N."""
FORM: Final = "NAME:$scrypt$ln=15,r=8,p=1$SALT$HASH"
"""What a line looks like, for people."""
_HASH: Final = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{8,128}={0,2})\$([A-Za-z0-9+/]{16,256}={0,2})"
)


@dataclass(frozen=True, slots=True)
class Hash:
    """An scrypt hash and what made it (RFC 7914); `cost` is the binary logarithm of N."""

    cost: int
    block: int
    parallel: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Hash":
        """The hash in a line of the file. Raises ValueError."""
        matched = _HASH.fullmatch(text)
        if matched is None:
            raise ValueError(f"no scrypt hash; a line looks like {FORM}")
        cost, block, parallel = (int(g) for g in matched.groups()[:3])
        if not (10 <= cost <= 20 and 1 <= parallel <= 8 and block and 128 * block << cost <= _MEMORY):
            raise ValueError("scrypt parameters out of bounds")
        return cls(cost, block, parallel, b64decode(matched[4]), b64decode(matched[5]))

    def matches(self, password: str) -> bool:
        """Whether it is the hash of this password; takes tens of milliseconds and 32 MiB on purpose."""
        return hmac.compare_digest(self.digest, self._derive(password))

    def _derive(self, password: str) -> bytes:
        return hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=1 << self.cost,
            r=self.block,
            p=self.parallel,
            maxmem=2 * _MEMORY,
            dklen=len(self.digest),
        )

    @classmethod
    def of(cls, password: str, cost: int = LOG2_COST) -> "Hash":
        """A new hash of this password under a fresh salt."""
        empty = cls(cost, _BLOCK, 1, os.urandom(_SALT), bytes(_LENGTH))
        return cls(cost, _BLOCK, 1, empty.salt, empty._derive(password))

    def __str__(self) -> str:
        """The hash as the file holds it."""
        salt, digest = b64encode(self.salt).decode(), b64encode(self.digest).decode()
        return f"$scrypt$ln={self.cost},r={self.block},p={self.parallel}${salt}${digest}"


class BadLineError(ValueError):
    """A line of the file that is none of ours: its number and why, never its content."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


class Passwords:
    """The users of one file. `check` costs the same for a name that is not there."""

    def __init__(self, users: Mapping[str, Hash]) -> None:
        self._users = dict(users)
        self._nobody = next(iter(self._users.values()), Hash.of("nobody"))

    def check(self, user: str, password: str) -> bool:
        """Whether this is the user's password."""
        known = self._users.get(user)
        matches = (known or self._nobody).matches(password)
        return matches and known is not None


def parse(text: str) -> Passwords:
    """The users in the text of a file. Raises BadLineError for the first bad line."""
    users: dict[str, Hash] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, colon, digest = line.strip().partition(":")
        if not user or not colon or not user.isprintable() or user in users:
            raise BadLineError(number, f"a name that no line above has, a colon and an scrypt hash expected: {FORM}")
        try:
            users[user] = Hash.parse(digest)
        except ValueError as error:
            raise BadLineError(number, str(error)) from None
    return Passwords(users)


def load(path: Path) -> Passwords:
    """The users file. Raises OSError, BadLineError."""
    return parse(path.read_text("utf-8"))
