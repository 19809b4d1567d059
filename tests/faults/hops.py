"""The next hop misbehaves at each command in each way, and hangs up after each octet of its replies; one oracle judges.

    python -m tests.faults.hops [--all]

Prints a table of command x misbehaviour x recipients with runs and failures, and a line about the octets; ends with 1
where a promise was broken. Without `--all` it runs what `make test` runs.
"""

import argparse
import asyncio
import contextlib
import itertools
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Final, Self

from rich.console import Console
from rich.table import Table

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.adapters.next_hop_wire import MAX_REPLY
from smtp_gate.config import load_config
from smtp_gate.server.rules import load_rulebook
from smtp_gate.server.solo import Solo
from smtp_gate.store.journal_reader import Record, read
from tests.faults.mail import SENDER, WORDS, Letter, Scenario, said
from tests.faults.oracle import Oracle, Truth, delivered_in
from tests.peers.gates import RULES
from tests.running import write_settings
from tests.sinks import EHLO, ORDINARY, Act, Sink, Transaction

STEP: Final = 1000
"""How far the numbers of two letters are apart: the numbers between them name the recipients of the first."""
TAKEN: Final = re.compile(rb"(?:2\d\d-[^\r\n]{0,500}\r\n)*2\d\d [^\r\n]{0,500}\r\n")
GREETING: Final = "".join(f"250{' ' if k == EHLO[-1] else '-'}{k}\r\n" for k in ("sink", *EHLO)).encode()
FORWARDING: Final = (*EHLO[:-1], "XFORWARD NAME ADDR PROTO HELO", EHLO[-1])

COMMANDS: Final = ("connect", "ehlo", "starttls", "xforward", "mail", "rcpt", "data", "dot", "rset", "quit")
SPOKEN: Final = frozenset({"mail", "rcpt", "data", "dot"})
"""Where the next hop speaks of the message, so that its 5xx is the client's to hear."""
FIVE: Final = re.compile(r"sink refuses at (\w+)")
MODES: Final = ("mirror", "after_data")


def acts(command: str) -> dict[str, tuple[Act, ...]]:
    """Each misbehaviour at a command, in its variants."""
    odd = b"250 2.0.0 ok\r\n" if command in {"connect", "data", "starttls"} else b"354 go on\r\n"
    long = b"250-" + b"x" * 400 + b"\r\n"
    return {
        "4xx": (Act(b"451 4.3.0 sink is busy\r\n"), Act(b"421 4.3.2 sink ends\r\n", close=True), Act(b"450 later\r\n")),
        "5xx": (
            Act(f"554 5.7.1 sink refuses at {command}\r\n".encode()),
            Act(f"550-5.7.1 sink\r\n550 5.7.1 sink refuses at {command}\r\n".encode()),
            Act(b"530 5.7.0 Must issue a STARTTLS command first\r\n"),
        ),
        "hangs up": (Act(close=True), Act(b"25", close=True), Act(b"250-half\r\n", close=True)),
        "stalls": (Act(stall=True), Act(b"250-half\r\n", stall=True)),
        "garbage": (
            Act(b"what do you mean?\r\n"),
            Act(odd),
            Act(b"250 " + b"x" * 70_000 + b"\r\n"),
            Act(long * 1200 + b"250 ok\r\n"),
            Act(b"250-one\r\n550 two\r\n"),
            Act(ORDINARY.get(command, GREETING) * 2, close=command == "starttls"),
            Act(b"999 what\r\n\xff\xfe\0\r\n"),
        ),
    }


@dataclass(frozen=True)
class Case:
    """One misbehaviour: at which occurrence of a command, and for which message on a link that is new or was used."""

    command: str
    misbehaviour: str
    variant: int
    recipients: int
    scenario: Scenario
    mode: str
    position: int = 0
    reused: bool = False

    @property
    def act(self) -> Act:
        return acts(self.command)[self.misbehaviour][self.variant]

    @property
    def key(self) -> tuple[str, str, int]:
        return self.command, self.misbehaviour, self.recipients


def positions(command: str, scenario: Scenario, mode: str, recipients: int) -> tuple[int, ...]:
    """At which occurrences of a command to misbehave: the first and the last, and the first of a replay."""
    if scenario is not Scenario.MIXED or mode != "mirror":
        last = recipients - 1 if command == "rcpt" else 0
        return tuple(sorted({0, last}))
    if command == "rcpt":
        # One outside and these inside are mirrored, then these are asked again.
        return tuple(sorted({0, recipients, recipients + 1, 2 * recipients}))
    return (0, 1) if command in {"mail", "xforward"} else (0,)


def cases(sizes: Iterable[int], *, whole: bool) -> Iterator[Case]:
    """Every case; not `whole`: one variant and one position of each, turning."""
    turn = itertools.count()
    for command, mode, scenario, size in itertools.product(COMMANDS, MODES, Scenario, sizes):
        if scenario in {Scenario.HOLD, Scenario.REFUSE} and (mode != "mirror" or (not whole and command != "rset")):
            # Without a mirrored transaction nobody asks the next hop.
            continue
        for misbehaviour, variants in acts(command).items():
            at = positions(command, scenario, mode, size)
            if whole:
                for variant, position, reused in itertools.product(range(len(variants)), at, (False, True)):
                    if not (misbehaviour == "stalls" and reused):
                        yield Case(command, misbehaviour, variant, size, scenario, mode, position, reused)
            else:
                n = next(turn)
                yield Case(
                    command, misbehaviour, n % len(variants), size, scenario, mode, at[n % len(at)], reused=n % 5 == 0
                )


class HopSink(Sink):
    """A sink that knows which messages it has said it takes, and on which connection (its peer's port)."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: list[tuple[int, Transaction]] = []
        self.pauses: dict[str, float] = {}
        self.live = 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.live += 1
        try:
            await super()._accept(reader, writer)
        finally:
            self.live -= 1

    async def _perform(self, stage: str, writer: asyncio.StreamWriter) -> bool:
        last = self.transactions[-1] if stage == "dot" else None
        if stage in self.pauses:
            await asyncio.sleep(self.pauses[stage])
        scripted = self.script.get(stage)
        says = scripted[0].say if scripted else ORDINARY.get(stage, b"")
        if last is not None and len(says) < MAX_REPLY and TAKEN.match(says):
            self.accepted.append((writer.get_extra_info("peername")[1], last))
        # Without a certificate it can only end where TLS would begin.
        return await super()._perform(stage, writer) and (stage != "starttls" or self.tls is not None)


class Proxy:
    """Stands between gate and sink; on the connection it is armed for, it hangs up after so many octets of replies."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.budget: int | None = None
        self.slow = False
        self.spent = 0
        self.cut_ports: set[int] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        budget, self.budget, self.spent = self.budget, None, 0
        back, on = await asyncio.open_connection("127.0.0.1", self.target)
        upward = asyncio.get_running_loop().create_task(self._copy(reader, on))
        try:
            await self._replies(back, writer, budget, on.get_extra_info("sockname")[1])
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            upward.cancel()
            await asyncio.gather(upward, return_exceptions=True)
            for one in (writer, on):
                one.close()
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await one.wait_closed()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(1 << 16):
                writer.write(octets)
                await writer.drain()
            writer.close()

    async def _replies(
        self, back: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None, port: int
    ) -> None:
        while budget is None or budget > 0:
            octets = (await back.read(1 << 16))[:budget]
            if not octets:
                return
            self.spent += len(octets)
            for piece in [octets[i : i + 1] for i in range(len(octets))] if self.slow else [octets]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if budget is not None:
                budget -= len(octets)
        self.cut_ports.add(port)


def letter(number: int, scenario: Scenario, recipients: int = 1) -> Letter:
    """A message to so many; a mixed one goes to one more outside, whose copy is held."""
    inside = scenario is Scenario.MIXED
    domain = "milwaukee.gov" if inside else "example.org"
    to = [f"m{number + i}.0@{domain}" for i in range(recipients)]
    if inside:
        to.insert(0, f"m{number}.1@example.org")
    head = f"From: {SENDER}\r\nMessage-ID: <m{number}@client.test>\r\nSubject: {scenario}\r\n\r\n"
    return Letter(number, scenario, tuple(to), (head + f"{WORDS[scenario]}\r\n.dots and all\r\n").encode())


@dataclass
class Told:
    """What one client heard: of each command, and which recipients were taken."""

    letter: Letter
    replies: list[tuple[str, int, str]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    answered: bool = False
    """Whether each command got its reply."""

    @property
    def code(self) -> int:
        """The reply to the dot, or the one that ended it before."""
        return self.replies[-1][1] if self.replies else 0

    def letters(self) -> Iterator[Letter]:
        """What the oracle is told: those who were taken with the answer of the dot, the others with a refusal.

        A 5xx is looked at here; to the oracle any refusal is one that leaves the mail with its sender.
        """
        one = self.letter
        refused = tuple(r for r in one.recipients if r not in self.taken)
        if refused:
            yield replace(one, recipients=refused, code=450)
        if self.taken:
            policy = one.scenario is Scenario.REFUSE and self.code == 550
            code = self.code if self.code < 400 or policy else 450
            yield replace(one, recipients=tuple(self.taken), code=code)


async def tell(port: int, one: Letter, *, preface: bool = False) -> Told:
    """Send a letter as a careful client does; `preface` begins another transaction first and resets it."""
    told = Told(one)
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await _tell(told, reader, writer, preface=preface)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    return told


async def _tell(told: Told, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, preface: bool) -> None:
    one = told.letter

    async def ask(line: bytes) -> tuple[int, str]:
        writer.write(line)
        code, text = await said(reader)
        told.replies.append((line[:4].decode("latin-1"), code, text))
        return code, text

    await said(reader)
    offered = (await ask(b"EHLO client.test\r\n"))[1]
    mail = f"MAIL FROM:<{SENDER}>{' BODY=8BITMIME' * ('8BITMIME' in offered)}\r\n".encode()
    if preface:
        await ask(mail)
        await ask(f"RCPT TO:<{one.recipients[0]}>\r\n".encode())
        await ask(b"RSET\r\n")
    if (await ask(mail))[0] < 400:
        for to in one.recipients:
            if (await ask(f"RCPT TO:<{to}>{' NOTIFY=FAILURE' * ('DSN' in offered)}\r\n".encode()))[0] < 400:
                told.taken.append(to)
        if told.taken and (await ask(b"DATA\r\n"))[0] == 354:
            await ask(one.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    told.answered = True
    writer.write(b"QUIT\r\n")


@dataclass
class Standing:
    """A gate with both kinds of listener, its scripted next hop, and all that was sent."""

    solo: Solo
    sink: HopSink
    proxy: Proxy | None = None
    told: list[Told] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    """Letter's number, and the promise that was broken."""

    @property
    def hop(self) -> SmtpNextHop:
        return self.solo.worker.next_hop

    @property
    def data(self) -> Path:
        return self.solo.data

    def port(self, mode: str) -> int:
        return self.solo.addresses[mode][1]

    def next_letter(self, scenario: Scenario, recipients: int = 1) -> Letter:
        return letter(len(self.told) * STEP, scenario, recipients)

    async def send(self, scenario: Scenario, mode: str, recipients: int = 1, *, preface: bool = False) -> Told:
        one = self.next_letter(scenario, recipients)
        told = Told(one)
        self.told.append(told)
        heard = await tell(self.port(mode), one, preface=preface)
        told.replies, told.taken, told.answered = heard.replies, heard.taken, heard.answered
        return told

    async def quiet(self, within: float = 6.0) -> bool:
        """Wait until nothing is under way any more: neither messages nor transactions with the next hop."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            doors = self.solo.worker._doors
            busy = self.solo.worker.gate._running or any(d._work or d.connections for d in doors)
            if not busy and self.hop._room._value == self.hop.settings.connections:
                return True
            await asyncio.sleep(0.001)
        return False

    def pending(self) -> list[str]:
        return [p.name for p in (self.data / "quarantine" / "pending").iterdir()]

    def fail(self, told: Told, why: str) -> None:
        self.failures.append((told.letter.number, f"m{told.letter.number}: {why}; it heard {told.replies[-3:]}"))

    async def afterwards(self, told: Told) -> None:
        """What holds after each message: nothing is left, and the gate takes the next one."""
        if not await self.quiet():
            self.fail(told, "something is still under way")
        if self.pending():
            self.fail(told, f"left in pending: {self.pending()}")
        for _ in range(3):
            # With time-outs this short the machine alone may be the reason of a 451.
            if (await self.send(Scenario.ACCEPT, MODES[len(self.told) % 2])).code == 250:
                return
        self.fail(told, f"the gate takes no next message: {self.told[-1].replies[-2:]}")

    def judge(self) -> Truth:
        """The oracle's word on everything, once the gate is down."""
        delivered = delivered_in((t.rcpts, t.content) for _, t in self.sink.accepted)
        letters = [part for told in self.told for part in told.letters()]
        truth = Oracle(self.data).judge(letters, delivered)
        refs, answered = journalled(self.data)
        truth.failures += [
            f"{recipient}: taken by the next hop, and no answer is journalled"
            for recipient, _ in delivered
            if refs.get(recipient) not in answered
        ]
        self.failures += [(number_of(told), told) for told in truth.failures]
        return truth


def number_of(told: str) -> int:
    """Which letter a failure speaks of."""
    found = re.match(r"m(\d+)", told)
    return int(found[1]) // STEP * STEP if found else -1


def journalled(data: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The ref of each recipient with a verdict, and the outcome of each ref that was answered."""
    refs: dict[str, str] = {}
    answered: dict[str, str] = {}
    for item in read(data / "journal"):
        if isinstance(item, Record) and item.fields.get("kind") == "decided":
            refs |= {row["address"]: item.fields["ref"] for row in item.fields["recipients"]}
        elif isinstance(item, Record) and item.fields.get("kind") == "answered":
            answered[item.fields["ref"]] = item.fields["outcome"]
    return refs, answered


@contextlib.asynccontextmanager
async def standing(folder: Path, *, patience: float = 5.0, proxied: bool = False) -> AsyncIterator[Standing]:
    """A gate in this process, stopped in the end; `patience` are the seconds that the next hop has for each command."""
    async with HopSink() as sink, contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy(sink.port)) if proxied else None
        port = sink.port if proxy is None else proxy.port
        listeners = ", ".join(f"{{name: {m}, listen: '127.0.0.1:0', rcpt: {m}}}" for m in MODES)
        times = ", ".join(f"{k}: {patience}s" for k in ("connect", "command", "data_init", "data_block", "data_done"))
        more = {
            "listeners": f"[{listeners}]",
            "next_hop": f"{{hosts: ['127.0.0.1:{port}'], tls: {{mode: may}}, timeouts: {{{times}}}}}",
            "deadline": "5s",
        }
        file = write_settings(folder, port, more)
        (folder / "rules" / "test.yaml").write_text(RULES)
        loaded = load_config(file)
        assert loaded.config is not None, loaded.mistakes
        config = loaded.config
        solo = Solo(config, Logger(utc_now, stream=StringIO()), load_rulebook(config), lambda: config)
        await solo.start()
        try:
            yield Standing(solo, sink, proxy)
        finally:
            await solo.stop()


async def play(stand: Standing, case: Case) -> Told:
    """One case, and what has to hold after it."""
    sink = stand.sink
    await stand.hop.close()
    if case.reused:
        await stand.send(Scenario.ACCEPT, case.mode)
        await stand.quiet()
    sink.ehlo = {"xforward": FORWARDING, "starttls": (*EHLO[:-1], "STARTTLS", EHLO[-1])}.get(case.command, EHLO)
    good = Act(GREETING if case.command == "ehlo" else ORDINARY[case.command])
    sink.script = {case.command: [*[good] * case.position, case.act, good]}
    # Where the gate itself has no reason to reset, its client has one.
    preface = case.command == "rset" and case.scenario is Scenario.ACCEPT
    told = await stand.send(case.scenario, case.mode, case.recipients, preface=preface)
    if case.command == "quit":
        try:
            await asyncio.wait_for(stand.hop.close(), 4)
        except TimeoutError:
            stand.fail(told, "a silent next hop held up the goodbye")
    if not await stand.quiet():
        stand.fail(told, "something is still under way")
    sink.script, sink.ehlo = {}, EHLO
    judge_replies(stand, case, told)
    await stand.afterwards(told)
    return told


def judge_replies(stand: Standing, case: Case, told: Told) -> None:
    """Each command was answered, and a 5xx is the policy's or the next hop's own word on this message."""
    if not told.answered:
        stand.fail(told, "a command was not answered")
    for command, code, text in told.replies:
        if code < 500 or (case.scenario is Scenario.REFUSE and "peers.stop" in text):
            continue
        own = FIVE.search(text)
        if own is None or own[1] != case.command or case.command not in SPOKEN or case.misbehaviour != "5xx":
            stand.fail(told, f"a 5xx of our own making to {command}: {code} {text}")


@dataclass
class Result:
    """Runs and failures by case, and of the octets."""

    runs: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    broken: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


async def _work(folder: Path, todo: list[Case], patience: float, result: Result) -> None:
    played: dict[int, Case] = {}
    async with standing(folder, patience=patience) as stand:
        for case in todo:
            told = await play(stand, case)
            played[told.letter.number] = case
            result.runs[case.key] += 1
            result.outcomes[f"{case.misbehaviour} {told.code}"] += 1
    stand.judge()
    for number, why in stand.failures:
        # What became of the message after a case is the case's doing too.
        case_of = played.get(number) or played.get(max((n for n in played if n < number), default=-1))
        if case_of is not None:
            result.broken[case_of.key] += 1
        result.failures.append(f"{why} [{case_of}]")


async def matrix(folder: Path, todo: list[Case], brisk: int = 8, steady: int = 2) -> Result:
    """Play the cases: those that stall on gates with short time-outs, side by side."""
    result = Result()
    stalls = [c for c in todo if c.misbehaviour == "stalls"]
    others = [c for c in todo if c.misbehaviour != "stalls"]
    work = [(stalls[n::brisk], 0.3) for n in range(brisk)] + [(others[n::steady], 5.0) for n in range(steady)]
    await asyncio.gather(
        *(_work(folder / f"gate{n}", some, patience, result) for n, (some, patience) in enumerate(work) if some)
    )
    return result


@dataclass
class Octets:
    """What cutting the next hop's replies after each octet has shown."""

    runs: int = 0
    untold: int = 0
    """How often the next hop had taken a message whose acceptance the gate never read: RFC 1047's window."""
    failures: list[str] = field(default_factory=list)


async def octets(folder: Path, every: int = 1) -> Octets:
    """Cut the replies of one message's session after each Nth octet, and send them octet by octet."""
    seen = Octets()
    async with standing(folder, proxied=True) as stand:
        proxy = stand.proxy
        assert proxy is not None
        for scenario, mode in itertools.product((Scenario.ACCEPT, Scenario.MIXED), MODES):
            await stand.hop.close()
            proxy.slow = True
            told = await stand.send(scenario, mode)
            proxy.slow = False
            seen.runs += 1
            if told.code != 250:
                stand.fail(told, "octet by octet it was not understood")
            for end in range(0, proxy.spent, every):
                await stand.hop.close()
                proxy.budget = end
                before = len(stand.sink.accepted)
                told = await stand.send(scenario, mode)
                seen.runs += 1
                if not told.answered or any(code >= 500 for _, code, _ in told.replies):
                    stand.fail(told, f"cut after octet {end}")
                await stand.quiet()
                # A 2xx that was cut is none: what the next hop then has is for its sender to send again.
                new = stand.sink.accepted[before:]
                stand.sink.accepted[before:] = [(p, t) for p, t in new if p not in proxy.cut_ports]
                seen.untold += len(new) - len(stand.sink.accepted[before:])
                proxy.cut_ports.clear()
                await stand.afterwards(told)
    stand.judge()
    seen.failures = [why for _, why in stand.failures]
    return seen


def table(result: Result) -> Table:
    """Command x misbehaviour x recipients: runs, failures."""
    sizes = sorted({size for _, _, size in result.runs})
    made = Table("command", "misbehaviour", *(f"{s} rcpt: runs/failures" for s in sizes))
    for command in COMMANDS:
        for misbehaviour in acts(command):
            keys = [(command, misbehaviour, s) for s in sizes]
            made.add_row(command, misbehaviour, *(f"{result.runs[k]}/{result.broken[k]}" for k in keys))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    whole = parser.parse_args().all
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gate-hops-") as name:
        todo = list(cases((1, 3, 100) if whole else (1, 3), whole=whole))
        result = asyncio.run(matrix(Path(name), todo, brisk=16 if whole else 8))
        seen = asyncio.run(octets(Path(name) / "octets", 1 if whole else 17))
    Console().print(table(result))
    print(f"{sum(result.runs.values())} runs, {len(result.failures)} failures; last replies: {dict(result.outcomes)}")
    print(f"octets: {seen.runs} cuts, {len(seen.failures)} failures, {seen.untold} taken and never told")
    print(f"{time.monotonic() - started:.0f} s")
    for told in (result.failures + seen.failures)[:40]:
        print(told)
    sys.exit(1 if result.failures or seen.failures else 0)


if __name__ == "__main__":
    main()
