"""`smtp-gate edm`: a key, and a list of the city's own identifiers that holds keyed hashes of them and nothing else."""

import csv
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, TextIO

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from smtp_gate.cli.render import console
from smtp_gate.cli.whole import put
from smtp_gate.detect.edm import KEY_OCTETS, EdmError, entry, normalise, packed
from smtp_gate.ruleset.lists import read_key
from smtp_gate.store.files import write_all

SHORTEST: Final = 5
"""Letters and digits of a value below which a column is refused."""
FEWEST: Final = 10_000
"""Possible values of a column below which it is refused."""
_WHY: Final = (
    "Such values stand in ordinary mail by chance, and whoever got the key could try all of them at once. "
    "Leave the column out, or say --allow-short and let rules ask for words beside it."
)


@click.group()
def edm() -> None:
    """Exact data match: find the city's own identifiers by a list that is no leak itself.

    \b
    Example: smtp-gate edm key /etc/smtp-gate/edm.key
             smtp-gate edm build --key /etc/smtp-gate/edm.key --columns employee_id people.csv -o edm.bin
    """  # noqa: D301 - click wants the backspace itself before a block that it must not wrap


@edm.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def key(file: Path) -> None:
    """Make a key of 32 random octets, for its owner alone; a file that is there already stays.

    Example: smtp-gate edm key /etc/smtp-gate/edm.key
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(descriptor, secrets.token_bytes(KEY_OCTETS))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except FileExistsError:
        _end(f"{file} is there already; lists made with it need it, so remove it yourself if none is left")
    except OSError as error:
        _end(f"{file} cannot be written: {error.strerror}")
    click.echo(f"{file}: keep it apart from the lists and their backups")


@edm.command()
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The key's file."
)
@click.option("--columns", required=True, help="The columns to take, with commas between them.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The list's file.")
@click.option(
    "--sample", multiple=True, metavar="COLUMN=VALUE", help="A made-up value to add, for the examples of rules."
)
@click.option("--allow-short", is_flag=True, help="Take columns whose values are short or few.")
@click.argument("table", metavar="CSV", type=click.Path(path_type=Path, dir_okay=False))
def build(*, key_file: Path, columns: str, output: Path, sample: Sequence[str], allow_short: bool, table: Path) -> None:
    """Make a list of the values of some columns of a CSV file with a head.

    The list holds a keyed hash of each value: its letters and digits, in upper case. It takes the place of an older one
    whole, so a gate that runs never sees half of it; `smtp-gate reload` takes it up.

    \b
    Example: smtp-gate edm build --key edm.key --columns ssn,employee_id people.csv -o edm.bin
    """  # noqa: D301 - click wants the backspace itself before a block that it must not wrap
    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    if not wanted or len(set(wanted)) < len(wanted):
        raise click.UsageError("--columns takes names with commas between them, each once")
    made_up = _samples(sample, wanted)
    try:
        secret = read_key(key_file)
        with table.open(encoding="utf-8-sig", newline="") as file:
            entries, spreads = _entries(file, wanted, secret)
    except (EdmError, OSError, UnicodeDecodeError, csv.Error) as error:
        _end(str(error))
    for name, spread in spreads.items():
        refused = "" if allow_short else spread.why_not()
        if refused or not entries[name]:
            _end(f"column {name}: {refused + '. ' + _WHY if refused else 'no values'}")
        entries[name] |= {entry(secret, name, value) for value in made_up.get(name, ())}
    try:
        put(output, packed(entries, secret))
    except OSError as error:
        _end(f"{output} cannot be written: {error.strerror}")
    counts = ", ".join(f"{len(entries[name])} of {name}" for name in wanted)
    click.echo(f"{output}: {counts}")


class Spread:
    """What the values of one column look like, for telling how many there may be; it keeps no value."""

    def __init__(self) -> None:
        self.shortest = sys.maxsize
        self._longest = 0
        self._signs: list[set[str]] = []

    def add(self, value: str) -> None:
        """Take note of a normalised value."""
        self.shortest = min(self.shortest, len(value))
        self._longest = max(self._longest, len(value))
        if len(value) > len(self._signs):
            self._signs += [set() for _ in range(len(value) - len(self._signs))]
        for signs, sign in zip(self._signs, value, strict=False):
            if len(signs) < 40:
                signs.add(sign)

    @property
    def possible(self) -> int:
        """How many values of the longest shape there may be: a place that is always the same sign gives no choice."""
        total = 1
        for signs in self._signs:
            digits, letters = any(c.isdigit() for c in signs), any(not c.isdigit() for c in signs)
            total *= 1 if len(signs) == 1 else 10 * digits + 26 * letters
            if total >= FEWEST:
                break
        return total

    def why_not(self) -> str:
        """Why the column is refused, empty where it is not."""
        if not self._longest:
            return ""
        if self.shortest < SHORTEST:
            return f"a value has {self.shortest} letters and digits, {SHORTEST} at least are asked for"
        return f"there are only about {self.possible} possible values" if self.possible < FEWEST else ""


def _entries(file: TextIO, wanted: Sequence[str], secret: bytes) -> tuple[dict[str, set[bytes]], dict[str, Spread]]:
    """The entries of each column and how its values spread. Raises EdmError, csv.Error, UnicodeDecodeError."""
    rows = csv.reader(_counted(file))
    head = [cell.strip() for cell in next(rows, [])]
    missing = [name for name in wanted if name not in head]
    if missing:
        raise EdmError(f"no column {missing[0]!r}; there are {', '.join(head) or 'none'}")
    places = {name: head.index(name) for name in wanted}
    entries: dict[str, set[bytes]] = {name: set() for name in wanted}
    spreads = {name: Spread() for name in wanted}
    for row in rows:
        for name, place in places.items():
            value = normalise(row[place]) if place < len(row) else ""
            if value:
                spreads[name].add(value)
                entries[name].add(entry(secret, name, value))
    return entries, spreads


def _counted(file: TextIO) -> Iterator[str]:
    """The lines of a file, with a bar of how much is read where somebody looks on."""
    out = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal, transient=True) as bar:
        task = bar.add_task("reading", total=os.fstat(file.fileno()).st_size)
        for line in file:
            bar.advance(task, len(line))
            yield line


def _samples(given: Iterable[str], wanted: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or name not in wanted or not normalise(value):
            raise click.UsageError(f"--sample takes COLUMN=VALUE with one of {', '.join(wanted)}")
        found.setdefault(name, []).append(normalise(value))
    return found


def _end(said: str) -> NoReturn:
    click.echo(said, err=True)
    sys.exit(1)
