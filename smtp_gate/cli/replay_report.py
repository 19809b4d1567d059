"""Writes the report."""

from pathlib import Path

from smtp_gate.replay.compared import Compared
from smtp_gate.replay.tally import Tally


def write_report(path: Path, tally: Tally, compared: Compared) -> None:
    """Stub."""
