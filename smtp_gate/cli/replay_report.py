"""Writes the report of a replay."""

from datetime import datetime
from pathlib import Path

from smtp_gate.replay.compared import Compared
from smtp_gate.replay.report import report
from smtp_gate.replay.tally import Tally


def write_report(path: Path, tally: Tally, compared: Compared, made: datetime) -> None:
    """One file, whole or not at all: it may be watched by a web server. Raises OSError."""
    page = report(tally, compared, f"{made:%Y-%m-%d %H:%M %Z}")
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    # A new file and no other: in a folder that others may write to, the name could be a link to some file of ours.
    with new.open("x", encoding="utf-8", errors="replace") as file:
        file.write(page)
    new.replace(path)
