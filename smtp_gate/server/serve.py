"""`serve`: one supervisor, its workers and its keeper, forked from a process that has made what they share."""

import asyncio
import os
import resource
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from smtp_gate.adapters import control, metrics_shared
from smtp_gate.adapters.logs import Logger
from smtp_gate.adapters.metrics import Metrics
from smtp_gate.config import Config
from smtp_gate.server.children import Leash
from smtp_gate.server.extractors import roles as extractor_roles
from smtp_gate.server.keeper import Keeper
from smtp_gate.server.notify import notify
from smtp_gate.server.plan import EXTRACT, DataLock, Plan, make_plan
from smtp_gate.server.rules import Rulebook
from smtp_gate.server.sockets import METRICS
from smtp_gate.server.supervisor import Kind, Role, Supervisor
from smtp_gate.server.worker import Worker

SLACK = 15.0
"""Seconds that draining may take beyond the deadline of the last message."""


def serve(
    config: Config,
    logger: Logger,
    book: Rulebook,
    reread: Callable[[], Config | None],
    environment: Mapping[str, str] | None = None,
    *,
    settings: Path | None = None,
) -> int:
    """Run the gate until SIGTERM or SIGINT; the exit code. `settings` is the file that `reread` reads.

    Raises OSError where something is taken or cannot be written, ValueError for sockets that fit no listener.
    """
    environment = os.environ if environment is None else environment
    data = Path(config.data_dir)
    # A connection takes two descriptors or three; the soft limit is often far below what the settings allow.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    lock = DataLock(data)
    plan = replace(make_plan(config, logger, book, reread, environment), extract=data / EXTRACT, settings=settings)
    metrics_shared.make_room(plan.metrics, plan.slots)
    extracting = control.listen(data / EXTRACT)
    extractors = [_lighter(role, plan) for role in extractor_roles(extracting, config.extractors)]
    workers = [_worker_role(plan, slot) for slot in range(len(plan.slots))]
    roles = [*extractors, *workers, Role("keeper", Kind.KEEPER, partial(_keeper_main, plan))]
    told = partial(notify, environment)
    addresses = {name: ":".join(map(str, plan.sockets.address(name))) for name in plan.sockets.by_name}
    supervisor = Supervisor(
        roles,
        logger,
        grace=config.deadline + SLACK,
        ready=lambda: _ready(logger, addresses, told),
        stopping=lambda: _stopping(plan, told),
    )
    try:
        return supervisor.run()
    finally:
        plan.listening.close()
        extracting.close()
        lock.release()


def _worker_role(plan: Plan, slot: int) -> Role:
    name = plan.slots[slot]

    def buried() -> None:
        plan.board.clear(slot)
        metrics_shared.forget_present(plan.metrics, name)

    return Role(name, Kind.WORKER, partial(_worker_main, plan, slot), buried)


def _lighter(role: Role, plan: Plan) -> Role:
    """A place whose process lets go of every socket that clients connect to."""

    def main(leash: Leash) -> int:
        plan.sockets.close()
        plan.listening.close()
        return role.main(leash)

    return replace(role, main=main)


def _ready(logger: Logger, addresses: Mapping[str, str], told: Callable[[str], None]) -> None:
    logger.log("info", "ready", dict(addresses))
    told("READY=1")


def _stopping(plan: Plan, told: Callable[[str], None]) -> None:
    """Nobody shall wait in line for a gate that takes no more; a service manager's own socket stays open there."""
    plan.sockets.close()
    told("STOPPING=1")


def _worker_main(plan: Plan, slot: int, leash: Leash) -> int:
    plan.sockets.close(but=[listener.name for listener in plan.config.listeners])
    metrics_shared.write_into(plan.metrics, plan.slots[slot])
    plan.listening.close()

    async def life() -> int:
        return await Worker(plan, slot, Metrics()).run(leash)

    return _run(life())


def _keeper_main(plan: Plan, leash: Leash) -> int:
    plan.sockets.close(but=[METRICS])

    async def life() -> int:
        return await Keeper(plan, lambda: metrics_shared.text(plan.metrics)).run(leash)

    return _run(life())


def _run(life: Coroutine[Any, Any, int]) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(life)
