"""Shipped packs beside those of a gate: its copies with their base, or the packs in use where it uses them as shipped."""

from pathlib import Path

import pytest

from smtp_gate.config import Config, load_config
from smtp_gate.detect.engine import Engine
from smtp_gate.ruleset import packs
from smtp_gate.ruleset.upgrades import Fate
from smtp_gate.server import shipped
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.server.rules import load_rulebook, load_snapshot, publish
from smtp_gate.server.shipped import BASE, Upgrade, compare_shipped, keep_base
from smtp_gate.store.rulesets import Snapshots
from tests.running import PACK, write_settings


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the shipped packs."""
    folder = tmp_path / "share" / "rules"
    folder.mkdir(parents=True)
    (folder / "test.yaml").write_text(PACK)
    for module in (packs, shipped):
        monkeypatch.setattr(module, "shipped_rules", lambda: folder)
    return folder


def config_of(folder: Path, **more: str) -> Config:
    config = load_config(write_settings(folder, 25, more)).config
    assert config is not None
    return config


def fates(done: Upgrade) -> list[tuple[Fate, str]]:
    return [(step.fate, step.change.name) for step in done.steps]


def test_copies_are_compared_with_their_base(tmp_path: Path, theirs: Path) -> None:
    config = config_of(tmp_path)
    keep_base(tmp_path / "rules")
    assert fates(compare_shipped(config, None)) == []
    (theirs / "test.yaml").write_text(PACK.replace("sesame", "simsim"))
    mine = tmp_path / "rules" / "test.yaml"
    mine.write_text(PACK.replace("action: reject", "action: defer"))
    done = compare_shipped(config, None)
    assert fates(done) == [(Fate.CHANGED, "test.secret"), (Fate.CHANGED, "word"), (Fate.YOURS, "test.forbidden")]
    assert (done.without_base, done.left_out, done.mistakes) == ((), (), ())
    (tmp_path / "rules" / BASE / "test.yaml").unlink()
    done = compare_shipped(config, None)
    assert {fate for fate, _ in fates(done)} == {Fate.DIFFERS}
    assert done.without_base == ("test",)


def test_the_base_is_no_pack_and_is_kept_again_over_itself(tmp_path: Path, theirs: Path) -> None:
    config = config_of(tmp_path)
    keep_base(tmp_path / "rules")
    keep_base(tmp_path / "rules")
    assert [p.name for p in load_rulebook(config).loaded.packs] == ["test"]
    assert (tmp_path / "rules" / BASE / "test.yaml").read_bytes() == (theirs / "test.yaml").read_bytes()


def test_packs_used_as_shipped_are_compared_with_those_in_use(tmp_path: Path, theirs: Path) -> None:
    config = config_of(tmp_path, rules=str(theirs))
    assert compare_shipped(config, snapshots_of(config)).left_out == ("test",)
    publish(config, load_rulebook(config), Snapshots(Path(config.data_dir) / "rulesets"))
    assert fates(compare_shipped(config, snapshots_of(config))) == []
    (theirs / "test.yaml").write_text(PACK.replace("sesame", "simsim"))
    done = compare_shipped(config, snapshots_of(config))
    assert fates(done) == [(Fate.CHANGED, "test.secret"), (Fate.CHANGED, "word")]
    assert done.left_out == ()


def test_your_own_pack_is_none_of_theirs_and_a_new_one_of_theirs_is_told(tmp_path: Path, theirs: Path) -> None:
    config = config_of(tmp_path)
    keep_base(tmp_path / "rules")
    (tmp_path / "rules" / "ours.yaml").write_text("pack: ours\nrules: []\n")
    (theirs / "new.yaml").write_text("pack: new\nkeywords: {new_words: [a]}\n")
    assert fates(compare_shipped(config, None)) == [(Fate.NEW, "new"), (Fate.NEW, "new_words")]
    assert fates(compare_shipped(config, None, ["test"])) == []
    with pytest.raises(LookupError, match="no shipped pack `ours`; they are new, test"):
        compare_shipped(config, None, ["ours"])


def test_a_waiver_of_yours_over_a_changed_rule_is_named(tmp_path: Path, theirs: Path) -> None:
    config = config_of(tmp_path)
    keep_base(tmp_path / "rules")
    (tmp_path / "rules" / "ours.yaml").write_text("pack: ours\nwaivers:\n  - {id: w1, rule: test.secret}\n")
    (theirs / "test.yaml").write_text(PACK.replace("action: quarantine", "action: reject"))
    (touch,) = compare_shipped(config, None).touches
    assert (touch.name, touch.over, touch.is_gone) == ("w1", "test.secret", False)


def test_a_pack_that_cannot_be_read_is_told(tmp_path: Path, theirs: Path) -> None:
    assert theirs.is_dir()
    config = config_of(tmp_path)
    (tmp_path / "rules" / "broken.yaml").write_text("pack: [")
    assert [m.file for m in compare_shipped(config, None).mistakes] == [str(tmp_path / "rules" / "broken.yaml")]


def test_a_rulebook_is_made_ready_unless_nobody_will_judge_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready: list[Engine] = []

    def readied(engine: Engine) -> None:
        ready.append(engine)

    monkeypatch.setattr(Engine, "ready", readied)
    config = config_of(tmp_path)
    assert load_rulebook(config, judges=False).ruleset is not None
    assert ready == []
    book = load_rulebook(config)
    assert book.ruleset is not None
    assert ready == [book.ruleset.engine]
    snapshots = Snapshots(Path(config.data_dir) / "rulesets")
    again = load_snapshot(snapshots, publish(config, book, snapshots))
    assert again.ruleset is not None
    assert ready[-1] is again.ruleset.engine
