"""`smtp-gate index rebuild`: make the derived index again from the files, by the keeper where a gate runs, else here."""

import asyncio
import sys
import time
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from smtp_gate.adapters.control import Frame, connect
from smtp_gate.cli.options import config_option, settings
from smtp_gate.cli.render import console
from smtp_gate.store.index import FILE, Index, IndexUnavailableError
from smtp_gate.store.ingest import Ingestor

SOCKET = Path("run") / "control.sock"
"""Where the keeper of a gate that runs answers, below its data folder."""


@click.group()
def index() -> None:
    """Make the index of the journal and the held mail again; nothing is lost with it.

    Example: smtp-gate index rebuild
    """


@index.command()
@config_option
def rebuild(config_file: Path | None) -> None:
    """Throw the index away and read it again from the journal and the held files.

    Where a gate runs, its keeper does it, and mail goes on meanwhile; else it is done here.

    Example: smtp-gate index rebuild -c my-city/config/smtp-gate.yaml
    """
    data = Path(settings(config_file).data_dir)
    if not data.is_dir():
        click.echo(f"no data folder {data}", err=True)
        sys.exit(1)
    with _bar() as bar:
        try:
            answer = asyncio.run(_ask_keeper(data / SOCKET, bar)) or _here(data, bar)
        except (OSError, IndexUnavailableError) as error:
            answer = {"failed": str(error)}
    if "failed" in answer:
        click.echo(f"the index was not rebuilt: {answer['failed']}", err=True)
        sys.exit(1)
    click.echo(f"{answer['rows']} messages and {answer['holds']} held files indexed in {answer['seconds']:.1f} s")


def _bar() -> Progress:
    out = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=out, disable=not out.is_terminal, transient=True)


async def _ask_keeper(socket: Path, bar: Progress) -> Frame | None:
    """The keeper's answer, None where none runs."""
    try:
        line = await connect(socket)
    except OSError:
        return None
    task = bar.add_task("the keeper rebuilds", total=None)
    try:
        line.send({"do": "index_rebuild"})
        answer = await line.receive()
    finally:
        await line.close()
        bar.remove_task(task)
    if answer is None:
        return {"failed": "the keeper hung up"}
    if "failed" in answer or {"rows", "holds", "seconds"} <= answer.keys():
        return answer
    return {"failed": "the keeper answered something else"}


def _here(data: Path, bar: Progress) -> Frame:
    """Rebuild in this process. Raises IndexUnavailableError, OSError."""
    started = time.monotonic()
    task = bar.add_task("journal", total=None)
    made = Index(data / FILE)
    try:
        Ingestor(data, made).rebuild(lambda done, total: bar.update(task, completed=done, total=total))
        rows, holds = made.counts()
    finally:
        made.close()
    return {"rows": rows, "holds": holds, "seconds": time.monotonic() - started}
