"""The feeds in use: those that the settings name, and the shipped ones of the other names."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from smtp_gate.adapters.feeds import PLAIN, load
from smtp_gate.config import Config
from smtp_gate.core.feeds import Domains, FeedError, Feeds
from smtp_gate.ruleset.lists import FeedSource
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.ruleset.packs import shipped_rules

SHIPPED: Final = {"free_mail": "free-mail.txt", "disposable": "disposable.txt"}
"""The shipped lists by the names that rules use."""


def sources(config: Config) -> tuple[FeedSource, ...]:
    """Where every feed is; one that the settings name takes the place of the shipped one of that name."""
    folder = shipped_rules() or Path()
    shipped = {name: folder / "feeds" / file for name, file in SHIPPED.items()}
    return tuple(FeedSource(name, file) for name, file in sorted({**shipped, **config.feeds}.items()))


def kind_of(source: FeedSource) -> str:
    """The ending under which the feed's file is told apart: a plain list, or one that was built."""
    return PLAIN if source.file.suffix == PLAIN else ".feed"


def load_feeds(wanted: Iterable[FeedSource]) -> tuple[Feeds, tuple[Mistake, ...]]:
    """Every feed that can be used, and a mistake in the first line of its file for every other one."""
    lists: dict[str, Domains] = {}
    mistakes = []
    for source in wanted:
        if source.name not in SHIPPED:
            said = f"no rule asks for a feed named `{source.name}`"
            mistakes.append(Mistake(str(source.file), 1, 1, said, f"rules ask for {', '.join(SHIPPED)}", "warning"))
        try:
            lists[source.name] = load(source.file, ours=source.ours)
        except OSError as error:
            said = f"the feed `{source.name}` cannot be read: {error.strerror or type(error).__name__}"
            mistakes.append(Mistake(str(source.file), 1, 1, said))
        except FeedError as error:
            mistakes.append(Mistake(str(source.file), 1, 1, f"the feed `{source.name}` cannot be used: {error}"))
    return Feeds(lists), tuple(mistakes)
