"""A sync takes a source in whole or changes nothing, keeps the history, and the keeper's own sync brings it into use."""

import asyncio
import re
import urllib.request
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from io import StringIO
from pathlib import Path

import pytest

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.directory_rows import RowMistake
from smtp_gate.adapters.directory_source import Row
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.metrics_keeper import KeeperMetrics
from smtp_gate.config import Config, load_config
from smtp_gate.config.directories import DirectorySettings
from smtp_gate.core.facts import Account
from smtp_gate.server.directories import directory_file, load_directory, people_of
from smtp_gate.server.directory_sync import PeriodicSync, SyncRefusedError, foreseen, sync
from smtp_gate.server.rules import load_rulebook, publish
from smtp_gate.store.rulesets import Snapshots
from tests.running import running, write_settings

MONDAY, TUESDAY, FRIDAY = date(2026, 7, 6), date(2026, 7, 7), date(2026, 7, 10)


def ldif(*people: str) -> str:
    """`ann Health` is an account of that name and department."""
    some = (p.split() for p in people)
    return "\n".join(f"dn: uid={n},dc=b\nuid: {n}\nmail: {n}@milwaukee.gov\nou: {d}\n" for n, d in some)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "people.ldif"
    file.write_text(ldif("ann Health", "bob ITMD"))
    return file


@pytest.fixture
def config(tmp_path: Path, source: Path) -> Config:
    loaded = load_config(write_settings(tmp_path, 25, {"directory": f"{{ldif: {source.name}}}"}))
    assert loaded.config is not None, loaded.mistakes
    return loaded.config


def answer(config: Config, address: str, day: date) -> Account | None:
    people, mistakes = load_directory(config)
    assert mistakes == ()
    return people.look_up(address, day)


def test_before_the_first_sync_the_way_out_is_named(config: Config) -> None:
    people, (mistake,) = load_directory(config)
    assert (people.entries, mistake.hint) == ((), "run `smtp-gate directory sync`")
    assert load_rulebook(config).ruleset is None


def test_a_sync_brings_the_source_into_a_snapshot_and_back(config: Config) -> None:
    done = sync(config, MONDAY)
    assert (done.before, done.accounts, done.count("new"), done.is_new) == ("", 2, 2, True)
    assert directory_file(config) == people_of(config).path(done.snapshot)
    people, _ = load_directory(config)
    assert people.id.startswith(done.snapshot)
    ann = answer(config, "Ann@milwaukee.gov", MONDAY)
    assert ann is not None
    assert (ann.department, ann.valid_from) == ("Health", None)


def test_a_second_one_without_news_changes_nothing(config: Config) -> None:
    first, second = sync(config, MONDAY), sync(config, TUESDAY)
    assert (second.snapshot, second.is_new, second.changes) == (first.snapshot, False, ())


def test_what_was_stays_known(config: Config, source: Path) -> None:
    sync(config, MONDAY)
    source.write_text(ldif("ann Library", "cy ITMD"))
    done = sync(config, TUESDAY, force=True)
    assert {(c.address.partition("@")[0], c.how) for c in done.changes} == {
        ("ann", "changed"), ("bob", "ended"), ("cy", "new"),
    }  # fmt: skip
    then, now = (answer(config, "ann@milwaukee.gov", d) for d in (MONDAY, TUESDAY))
    bob, cy = (answer(config, f"{n}@milwaukee.gov", TUESDAY) for n in ("bob", "cy"))
    assert then is not None
    assert now is not None
    assert (then.department, now.department, now.valid_from) == ("Health", "Library", TUESDAY)
    assert bob is not None
    assert (bob.standing, bob.valid_to) == ("ended", MONDAY)
    assert cy is not None
    assert cy.valid_from == TUESDAY


def test_a_dry_run_writes_nothing(config: Config) -> None:
    assert sync(config, MONDAY, dry=True).count("new") == 2
    assert not people_of(config).root.exists()
    assert len(foreseen(config, MONDAY).entries) == 2
    assert not people_of(config).root.exists()


def test_every_bad_entry_is_named_and_nothing_changes(config: Config, source: Path) -> None:
    good = sync(config, MONDAY)
    source.write_text(ldif("ann Health", "b..b ITMD") + "\nmail: x@y.z\n\n" + ldif("c..c ITMD"))
    with pytest.raises(SyncRefusedError) as caught:
        sync(config, TUESDAY)
    assert [r.partition(": ")[0] for r in caught.value.reasons] == [f"{source}:{n}" for n in (6, 11, 13)]
    assert people_of(config).current() == good.snapshot
    assert people_of(config).names() == [good.snapshot]


def test_two_entries_with_one_address_are_refused(config: Config, source: Path) -> None:
    source.write_text(ldif("ann Health", "ann ITMD"))
    with pytest.raises(SyncRefusedError, match=r"ann@milwaukee\.gov is also in use by line 1"):
        sync(config, MONDAY)


def test_a_source_that_has_lost_many_is_refused_unless_somebody_insists(config: Config, source: Path) -> None:
    source.write_text(ldif(*(f"p{n} X" for n in range(10))))
    sync(config, MONDAY)
    source.write_text(ldif(*(f"p{n} X" for n in range(8))))
    sync(config, TUESDAY)
    source.write_text(ldif(*(f"p{n} X" for n in range(6))))
    with pytest.raises(SyncRefusedError, match=r"only 6 of 8 accounts would be left.*80 percent"):
        sync(config, TUESDAY)
    assert sync(config, TUESDAY, force=True).accounts == 6


@pytest.mark.parametrize("first", [True, False])
def test_an_empty_source_is_refused(config: Config, source: Path, first: bool) -> None:
    if not first:
        sync(config, MONDAY)
    source.write_text("")
    with pytest.raises(SyncRefusedError, match="no current account"):
        sync(config, TUESDAY)


def test_a_source_that_cannot_be_read_is_refused(config: Config, source: Path) -> None:
    source.unlink()
    with pytest.raises(SyncRefusedError, match="cannot be read: No such file"):
        sync(config, MONDAY)


def test_a_snapshot_that_somebody_changed_is_not_built_upon(config: Config) -> None:
    path = people_of(config).path(sync(config, MONDAY).snapshot)
    path.write_bytes(path.read_bytes().replace(b"Health", b"Wealth"))
    with pytest.raises(SyncRefusedError, match="is not as it was written"):
        sync(config, TUESDAY)
    path.unlink()
    with pytest.raises(SyncRefusedError, match="is not as it was written"):
        sync(config, TUESDAY)


def test_a_csv_directory_is_not_synced(tmp_path: Path) -> None:
    csv = load_config(write_settings(tmp_path, 25)).config
    assert csv is not None
    with pytest.raises(SyncRefusedError, match="read as it is"):
        sync(csv, MONDAY)


def test_only_current_accounts_need_a_known_status(config: Config, source: Path) -> None:
    staff = "employeeType: Staff\n"
    source.write_text(ldif("ann Health") + staff + "\n" + ldif("bob ITMD") + staff + "shadowExpire: 1\n")
    known = frozenset({"employee", "agent"})
    for again in (sync, foreseen):
        with pytest.raises(SyncRefusedError) as caught:
            again(config, MONDAY, statuses=known)
        said = "ann@milwaukee.gov: status `staff` is none of agent, employee: map it with `statuses: {staff: employee}`"
        assert caught.value.reasons == (said,)
    assert sync(config, MONDAY, statuses=known | {"staff"}).accounts == 1


def test_one_that_has_ended_already_is_told_as_ended(config: Config, source: Path) -> None:
    source.write_text(ldif("ann Health") + "displayName: Ann Lee\nshadowExpire: 1\n\n" + ldif("bob ITMD"))
    ended, new = sync(config, MONDAY).changes
    assert (ended.address, ended.name, ended.how) == ("ann@milwaukee.gov", "Ann Lee", "ended")
    assert new.how == "new"


class Said:
    """A source that gives these rows."""

    def __init__(self, *rows: dict[str, str]) -> None:
        self.rows = rows

    def __call__(
        self, settings: DirectorySettings, today: date, zone: tzinfo, mistakes: list[RowMistake]
    ) -> Iterable[Row]:
        return enumerate(self.rows, 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"address": "#a@milwaukee.gov"}, "would not be read back as it is written, from #a@milwaukee.gov on"),
        ({"address": "a@milwaukee.gov", "name": "\ud800"}, "no Unicode"),
        ({"address": "a@milwaukee.gov", "groups": "x] y"}, "days are written like"),
    ],
)
def test_what_could_not_be_read_back_is_never_used(config: Config, row: dict[str, str], said: str) -> None:
    with pytest.raises(SyncRefusedError, match=re.escape(said)):
        sync(config, MONDAY, read=Said(row))
    assert people_of(config).current() == ""


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a\nb", "a\r\nb", " a ", "a;b", "a\x0bb", "a\u2028b", "ä", ""])
def test_names_with_marks_of_csv_come_through(config: Config, name: str) -> None:
    sync(config, MONDAY, read=Said({"address": "a@milwaukee.gov", "name": name}))
    found = answer(config, "a@milwaukee.gov", MONDAY)
    assert found is not None
    assert found.name == name.strip()


def test_an_alias_goes_over_from_one_day_to_the_next(config: Config) -> None:
    ann, bob, alias = ({"address": f"{n}@milwaukee.gov"} for n in ("ann", "bob", "desk"))
    sync(config, MONDAY, read=Said({**ann, "aliases": alias["address"]}, bob))
    sync(config, FRIDAY, read=Said(ann, {**bob, "aliases": alias["address"]}))
    days = (date(2026, 7, 9), FRIDAY)
    having = [answer(config, alias["address"], d) for d in days]
    assert [a.address if a else None for a in having] == [ann["address"], bob["address"]]


def test_the_snapshot_goes_into_that_of_the_ruleset(config: Config, tmp_path: Path) -> None:
    sync(config, MONDAY)
    book = load_rulebook(config)
    snapshots = Snapshots(tmp_path / "rulesets")
    saved = snapshots.get(publish(config, book, snapshots))
    assert saved.shape.directory == book.directory.id
    assert saved.directory is not None
    assert saved.directory.read_bytes() == people_of(config).path(people_of(config).current()).read_bytes()


class TestTheKeepersOwn:
    @pytest.fixture
    def told(self) -> StringIO:
        return StringIO()

    def periodic(self, config: Config, told: StringIO) -> tuple[PeriodicSync, KeeperMetrics]:
        metrics = KeeperMetrics(lambda: 0.0)
        # It is 11 pm of Monday in the city.
        at = datetime(2026, 7, 7, 4, tzinfo=UTC)
        return PeriodicSync(config, metrics, Logger(utc_now, stream=told), lambda: at), metrics

    async def test_it_names_the_snapshot_to_use(self, config: Config, told: StringIO) -> None:
        periodic, _ = self.periodic(config, told)
        assert [await periodic.tick(), await periodic.tick()] == [people_of(config).current()] * 2
        assert told.getvalue().count("directory_synced") == 2

    async def test_days_are_the_citys(self, config: Config, source: Path, told: StringIO) -> None:
        periodic, _ = self.periodic(config, told)
        await periodic.tick()
        source.write_text(ldif("ann Library", "bob ITMD"))
        await periodic.tick()
        ann = answer(config, "ann@milwaukee.gov", MONDAY)
        assert ann is not None
        assert ann.department == "Library"

    async def test_one_that_fails_is_told_and_counted(self, config: Config, source: Path, told: StringIO) -> None:
        periodic, metrics = self.periodic(config, told)
        await periodic.tick()
        source.write_text("nonsense\n")
        assert await periodic.tick() == ""
        assert "directory_sync_refused" in told.getvalue()
        assert f"{source}:1: not of the form" in told.getvalue()
        assert b"smtp_gate_directory_sync_failures_total 1.0" in metrics.text()

    async def test_it_knows_the_statuses_of_the_rules_and_tells_what_is_doubtful(
        self, config: Config, tmp_path: Path, source: Path, told: StringIO
    ) -> None:
        source.write_text(ldif("ann Health") + "employeeType: Staff\n")
        assert await self.periodic(config, told)[0].tick() == ""
        assert "ann@milwaukee.gov: status `staff` is none of" in told.getvalue()
        more = f"{{ldif: {source.name}, statuses: {{Staff: employee}}, attributes: {{title: nothing}}}}"
        mapped = load_config(write_settings(tmp_path, 25, {"directory": more})).config
        assert mapped is not None
        assert await self.periodic(mapped, told)[0].tick() != ""
        assert "`title` is empty for everybody" in told.getvalue()

    async def test_a_gate_syncs_by_itself_and_loads_what_is_new(self, tmp_path: Path, source: Path) -> None:
        more = {"directory": f"{{ldif: {source.name}, every: 1h}}"}
        loaded = load_config(write_settings(tmp_path, 25, more)).config
        assert loaded is not None
        sync(loaded, MONDAY)
        source.write_text(ldif("ann Library", "bob ITMD"))
        async with running(tmp_path, more) as gate:
            async with asyncio.timeout(20):
                while "reloaded" not in gate.log.getvalue():
                    await asyncio.sleep(0.02)
            now = utc_now().astimezone(loaded.timezone).date()
            people = gate.solo.worker.in_use._now[1].people
            ann = people.look_up("ann@milwaukee.gov", now)
            url = f"http://127.0.0.1:{gate.metrics}/metrics"
            text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=5).read())).decode()
        assert ann is not None
        assert ann.department == "Library"
        age = re.search(r'smtp_gate_directory_sync_age_seconds\{source="ldif"\} ([0-9.e-]+)', text)
        assert age is not None
        assert float(age[1]) < 30
