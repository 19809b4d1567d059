"""What a next hop can do, as its answer to EHLO says; the door announces no more than this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """The EHLO keywords of the next hop, upper-case and without arguments, and its SIZE limit in octets.

    `size` is None where the next hop names no limit (RFC 1870, section 3). An empty `keywords` says that no next hop has
    answered yet: what a client needs then is refused for now (4xx), never for good.
    """

    size: int | None = None
    keywords: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        """Whether a next hop has told what it can do."""
        return bool(self.keywords)
