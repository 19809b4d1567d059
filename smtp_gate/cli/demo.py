"""`smtp-gate demo`: a gate with a built-in next hop, and sample mail that is accepted, refused and held, each explained."""

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import aiosmtplib
import click
import uvloop
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.demo_hop import DemoHop
from smtp_gate.adapters.logs import Logger
from smtp_gate.cli.options import config_option, give_up, rulebook
from smtp_gate.cli.quiet import Quiet
from smtp_gate.cli.render import COLOURS, console, findings_table, recipients_table, verdict_line
from smtp_gate.cli.samples import Sample, samples
from smtp_gate.config import LOOPBACK, Config, NextHopSettings, find_config, load_config
from smtp_gate.core.message import Message
from smtp_gate.core.ports import Outcome
from smtp_gate.core.reply import Reply
from smtp_gate.core.verdict import Judgement
from smtp_gate.ruleset.written import HostPort
from smtp_gate.server.extractors import local_extractors
from smtp_gate.server.solo import Solo


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as the gate told of it."""

    message: Message
    judgement: Judgement | None
    outcome: Outcome
    reply: Reply
    seconds: float


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Send the sample mail, show what becomes of it, and end.")
def demo(config_file: Path | None, *, once: bool) -> None:
    """Run a gate with the shipped rules and a built-in next hop, and send it sample mail.

    Everything lives on free ports of loopback and in a folder that is removed at the end. Without --once the gate stays
    up until Ctrl-C, so that you can send it mail of your own.

    Example: smtp-gate demo --once
    """
    loaded = load_config(config_file or find_config())
    if loaded.config is None:
        give_up(loaded.errors)
    out = console()
    with tempfile.TemporaryDirectory(prefix="smtp-gate-demo-") as folder, local_extractors(1) as extract:
        uvloop.run(_run(loaded.config, Path(folder), extract, out, once=once))


async def _run(config: Config, folder: Path, extract: Path, out: Console, *, once: bool) -> None:
    hop = DemoHop()
    config = _on_free_ports(config, folder, HostPort(*await hop.start()))
    told = _Memory()
    logger = Logger(utc_now, stream=StringIO())
    gate = Solo(config, logger, rulebook(config, test=True), lambda: None, told, extract=extract)
    await gate.start()
    try:
        address = gate.addresses[config.listeners[0].name]
        rules = len(gate.worker.in_use.ruleset.rules)
        out.print(
            Text(f"A gate with {rules} rules listens on {address[0]}:{address[1]}. {len(samples())} messages go in:\n")
        )
        for number, sample in enumerate(samples(), 1):
            reply = await _send(address, sample)
            out.print(_panel(number, sample, reply, told.seen[-1]))
        _farewell(out, told, hop)
        if not once:
            await _stay(out, gate, address)
    finally:
        await gate.stop()
        await hop.stop()


def _on_free_ports(config: Config, folder: Path, hop: HostPort) -> Config:
    """The same settings on loopback ports that nobody uses, with data in a folder of its own."""
    free = HostPort("127.0.0.1", 0)
    plain: dict[str, object] = {"listen": free, "tls": None, "auth": None, "certificates": (), "clients": LOOPBACK}
    listener = config.listeners[0].model_copy(update=plain)
    ours: dict[str, object] = {
        "listeners": (listener,),
        "next_hop": NextHopSettings(hosts=(hop,)),
        "data_dir": folder,
        "metrics": free,
        "hostname": "gate.demo",
        # What it shows are verdicts that are carried out, also in a folder whose own gate only looks as yet.
        "enforce": True,
        "watch": False,
    }
    return config.model_copy(update=ours)


class _Memory(Quiet):
    """A watcher that keeps what the gate told of each message."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def answered(
        self, message: Message, judgement: Judgement | None, outcome: Outcome, reply: Reply, seconds: float
    ) -> None:
        """Keep it."""
        self.seen.append(Seen(message, judgement, outcome, reply, seconds))


async def _send(address: tuple[str, int], sample: Sample) -> str:
    """Send one sample as a mail server would; the reply to its final dot."""
    client = aiosmtplib.SMTP(hostname=address[0], port=address[1], local_hostname="mail.milwaukee.gov", start_tls=False)
    async with client:
        try:
            _, said = await client.sendmail(sample.sender, list(sample.recipients), sample.octets)
        except aiosmtplib.SMTPDataError as refusal:
            return f"{refusal.code} {refusal.message}"
    return f"250 {said}"


def _panel(number: int, sample: Sample, reply: str, seen: Seen) -> Panel:
    """One message: what it is, what each rule saw, and the reply that its sender got."""
    if seen.judgement is None:
        return Panel(Text(reply, style="red"), title=sample.title, title_align="left")
    verdict = seen.judgement.verdict
    blocks: list[RenderableType] = [recipients_table(seen.message, verdict)]
    found = findings_table(verdict)
    if found is not None:
        blocks += [Text(), found]
    blocks += [Text(), Text("reply  ", style="dim").append(reply, style="default not dim")]
    blocks += [Text(f"       {seen.seconds * 1000:.1f} ms from dot to reply", style="dim")]
    title = Text(f"{number}. {sample.title}  ").append_text(verdict_line(verdict.joint))
    return Panel(Group(*blocks), title=title, title_align="left", border_style=COLOURS[verdict.joint])


def _farewell(out: Console, told: _Memory, hop: DemoHop) -> None:
    """The sum of it, after comparing what the next hop has with what was sent."""
    counts = {outcome: sum(s.outcome is outcome for s in told.seen) for outcome in Outcome}
    parts = [f"{n} {outcome}" for outcome, n in counts.items() if n]
    changed = changed_on_the_way([d.content for d in hop.delivered], [s.octets for s in samples()])
    state = (
        "each with one Received line more and no other octet changed" if not changed else f"{changed} of them CHANGED"
    )
    sums = Text("\n" + ", ".join(parts), style="bold")
    out.print(
        sums.append(
            f"; the next hop has {len(hop.delivered)} messages, {state}.", style="red" if changed else "not bold"
        )
    )


def changed_on_the_way(delivered: Sequence[bytes], sent: Sequence[bytes]) -> int:
    """How many delivered messages are not one of those sent with exactly one `Received` field put before it."""
    return sum(
        not any(_received_only(whole[: -len(octets)]) for octets in sent if whole.endswith(octets))
        for whole in delivered
    )


def _received_only(added: bytes) -> bool:
    """Whether these octets are one `Received` field, folded or not, and nothing else (RFC 5321 section 4.4)."""
    first, *folded = added.removesuffix(b"\r\n").split(b"\r\n")
    return added.endswith(b"\r\n") and first.startswith(b"Received: ") and all(line[:1] in b" \t" for line in folded)


async def _stay(out: Console, gate: Solo, address: tuple[str, int]) -> None:
    """Stay up until Ctrl-C, saying what one can do meanwhile."""
    host, port = address
    metrics_host, metrics_port = gate.addresses["metrics"]
    table = Table.grid(padding=(0, 2))
    table.add_row("send it mail", f"swaks --server {host}:{port} --from dokafor@milwaukee.gov --to you@example.org")
    table.add_row("see its metrics", f"http://{metrics_host}:{metrics_port}/metrics")
    table.add_row("start your own", "smtp-gate init my-city")
    out.print(Group(Text("\nThe gate stays up until Ctrl-C.", style="bold"), table))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
