"""The supervisor: fills its places, replaces what dies or falls silent, ends in order, and gives up where nothing starts."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.server import supervisor
from smtp_gate.server.children import BEAT, READY, Child, Leash, fork
from smtp_gate.server.supervisor import Kind, Role, Supervisor


class House:
    """A supervisor in a process of its own; its children write their pids into `folder`, its log goes to a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0

    def start(self, roles: list[Role], *, grace: float = 5.0, patience: float = 60.0) -> None:
        self.pid = os.fork()
        if not self.pid:
            with (self.folder / "log").open("a") as log:
                told = (self.folder / "told").open("ab", buffering=0)

                def tell(word: bytes) -> None:
                    told.write(word)

                ours = Supervisor(
                    roles,
                    Logger(utc_now, stream=log),
                    grace=grace,
                    patience=patience,
                    ready=lambda: tell(b"ready\n"),
                    stopping=lambda: tell(b"stopping\n"),
                )
                os._exit(ours.run())

    def wait(self) -> int:
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def end(self, number: int = signal.SIGTERM) -> int:
        os.kill(self.pid, number)
        return self.wait()

    def pids(self, name: str) -> list[int]:
        file = self.folder / f"{name}.pids"
        return [int(p) for p in file.read_text().split()] if file.exists() else []

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def told(self) -> str:
        file = self.folder / "told"
        return file.read_text() if file.exists() else ""

    def up(self) -> None:
        self.until(lambda: "ready" in self.told())

    def until(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not what():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.01)

    def role(self, name: str, life: Callable[[Leash], int], kind: Kind = Kind.WORKER) -> Role:
        def main(leash: Leash) -> int:
            with (self.folder / f"{name}.pids").open("a") as file:
                file.write(f"{os.getpid()}\n")
            return life(leash)

        return Role(name, kind, main, (self.folder / f"{name}.buried").touch)


def faithful(leash: Leash) -> int:
    """Serves until it is told to end or its supervisor has gone."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    leash.end.settimeout(0.05)
    leash.say(READY)
    while not ended:
        leash.say(BEAT)
        try:
            if leash.end.recv(1) == b"":
                return 0
        except TimeoutError:
            continue
    return 0


def silent(leash: Leash) -> int:
    leash.say(READY)
    time.sleep(60)
    return 0


def deaf(leash: Leash) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return silent(leash)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    if made.pid:
        made.end(signal.SIGKILL)


def test_it_is_ready_once_all_places_are_filled_and_ends_when_told(house: House) -> None:
    house.start([house.role("w0", faithful), house.role("k", faithful, Kind.KEEPER)])
    house.up()
    assert house.end() == 0
    assert house.told() == "ready\nstopping\n"
    assert len(house.pids("w0")) == len(house.pids("k")) == 1


def test_a_child_that_was_killed_is_replaced_at_once_and_the_others_go_on(house: House) -> None:
    house.start([house.role("w0", faithful), house.role("w1", faithful)])
    house.up()
    for count in range(1, 6):
        os.kill(house.pids("w0")[-1], signal.SIGKILL)
        house.until(lambda: len(house.pids("w0")) > count)  # noqa: B023 - called before the next turn
        house.until(lambda: house.told().count("ready") == 1)
        time.sleep(0.1)
    assert len(house.pids("w1")) == 1
    assert (house.folder / "w0.buried").exists()
    assert house.end() == 0
    died = [line for line in house.log() if line["event"] == "process_died"]
    assert [line["again_in"] for line in died] == [0.0] * 5


def test_a_child_that_has_fallen_silent_is_killed_and_replaced(house: House) -> None:
    house.start([house.role("w0", silent)], patience=0.3)
    house.until(lambda: len(house.pids("w0")) > 1)
    assert {"killed", "process_died"} <= {line["event"] for line in house.log()}


def test_a_child_that_does_not_stop_in_time_is_killed(house: House) -> None:
    house.start([house.role("w0", deaf)], grace=0.3)
    house.up()
    started = time.monotonic()
    assert house.end() == 0
    assert time.monotonic() - started < 3


def test_workers_end_before_those_who_work_for_them(house: House) -> None:
    def slow(leash: Leash) -> int:
        signal.signal(signal.SIGTERM, lambda *_: None)
        leash.say(READY)
        signal.pause()
        time.sleep(0.3)
        (house.folder / "worker-ended").write_text(str(time.monotonic()))
        return 0

    def keeper(leash: Leash) -> int:
        code = faithful(leash)
        (house.folder / "keeper-ended").write_text(str(time.monotonic()))
        return code

    house.start([house.role("k", keeper, Kind.KEEPER), house.role("w0", slow)])
    house.up()
    assert house.end() == 0
    times = [float((house.folder / name).read_text()) for name in ("worker-ended", "keeper-ended")]
    assert times[0] < times[1]


def test_a_role_that_never_starts_ends_the_gate_with_an_error(house: House) -> None:
    def broken(_leash: Leash) -> int:
        raise RuntimeError("text that must not be told")

    house.start([house.role("w0", faithful), house.role("k", broken, Kind.KEEPER)])
    assert house.wait() == 1
    assert [line["event"] for line in house.log()][-1] in {"cannot_start", "stopping"}
    assert len(house.pids("k")) == 5


def test_a_place_that_cannot_be_filled_now_is_filled_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def exhausted(*arguments: Any) -> Child:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(12, "Cannot allocate memory")
        return fork(*arguments)

    monkeypatch.setattr(supervisor, "fork", exhausted)
    monkeypatch.setattr(supervisor, "LONGEST_WAIT", 0.1)
    house.start([house.role("w0", faithful), house.role("w1", faithful)])
    house.up()
    assert [line["event"] for line in house.log()] == ["cannot_fork", "cannot_fork"]
    assert house.end() == 0


def test_children_end_when_their_supervisor_was_killed(house: House) -> None:
    house.start([house.role("w0", faithful)])
    house.up()
    (child,) = house.pids("w0")
    house.end(signal.SIGKILL)
    house.until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that ended stays until its new parent looks after it.
    return " Z " not in Path(f"/proc/{pid}/stat").read_text()
