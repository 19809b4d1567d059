"""Load a city's files with each of many mistakes in them, and a pack cut at every octet, and count what was told.

    python -m tests.bench.broken [--all]

Every broken file is loaded as `check` and a reload load it. Prints a line for each file that was told elsewhere than at its
place, or loaded (`--all` prints every one), then a table: files, told in the right line, told in the right column, loaded;
and for the pack cut at every octet: beginnings, refused, loaded, loaded though the cut is within a line.
"""

import argparse
import tempfile
from datetime import UTC
from pathlib import Path

from smtp_gate.ruleset.build import BuildSettings, load
from smtp_gate.ruleset.examples import failed_examples
from smtp_gate.ruleset.plugins import installed
from tests.ruleset.broken_files import PACK, Broken, broken_files, load_city


def told(broken: Broken, folder: Path, *, every: bool) -> tuple[bool, bool, bool]:
    """Whether an error stands in the right line, and in the right column, and whether anything was loaded."""
    file = broken.write(folder)
    found = load_city(folder)
    line, column = broken.place
    here = [m for m in found.errors if m.file == str(file) and m.line == line and broken.word in m.message]
    exact = any(m.column == column for m in here)
    if every or not exact or found.loaded:
        said = "; ".join(f"{m.line}:{m.column} {m.message}" for m in found.errors) or "nothing"
        print(f"{broken.name}: at {line}:{column}, told {said}")
    return bool(here), exact, found.loaded


def cuts(folder: Path) -> tuple[int, int, int, int]:
    """How many beginnings of a pack there are, are refused, load, and load though the cut is within a line."""
    families, octets = installed(), PACK.encode()
    settings = BuildSettings(frozenset({"milwaukee.gov"}), UTC)
    file = folder / "city.yaml"
    loaded = []
    for cut in range(len(octets)):
        file.write_bytes(octets[:cut])
        found = load([file], settings, families)
        if found.ruleset is not None and not failed_examples(found):
            loaded.append(cut)
    within = [cut for cut in loaded if b"\n" not in octets[cut - 1 : cut + 1]]
    return len(octets), len(octets) - len(loaded), len(loaded), len(within)


def main() -> None:
    """Load them all and print the table."""
    parser = argparse.ArgumentParser(description="Load broken files and count what was told.")
    parser.add_argument("--all", action="store_true", help="print every file")
    every = parser.parse_args().all
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for number, one in enumerate(broken_files()):
            place = Path(folder) / str(number)
            place.mkdir()
            rows.append(told(one, place, every=every))
        counted = [sum(row[n] for row in rows) for n in range(3)]
        print(f"{'broken files':>14} {'right line':>12} {'right column':>14} {'loaded':>8}")
        print(f"{len(rows):>14} {counted[0]:>12} {counted[1]:>14} {counted[2]:>8}")
        beginnings, refused, loads, within = cuts(Path(folder))
        print(f"{'beginnings':>14} {'refused':>12} {'loaded':>14} {'in a line':>8}")
        print(f"{beginnings:>14} {refused:>12} {loads:>14} {within:>8}")


if __name__ == "__main__":
    main()
