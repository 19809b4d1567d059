"""`smtp-gate feeds`: lists of domains, from text as it is published, made into files that all processes share."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from smtp_gate.adapters.feeds import BadLine, domains_in, load, packed
from smtp_gate.cli.whole import put
from smtp_gate.core.feeds import FeedError

SHOWN = 20
"""Bad lines of all files that are shown; the rest is counted."""


@click.group()
def feeds() -> None:
    """Lists of domains that rules ask about: free mail, throw-away mailboxes, and others by any name.

    \b
    Example: smtp-gate feeds build --name free_mail free-mail.txt ours.txt -o free-mail.feed
    """  # noqa: D301 - click wants the backspace itself before a block that it must not wrap


@feeds.command()
@click.option("--name", required=True, metavar="NAME", help="The list's name in rules and settings, like free_mail.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The feed's file.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False))
def build(*, name: str, output: Path, files: Sequence[Path]) -> None:
    """Make a feed of the domains in all FILEs.

    A FILE has one domain a line (`#` begins a comment), or is a hosts file (`0.0.0.0 NAME`), or a JSON array of names. An
    entry covers what stands below it. Any line that is no domain is named, and then nothing is written. The feed takes the
    place of an older one whole; `smtp-gate reload` takes it up.

    \b
    Example: smtp-gate feeds build --name disposable blocklist.txt -o disposable.feed
    """  # noqa: D301 - click wants the backspace itself before a block that it must not wrap
    if not (name.isascii() and name.replace("_", "").isalnum() and name == name.lower()):
        raise click.UsageError("--name takes small letters, digits and underscores")
    domains: set[str] = set()
    bad: list[str] = []
    for file in files:
        try:
            for found in domains_in(file.read_bytes()):
                if isinstance(found, BadLine):
                    bad.append(f"{file}:{found.line}: {found.reason}")
                else:
                    domains.add(found)
        except OSError as error:
            _end(f"{file} cannot be read: {error.strerror}")
    if bad:
        more = [f"and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
        _end("\n".join((*bad[:SHOWN], *more, "nothing was written")))
    try:
        put(output, [packed(domains)])
        made = load(output)
    except FeedError as error:
        _end(f"{output}: {error}; nothing was written" if not domains else f"{output}: {error}")
    except OSError as error:
        _end(f"{output} cannot be written: {error.strerror}")
    click.echo(f"{output}: {made.count} domains; in the settings: `feeds: {{{name}: {output.name}}}`")


def _end(said: str) -> NoReturn:
    click.echo(said, err=True)
    sys.exit(1)
