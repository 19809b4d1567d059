"""The next hop's client against a scripted sink: what is delivered, to whom, and what every misbehaviour becomes."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gate.adapters.next_hop import SmtpNextHop
from smtp_gate.adapters.next_hop_settings import HopSettings, HopTimes
from smtp_gate.core.message import Client, Envelope, Recipient
from smtp_gate.core.ports import Attempt
from smtp_gate.core.reply import Reply
from tests.builders import envelope, listener, path
from tests.sinks import EHLO, Act, Sink

QUICK = HopTimes(connect=1, command=0.15, data=0.15, block=0.15, dot=0.15, idle=30, down=0)
CONTENT = b"Subject: x\r\n\r\n.one dot\r\n..two\r\n.\r\nend\r\n"


def hop_to(*sinks: Sink, times: HopTimes = QUICK, connections: int = 100, uses: int = 500) -> SmtpNextHop:
    hosts = tuple(("127.0.0.1", s.port) for s in sinks)
    return SmtpNextHop(HopSettings(hosts, times=times, connections=connections, uses=uses))


def always() -> bool:
    return True


async def deliver(
    hop: SmtpNextHop,
    env: Envelope,
    octets: Sequence[bytes] = (CONTENT,),
    *,
    chosen: Sequence[int] | None = None,
    may_finish: Callable[[], bool] = always,
) -> tuple[Reply, Attempt | None]:
    """The whole course of one message: begin, every RCPT, send to the chosen or all accepted."""
    attempt = await hop.begin(env)
    if isinstance(attempt, Reply):
        return attempt, None
    replies = [await attempt.rcpt(r) for r in env.recipients]
    accepted = [r for r in replies if r.positive]
    if not accepted:
        await attempt.abort()
        return replies[0], attempt
    reply = await attempt.send(octets, range(len(accepted)) if chosen is None else chosen, may_finish)
    await attempt.abort()
    return reply, attempt


async def test_envelope_and_content_arrive_byte_for_byte() -> None:
    env = Envelope(
        path("dokafor@milwaukee.gov"),
        (Recipient(path("a@example.org"), (b"NOTIFY=SUCCESS,DELAY", b"ORCPT=rfc822;A+2Bb@example.org")),),
        Client("127.0.0.1"),
        listener(),
        (b"SIZE=120", b"BODY=8BITMIME", b"RET=HDRS", b"ENVID=QqX+2B1"),
    )
    async with Sink() as sink:
        hop = hop_to(sink)
        reply, attempt = await deliver(hop, env, (b"Received: x\r\n", CONTENT))
        await hop.close()
    assert str(reply) == "250 2.0.0 queued as SINK"
    assert attempt is not None
    assert attempt.dot_sent
    (got,) = sink.transactions
    assert got.mail == b"MAIL FROM:<dokafor@milwaukee.gov> SIZE=120 BODY=8BITMIME RET=HDRS ENVID=QqX+2B1"
    assert got.rcpts == [b"RCPT TO:<a@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;A+2Bb@example.org"]
    assert got.content == b"Received: x\r\n" + CONTENT


async def test_one_connection_carries_many_messages_and_is_left_politely() -> None:
    async with Sink() as sink:
        hop = hop_to(sink)
        for _ in range(5):
            assert (await deliver(hop, envelope()))[0].code == 250
        await hop.close()
        assert sink.connections == 1
        assert len(sink.transactions) == 5
        assert sink.commands[-1] == b"QUIT"


async def test_a_connection_is_replaced_after_its_share() -> None:
    async with Sink() as sink:
        hop = hop_to(sink, uses=2)
        for _ in range(4):
            await deliver(hop, envelope())
        assert sink.connections == 2


async def test_a_subset_is_reset_and_asked_again() -> None:
    env = envelope(to=["a@example.org", "b@example.org", "c@example.org"])
    async with Sink() as sink:
        reply, _ = await deliver(hop_to(sink), env, chosen=[0, 2])
    assert reply.code == 250
    (got,) = sink.transactions
    assert got.rcpts == [b"RCPT TO:<a@example.org>", b"RCPT TO:<c@example.org>"]
    assert sink.counts["rset"] == 1


async def test_one_of_three_refused_at_rcpt_and_another_after_rset_delivers_nothing() -> None:
    ok, no = Act(b"250 2.1.5 ok\r\n"), Act(b"550 5.1.1 gone\r\n")
    env = envelope(to=["a@example.org", "b@example.org", "c@example.org"])
    async with Sink({"rcpt": [ok, no, ok, no, ok]}) as sink:
        reply, attempt = await deliver(hop_to(sink), env, chosen=[0])
    assert reply.code == 451
    assert attempt is not None
    assert not attempt.dot_sent
    assert not sink.transactions
    assert b"DATA" not in sink.commands


async def test_without_leave_to_finish_no_dot_is_sent() -> None:
    async with Sink() as sink:
        reply, attempt = await deliver(hop_to(sink), envelope(), may_finish=lambda: False)
        await asyncio.sleep(0.05)
    assert str(reply) == "451 4.4.2 not finished in time"
    assert attempt is not None
    assert not attempt.dot_sent
    assert not sink.transactions
    assert not any(raw.endswith(b"\r\n.\r\n") for raw in sink.cut)


async def test_a_hop_that_idled_out_during_the_upload_is_dialled_again_once() -> None:
    async with Sink() as sink:
        hop = hop_to(sink)
        attempt = await hop.begin(envelope())
        assert not isinstance(attempt, Reply)
        await attempt.rcpt(envelope().recipients[0])
        for task in list(sink._tasks):
            task.cancel()
        await asyncio.sleep(0.05)
        reply = await attempt.send((CONTENT,), [0], always)
        assert reply.code == 250
        assert sink.connections == 2
        assert len(sink.transactions) == 1


async def test_a_dead_pooled_connection_is_replaced_before_data() -> None:
    stop = [Act(b"421 4.4.2 bye\r\n", close=True), Act(b"250 2.1.0 ok\r\n")]
    async with Sink({"mail": [Act(b"250 ok\r\n"), *stop]}) as sink:
        hop = hop_to(sink)
        assert (await deliver(hop, envelope()))[0].code == 250
        assert (await deliver(hop, envelope()))[0].code == 250
        assert sink.connections == 2


async def test_the_next_host_is_tried_when_the_first_is_dead_or_not_ready() -> None:
    async with Sink({"connect": [Act(b"554 5.3.2 not today\r\n", close=True)]}) as first, Sink() as second:
        settings_ = HopSettings((("127.0.0.1", 1), ("127.0.0.1", first.port), ("127.0.0.1", second.port)), times=QUICK)
        reply, _ = await deliver(SmtpNextHop(settings_), envelope())
    assert reply.code == 250
    assert len(second.transactions) == 1


async def test_a_refusing_banner_everywhere_is_temporary() -> None:
    async with Sink({"connect": [Act(b"554 5.3.2 not today\r\n", close=True)]}) as only:
        reply, _ = await deliver(hop_to(only), envelope())
    assert (reply.code, reply.enhanced) == (451, "4.4.1")


async def test_what_the_hop_no_longer_offers_is_a_temporary_refusal() -> None:
    env = Envelope(
        path("a@milwaukee.gov"), (Recipient(path("b@example.org")),), Client("::1"), listener(), (b"RET=HDRS",)
    )
    async with Sink(ehlo=("SIZE 1000",)) as sink:
        reply, _ = await deliver(hop_to(sink), env)
    assert str(reply) == "451 4.3.5 next hop does not offer DSN now"


async def test_size_and_auth_are_left_out_where_they_mean_nothing() -> None:
    params = (b"SIZE=10", b"AUTH=<>", b"BODY=7BIT")
    env = Envelope(path("a@milwaukee.gov"), (Recipient(path("b@example.org")),), Client("::1"), listener(), params)
    async with Sink(ehlo=()) as sink:
        reply, _ = await deliver(hop_to(sink), env)
    assert reply.code == 250
    assert sink.transactions[0].mail == b"MAIL FROM:<a@milwaukee.gov>"


async def test_xforward_tells_the_hop_about_our_client() -> None:
    client = Client(
        "10.1.2.3", helo="pc+1", forwarded=(("NAME", "pc 1.example"), ("ADDR", "192.0.2.1"), ("SOURCE", "LOCAL"))
    )
    env = Envelope(path("a@milwaukee.gov"), (Recipient(path("b@example.org")),), client, listener())
    async with Sink(ehlo=("XFORWARD NAME ADDR HELO",)) as sink:
        await deliver(hop_to(sink), env)
    assert sink.transactions[0].xforward == [b"XFORWARD NAME=pc+201.example ADDR=192.0.2.1"]


async def test_connections_stay_within_bounds() -> None:
    async with Sink() as sink:
        hop = hop_to(sink, connections=3, times=HopTimes())
        replies = await asyncio.gather(*(deliver(hop, envelope()) for _ in range(20)))
        assert {r.code for r, _ in replies} == {200 + 50}
        assert sink.connections <= 3
        assert len(sink.transactions) == 20


STAGES = ("connect", "ehlo", "mail", "rcpt", "rset", "data", "dot")
MISBEHAVIOURS = {
    "4xx": Act(b"451 4.3.0 later\r\n"),
    "421": Act(b"421 4.3.2 closing\r\n", close=True),
    "5xx": Act(b"554 5.0.0 never\r\n"),
    "close": Act(close=True),
    "stall": Act(stall=True),
    "garbage": Act(b"\xff\xfe\x00 hello\r\n"),
    "endless": Act(b"250-" + b"x" * 70_000),
    "many lines": Act(b"250-more\r\n" * 5_000),
    "odd code": Act(b"250 2.0.0 not what you asked\r\n"),
}


@pytest.mark.parametrize("recipients", [1, 3, 100])
@pytest.mark.parametrize("how", MISBEHAVIOURS)
@pytest.mark.parametrize("stage", STAGES)
async def test_no_misbehaviour_becomes_a_5xx_of_ours_or_a_delivery_without_leave(
    stage: str, how: str, recipients: int
) -> None:
    env = envelope(to=[f"r{i}@example.org" for i in range(recipients)])
    asked: list[bool] = []

    def may_finish() -> bool:
        asked.append(True)
        return True

    chosen = [0] if stage == "rset" and recipients > 1 else None
    async with Sink({stage: [MISBEHAVIOURS[how]]}) as sink:
        hop = hop_to(sink)
        reply, attempt = await deliver(hop, env, chosen=chosen, may_finish=may_finish)
        delivered = len(sink.transactions)
    if reply.permanent:
        assert how == "5xx"
        assert stage in {"mail", "rcpt", "data", "dot"}
        assert str(reply) == "554 5.0.0 never"
    assert bool(asked) == bool(delivered) or not delivered
    assert not delivered or (attempt is not None and attempt.dot_sent)
    if reply.positive:
        assert delivered == 1


async def test_a_reply_split_into_single_octets_is_read_whole() -> None:
    slow = Act(b"250-2.0.0 queued\r\n250 2.0.0 as 1\r\n", slowly=True)
    async with Sink({"dot": [slow]}) as sink:
        reply, _ = await deliver(hop_to(sink), envelope())
    assert reply == Reply(250, "2.0.0", ("queued", "as 1"))


LINES = st.lists(st.binary(max_size=60).map(lambda b: b.translate(None, b"\r\n\0")), max_size=30)


@given(lines=LINES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_lines_arrive_as_they_left(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    async with Sink(ehlo=EHLO) as sink:
        hop = hop_to(sink, times=HopTimes())
        reply, _ = await deliver(hop, envelope(), (b"Received: x\r\n", content))
        await hop.close()
    assert reply.code == 250
    assert sink.transactions[0].content == b"Received: x\r\n" + content


@pytest.mark.parametrize("bad", [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n", b"no end", b"a\r\n.\n\r\n", b"\r\n.\r\r\n"])
async def test_broken_line_ends_never_reach_the_wire(bad: bytes) -> None:
    async with Sink() as sink:
        reply, attempt = await deliver(hop_to(sink), envelope(), (bad,))
        await asyncio.sleep(0.02)
    assert reply.code == 451
    assert attempt is not None
    assert not attempt.dot_sent
    assert not sink.transactions
    assert all(bad not in raw for raw in sink.cut)


async def test_a_large_message_flows_through_a_slow_reader() -> None:
    content = (b"x" * 998 + b"\r\n") * 10_000
    async with Sink() as sink:
        reply, _ = await deliver(hop_to(sink, times=HopTimes()), envelope(), (content,))
    assert reply.code == 250
    assert sink.transactions[0].content == content


@pytest.mark.parametrize(
    "script",
    [
        {"data": [Act(b"354 go on\r\n250 2.0.0 queued as NOTHING\r\n")], "dot": [Act(b"554 5.7.1 no\r\n")]},
        {"rcpt": [Act(b"250 2.1.5 ok\r\n354 go on\r\n")], "data": [Act(b"554 5.5.1 no\r\n")]},
        {"mail": [Act(b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n")], "rcpt": [Act(b"550 5.1.1 no\r\n")]},
    ],
)
async def test_a_reply_given_before_it_was_asked_for_is_never_taken_for_the_answer(
    script: dict[str, list[Act]],
) -> None:
    async with Sink(script) as sink:
        hop = hop_to(sink)
        reply, _ = await deliver(hop, envelope())
        await hop.close()
    assert (reply.code, reply.enhanced) == (451, "4.5.0")
    assert not sink.transactions
