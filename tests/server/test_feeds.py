"""Feeds in the settings: shipped ones unless named, mistakes at their line, swapped with the rules and kept in snapshots."""

from pathlib import Path

import pytest

from smtp_gate.adapters.feeds import packed
from smtp_gate.config import Config, LoadedConfig, load_config
from smtp_gate.core.facts import Listed, feed
from smtp_gate.ruleset.lists import FeedSource
from smtp_gate.server.feeds import load_feeds, sources
from smtp_gate.server.rules import InUse, load_rulebook, load_snapshot, publish
from smtp_gate.store.rulesets import Snapshots
from tests.builders import RECEIVED

SETTINGS = """internal_domains: [milwaukee.gov]
listeners: [{name: out, listen: "127.0.0.1:0", direction: outbound, clients: [127.0.0.0/8]}]
next_hop: 127.0.0.1:10026
data_dir: data
rules: rules
feeds:
  free_mail: mine.feed
"""
PACK = """pack: mine
internal_domains: [milwaukee.gov]
rules:
  - id: mine.many
    title: Free mail is counted
    policy: P-PERSONAL
    family: personal_address
    when: {recipients: external}
    signals: [bulk]
    bulk_recipients: 2
    action: quarantine
    examples:
      hit: [{to: [a@mail.example, b@eu.mail.example], text: x}]
      miss: [{to: [a@gmail.com, b@gmail.com], text: x}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(PACK)
    (tmp_path / "smtp-gate.yaml").write_text(SETTINGS)
    (tmp_path / "mine.feed").write_bytes(packed(["mail.example"]))
    return tmp_path


def read(folder: Path) -> LoadedConfig:
    return load_config(folder / "smtp-gate.yaml")


def config_of(folder: Path) -> Config:
    config = read(folder).config
    assert config is not None
    return config


async def covered(in_use: InUse, domain: str, name: str = "free_mail") -> object:
    answer = (await in_use.ask([feed(name, domain)], RECEIVED))[feed(name, domain)]
    return answer.entry if isinstance(answer, Listed) else answer


async def test_a_named_feed_takes_the_place_of_the_shipped_one_in_examples_and_in_mail(folder: Path) -> None:
    book = load_rulebook(config_of(folder))
    assert book.ruleset is not None, book.errors
    in_use = InUse(book)
    assert await covered(in_use, "eu.mail.example") == "mail.example"
    assert await covered(in_use, "gmail.com") is None
    assert await covered(in_use, "mailinator.com", "disposable") == "mailinator.com"


def test_an_example_that_the_feed_does_not_bear_out_fails(folder: Path) -> None:
    (folder / "mine.feed").write_bytes(packed(["gmail.com"]))
    errors = load_rulebook(config_of(folder)).errors
    assert [m.line for m in errors] == [14, 15] or len(errors) == 2


def test_without_settings_the_shipped_lists_are_read(folder: Path) -> None:
    config = config_of(folder).model_copy(update={"feeds": {}})
    assert [s.name for s in sources(config)] == ["disposable", "free_mail"]
    found, mistakes = load_feeds(sources(config))
    assert mistakes == ()
    assert found.lists["free_mail"].covers("gmail.com") == "gmail.com"


@pytest.mark.parametrize("octets", [None, b"", b"example.org\n", packed(["a.example"])[:-1]])
def test_a_file_that_is_no_feed_is_a_mistake_in_its_line_of_the_settings(folder: Path, octets: bytes | None) -> None:
    (folder / "mine.feed").unlink()
    if octets is not None:
        (folder / "mine.feed").write_bytes(octets)
    loaded = read(folder)
    assert loaded.config is None
    assert [m.line for m in loaded.errors] == [7]


def test_a_feed_that_was_changed_keeps_the_rules_from_loading(folder: Path) -> None:
    octets = bytearray((folder / "mine.feed").read_bytes())
    octets[-9] ^= 1
    (folder / "mine.feed").write_bytes(octets)
    book = load_rulebook(config_of(folder))
    assert book.ruleset is None
    assert any("mine.feed:1:1" in str(m) and "not as it was written" in str(m) for m in book.errors)
    gone = load_feeds([FeedSource("free_mail", folder / "gone.feed")])
    assert "cannot be read" in str(gone[1][0])


async def test_a_snapshot_keeps_the_feed_and_a_swap_takes_it_up(folder: Path) -> None:
    config, snapshots = config_of(folder), Snapshots(folder / "rulesets")
    book = load_rulebook(config)
    in_use = InUse(book)
    first = publish(config, book, snapshots)
    (folder / "mine.feed").write_bytes(packed(["mail.example", "other.example"]))
    newer = load_rulebook(config)
    second = publish(config, newer, snapshots)
    assert first != second, "another list is another snapshot"
    assert await covered(in_use, "other.example") is None
    assert in_use.swap(load_snapshot(snapshots, second))
    assert await covered(in_use, "other.example") == "other.example"
    assert in_use.swap(load_snapshot(snapshots, first))
    assert await covered(in_use, "other.example") is None
    assert load_snapshot(snapshots, first).feeds.ids == book.feeds.ids


def test_a_feed_that_no_rule_asks_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("example.com\n")
    feeds, (told,) = load_feeds([FeedSource("free_mial", tmp_path / "mine.txt")])
    assert "free_mial" in feeds.lists
    assert (told.severity, told.message) == ("warning", "no rule asks for a feed named `free_mial`")
