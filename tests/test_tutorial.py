"""The tutorial does what it says: its files are written, its edits made, its commands run, and what they print compared."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(
    r"(?P<before>[^\n]*\n)\n```(?P<kind>yaml|eml|diff|console)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
FILE = re.compile(r"`([\w./-]+\.(?:yaml|eml))`")


def blocks() -> Iterator[tuple[str, str, str]]:
    """Each block: its kind, the file that was named last, its text."""
    page, file = PAGE.read_text(), ""
    at = 0
    for found in BLOCK.finditer(page):
        named = FILE.findall(page[at : found.start("kind")])
        file, at = named[-1] if named else file, found.end()
        yield found["kind"], file, found["text"]


def edited(text: str, diff: str) -> str:
    """The text with the piece of it that stands behind `-` and blanks replaced by what stands behind `+` and blanks."""
    lines = diff.splitlines()
    old = "".join(f"{line[1:]}\n" for line in lines if line[0] != "+")
    new = "".join(f"{line[1:]}\n" for line in lines if line[0] != "-")
    assert text.count(old) == 1, f"stands {text.count(old)} times:\n{old}"
    return text.replace(old, new)


def follows(said: list[str], expected: list[str]) -> bool:
    """Whether the lines are as the page has them; `...` stands for any lines, and within a line for any signs."""
    if not expected:
        return not said
    if expected[0] == "...":
        return any(follows(said[n:], expected[1:]) for n in range(len(said) + 1))
    pattern = "*".join(re.sub(r"([\[*?])", r"[\1]", piece) for piece in expected[0].split("..."))
    return bool(said) and fnmatchcase(said[0], pattern) and follows(said[1:], expected[1:])


@pytest.mark.parametrize(
    ("said", "page", "same"),
    [
        ("a\nb\nc", "a\n...\nc", True),
        ("a\nb\nc", "a\nc", False),
        ("a\nb", "a", False),
        ("a", "a\nb", False),
        ("3 of 4 (12 a second)", "3 of 4 (... a second)", True),
        ("3 of 5 (12 a second)", "3 of 4 (... a second)", False),
        ("[0] *", "[0] *", True),
        ("0 x", "[0] *", False),
    ],
)
def test_lines_are_compared_one_by_one(said: str, page: str, *, same: bool) -> None:
    assert follows(said.splitlines(), page.splitlines()) is same


def commands(console: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines that the page shows behind it."""
    for piece in re.split(r"(?m)^\$ ", console)[1:]:
        command, *shown = piece.rstrip().splitlines()
        yield command, [line.rstrip() for line in shown]


class Reader:
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._environment = {**os.environ, "PYTHONPATH": str(PAGE.parents[1]), "COLUMNS": "160"}

    def do(self, kind: str, file: str, text: str) -> None:
        path = self.folder / file
        if kind in {"yaml", "eml"}:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif kind == "diff":
            path.write_text(edited(path.read_text(), text))
        else:
            for command, shown in commands(text):
                self.run(command, shown)

    def run(self, command: str, shown: list[str]) -> None:
        words = shlex.split(command)
        called = [sys.executable, "-m", "smtp_gate", *words[1:]] if words[0] == "smtp-gate" else words
        if words[-1] == "&":
            self._serve(called[:-1])
            return
        done = subprocess.run(
            called, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
        assert follows(said, shown), f"$ {command}\n{done.stdout}\nbut the page shows\n" + "\n".join(shown)
        wrong = any(": error:" in line or " bad " in line or "expected  " in line for line in shown)
        assert done.returncode == int(wrong), command
        if words[1] == "init":
            self._settle()

    def _settle(self) -> None:
        """Other ports than the usual ones, which may be taken; and no watch, which on a slow machine would be before `reload`."""
        file = self.folder / "my-city" / "config" / "smtp-gate.yaml"
        text = file.read_text() + "\nwatch: false\n"
        for usual in ("127.0.0.1:2525", "127.0.0.1:9925"):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                text = text.replace(usual, f"127.0.0.1:{free.getsockname()[1]}")
        file.write_text(text)

    def _serve(self, called: list[str]) -> None:
        gate = subprocess.Popen(
            called, cwd=self.folder, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def end() -> None:
            gate.send_signal(signal.SIGTERM)
            gate.wait(60)

        self._stack.callback(end)
        control = next((self.folder / "my-city" / "config").glob("smtp-gate.yaml"))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            asked = subprocess.run(
                [*called[:3], "reload", "-c", str(control)], cwd=self.folder, env=self._environment, capture_output=True
            )
            if asked.returncode == 0:
                return
            time.sleep(0.2)
        raise AssertionError("the gate of the page does not come up")


@pytest.mark.timeout(300)
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    done: list[str] = []
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for kind, file, text in blocks():
            reader.do(kind, file, text)
            done.append(kind)
        assert (tmp_path / "report.html").stat().st_size > 1000
    assert done.count("console") >= 12
    assert {"yaml", "eml", "diff", "console"} == set(done)
