"""One run of a replay: rows in order from an earlier run's state and from the workers, each kept before it is counted."""

import hashlib
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from smtp_gate import __version__
from smtp_gate.cli.render import console
from smtp_gate.replay.rows import ReplayRow
from smtp_gate.replay.tally import Tally
from smtp_gate.replay.work import Piece
from smtp_gate.store.replay_state import ReplayState

SHOW_EVERY = 0.2
"""Seconds between two looks of the bar."""


@dataclass
class Run:
    """What came of it; `taken` rows stood in the state already, `seconds` are those of this run."""

    tally: Tally = field(default_factory=Tally)
    taken: int = 0
    seconds: float = 0.0
    whole: bool = False

    @property
    def rate(self) -> float:
        """Messages judged a second in this run."""
        return (self.tally.messages - self.taken) / self.seconds if self.seconds > 0 else 0.0


def run(
    pieces: Iterable[Piece],
    total: int | None,
    rows_of: Callable[[Iterable[Piece]], Iterator[ReplayRow]],
    state: ReplayState | None,
    told: Callable[[ReplayRow], None],
) -> Run:
    """Replay all of it. `told` is called with every row in order. A Ctrl-C ends it early: `whole` is False then."""
    done = Run()
    began = time.perf_counter()
    known: Mapping[str, ReplayRow] = state.rows if state is not None else {}
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # No thread of its own for the bar: workers are forked while it is shown.
    with Progress(
        *columns, console=console(stderr=True), auto_refresh=False, transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        bar = progress.add_task("judging", total=total)
        looked = began
        try:
            for row, fresh in in_order(pieces, known, rows_of):
                if fresh and state is not None:
                    state.add(row)
                done.taken += not fresh
                done.tally.add(row)
                told(row)
                if time.perf_counter() - looked > SHOW_EVERY:
                    looked = time.perf_counter()
                    seen = done.tally.messages
                    progress.update(bar, completed=seen, total=total and max(total, seen), refresh=True)
            done.whole = True
        except KeyboardInterrupt:
            done.whole = False
    done.seconds = time.perf_counter() - began
    return done


def in_order(
    pieces: Iterable[Piece],
    known: Mapping[str, ReplayRow],
    rows_of: Callable[[Iterable[Piece]], Iterator[ReplayRow]],
) -> Iterator[tuple[ReplayRow, bool]]:
    """Every row in the order of the messages, and whether it is a fresh one."""
    # Names and not rows: where no message is a fresh one, all of them wait here.
    line: deque[str | None] = deque()

    def fresh() -> Iterator[Piece]:
        for piece in pieces:
            is_old = piece.id in known
            line.append(piece.id if is_old else None)
            if not is_old:
                yield piece

    for row in rows_of(fresh()):
        while (old := line.popleft()) is not None:
            yield known[old], False
        yield row, True
    yield from ((known[old], False) for old in line if old is not None)


def key_of(rulesets: Sequence[str], facts: Sequence[str], sources: Sequence[str], options: Sequence[str]) -> str:
    """One name for all that makes rows of two runs comparable."""
    said = json.dumps([__version__, list(rulesets), list(facts), list(sources), list(options)], ensure_ascii=True)
    return hashlib.sha256(said.encode("ascii")).hexdigest()


def state_in(data: Path, key: str) -> Path | None:
    """Where the state of a run is kept when nobody says: beside the gate's data, if there is any."""
    if not data.is_dir():
        return None
    folder = data / "replay"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{key[:32]}.jsonl"
