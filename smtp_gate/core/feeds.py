"""Feeds: lists of domains that somebody keeps beside the rules, asked like any other fact."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from smtp_gate.core.facts import Fact, FactKey, Listed
from smtp_gate.core.finding import Failure

PREFIX: Final = "feed."


class Domains(Protocol):
    """One list of domains."""

    @property
    def id(self) -> str:
        """The name of its content, for the journal."""
        ...

    def covers(self, domain: str) -> str | None:
        """The entry that the domain, lower-case, is or stands below; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Feeds:
    """All lists by name."""

    lists: Mapping[str, Domains] = field(default_factory=dict)

    def answer(self, keys: Collection[FactKey]) -> dict[FactKey, Fact | Failure]:
        """The answers to questions that `facts.feed` made; a list that is not there is a Failure."""
        return {key: self._answer(key) for key in keys}

    def _answer(self, key: FactKey) -> Fact | Failure:
        domains = self.lists.get(key.source.removeprefix(PREFIX)) if key.source.startswith(PREFIX) else None
        if domains is None:
            return Failure("fact_missing", f"nobody answers {key.source}")
        entry = domains.covers(key.subject)
        return None if entry is None else Listed(entry, domains.id)
