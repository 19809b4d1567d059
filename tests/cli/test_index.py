"""`smtp-gate index rebuild`: by the keeper where one runs, else in the command itself."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smtp_gate.adapters.control import ControlLine, ControlServer, Frame, listen
from smtp_gate.cli import main
from smtp_gate.cli.index import SOCKET
from smtp_gate.store.index import FILE, Index
from tests.running import write_settings
from tests.store.held import Writing, answered, decided, hold


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings, and a data folder with one message and one hold."""
    made = write_settings(tmp_path, 10026)
    Writing(tmp_path / "data").add(decided("A"), answered("A"))
    hold(tmp_path / "data", "TESTREF0001")
    return made


@contextmanager
def keeper(data: Path, answer: Frame | None) -> Iterator[list[Frame]]:
    """Somebody who answers at the control socket, in a thread of its own; what was asked."""
    asked: list[Frame] = []
    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve(line: ControlLine) -> None:
        frame = await line.receive()
        if frame is not None:
            asked.append(frame)
        if answer is not None:
            line.send(answer)

    async def live() -> None:
        server, listening = ControlServer(serve), listen(data / SOCKET)
        await server.start(listening)
        started.set()
        await ended.wait()
        await server.stop()
        listening.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    started.wait(10)
    try:
        yield asked
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def test_without_a_keeper_the_command_rebuilds_itself(config: Path) -> None:
    done = run("index", "rebuild", "-c", config)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 messages and 1 held files indexed in ")
    assert done.output.count("\n") == 1, "no bar in a pipe"
    index = Index(config.parent / "data" / FILE)
    assert index.counts() == (1, 1)
    index.close()


def test_a_socket_that_nobody_serves_is_no_keeper(config: Path) -> None:
    listen(config.parent / "data" / SOCKET).close()
    assert run("index", "rebuild", "-c", config).exit_code == 0


def test_a_keeper_that_runs_is_asked(config: Path) -> None:
    with keeper(config.parent / "data", {"rows": 7, "holds": 2, "seconds": 1.25}) as asked:
        done = run("index", "rebuild", "-c", config)
    assert asked == [{"do": "index_rebuild"}]
    assert (done.exit_code, done.output) == (0, "7 messages and 2 held files indexed in 1.2 s\n")
    assert not (config.parent / "data" / FILE).exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"failed": "the disk is full"}, "the disk is full"),
        (None, "the keeper hung up"),
        ({"hm": 1}, "the keeper answered something else"),
    ],
)
def test_a_keeper_that_cannot_is_told(config: Path, answer: Frame | None, said: str) -> None:
    with keeper(config.parent / "data", answer):
        done = run("index", "rebuild", "-c", config)
    assert (done.exit_code, done.output) == (1, f"the index was not rebuilt: {said}\n")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = run("index", "rebuild", "-c", write_settings(tmp_path, 10026))
    assert done.exit_code == 1
    assert "no data folder" in done.output


def test_help_shows_an_example() -> None:
    assert "Example: smtp-gate index rebuild" in run("index", "rebuild", "--help").output
