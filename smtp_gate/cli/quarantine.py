"""`smtp-gate quarantine`: see held mail, send it on, or give it up."""

import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

import click
from rich.table import Table
from rich.text import Text

from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.cli.options import config_option, json_option, print_json, settings, utc_now
from smtp_gate.cli.render import console
from smtp_gate.config import Config
from smtp_gate.server.settings import hop_settings, hostname_of
from smtp_gate.store.files import Disk
from smtp_gate.store.journal import SegmentJournal
from smtp_gate.store.quarantine import FileQuarantine, Listed, NoSuchItemError, State
from smtp_gate.store.release import discard as discard_item
from smtp_gate.store.release import release as release_item

T = TypeVar("T")


@click.group()
def quarantine() -> None:
    """Held mail: list, show, release, discard."""


@quarantine.command(name="list")
@config_option
@json_option
@click.option("--all", "every", is_flag=True, help="Released and discarded messages too.")
def list_(config_file: Path | None, *, as_json: bool, every: bool) -> None:
    """List held messages, and those whose state is unknown after a crash.

    Example: smtp-gate quarantine list --json
    """
    with _Store(settings(config_file)) as store:
        states = () if every else (State.HELD, State.UNKNOWN)
        items = list(store.quarantine.items(*states))
    if as_json:
        for listed in items:
            print_json(_row(listed))
        return
    out = console()
    if not items:
        out.print("nothing is held", style="dim")
        return
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("ref", "state", "received", "from", "to", "rules"):
        table.add_column(column, overflow="fold")
    for listed in items:
        row = _row(listed)
        table.add_row(
            Text(listed.ref, style="bold"),
            str(listed.state),
            str(row["received"])[:16],
            str(row["sender"]),
            "\n".join(row["recipients"]),
            "\n".join(row["rules"]) or listed.flaw,
        )
    out.print(table)


@quarantine.command()
@config_option
@json_option
@click.argument("ref")
def show(config_file: Path | None, *, as_json: bool, ref: str) -> None:
    """Show one message: envelope, reasons, masked evidence; its content stays in the file.

    Example: smtp-gate quarantine show 7Q3KX0M2P9RT4
    """
    with _Store(settings(config_file)) as store:
        row = _row(_found(lambda: store.quarantine.find(ref)))
    if as_json:
        print_json(row)
        return
    out = console()
    for name, value in row.items():
        shown = value if isinstance(value, list) else [value]
        for item in shown or ["-"]:
            told = ", ".join(f"{k} {v}" for k, v in item.items() if v) if isinstance(item, dict) else str(item)
            out.print(Text(f"{name:12} ", style="dim").append(told, style="default"), soft_wrap=True)
            name = ""  # noqa: PLW2901 - further lines of the same field leave the name out


@quarantine.command()
@config_option
@click.option("--again", is_flag=True, help="Also where it failed or its state is unknown: it may then arrive twice.")
@click.argument("ref")
def release(config_file: Path | None, *, again: bool, ref: str) -> None:
    """Send the original octets to the held recipients through the next hop, once.

    Ends with 1 where the next hop did not take it; a temporary refusal leaves it held.

    Example: smtp-gate quarantine release 7Q3KX0M2P9RT4
    """
    config = settings(config_file)

    async def work(store: "_Store") -> bool:
        hop = SmtpNextHop(hop_settings(config))
        journal = store.journal()
        await journal.event({"what": "release", "ref": ref, "who": getpass.getuser()})
        done = await release_item(store.quarantine, ref, hop, hostname_of(config), again=again)
        await journal.event({"what": str(done.state), "ref": ref, "detail": str(done.reply)})
        await journal.close()
        await hop.close()
        click.echo(f"{ref}: {done.state}, next hop said {done.reply}")
        return done.state is State.RELEASED

    sys.exit(0 if _run(config, work) else 1)


@quarantine.command()
@config_option
@click.option("--reason", required=True, help="Why; it goes to the journal.")
@click.argument("ref")
def discard(config_file: Path | None, reason: str, ref: str) -> None:
    """Give a held message up; its file is kept among the discarded ones.

    Example: smtp-gate quarantine discard 7Q3KX0M2P9RT4 --reason "sent by mistake, sender agrees"
    """
    config = settings(config_file)

    async def work(store: "_Store") -> bool:
        journal = store.journal()
        await journal.event({"what": "discard", "ref": ref, "who": getpass.getuser(), "detail": reason[:500]})
        await discard_item(store.quarantine, ref)
        await journal.event({"what": "discarded", "ref": ref})
        await journal.close()
        click.echo(f"{ref}: discarded")
        return True

    sys.exit(0 if _run(config, work) else 1)


class _Store:
    """The quarantine of the settings, opened for one command."""

    def __init__(self, config: Config) -> None:
        self._data = Path(config.data_dir)
        self._disk = Disk(1)
        self.quarantine = FileQuarantine(self._data / "quarantine", self._disk)

    def journal(self) -> SegmentJournal:
        """A segment of the commands' own, beside those of the workers."""
        return SegmentJournal(self._data / "journal", "cli", now=utc_now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disk.close()


def _run(config: Config, work: Callable[[_Store], Coroutine[Any, Any, bool]]) -> bool:
    with _Store(config) as store:
        return _found(lambda: asyncio.run(work(store)))


def _found(ask: Callable[[], T]) -> T:
    """The answer, or the command ends saying why there is none."""
    try:
        return ask()
    except NoSuchItemError as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException("that is no ref; `smtp-gate quarantine list` shows them") from None
    except OSError as error:
        raise click.ClickException(f"the disk failed: {error.strerror}") from None


def _row(listed: Listed) -> dict[str, Any]:
    item = listed.item
    if item is None:
        empty: dict[str, Any] = {"ref": listed.ref, "state": str(listed.state), "flaw": listed.flaw, "message_id": ""}
        return empty | {"received": "", "sender": "", "recipients": [], "rules": []}
    envelope = item.message.envelope
    return {
        "ref": listed.ref,
        "state": str(listed.state),
        "message_id": item.message_id,
        "received": item.message.received.isoformat(timespec="seconds"),
        "sender": envelope.sender.address,
        "recipients": [r.path.address for r in envelope.recipients],
        "rules": list(item.rules),
        "findings": list(item.findings),
        "unscannable": list(item.unscannable),
        "relayed_to_others": item.others,
        "size": len(item.message.content),
        "sha256": item.sha256,
        "ruleset": item.ruleset,
    }
