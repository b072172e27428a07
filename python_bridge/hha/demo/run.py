"""The course of the demo: start, wait for health, inject, watch, judge. At most 90 s in all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg

from hha.demo.evidence import Evidence, database_time, read_evidence
from hha.demo.faults import FAULTS, Injection, inject
from hha.demo.messages import Told, told, unheard
from hha.demo.receivers import RECEIVERS, Inbox, open_inbox
from hha.demo.scenario import BRIDGE_AGENT, BRIDGE_NAME, demo_agents, not_ready
from hha.demo.temporary import temporary_database, temporary_home
from hha.demo.timeline import timeline
from hha.demo.trace import Trace, disturbances, trace
from hha.deploy import deploy
from hha.errors import HhaError
from hha.fleet_table import plain_lines
from hha.snapshot import Snapshot, read_snapshot
from hha.stack.agents import AgentSpec, write_config
from hha.stack.folder import Folder, owned
from hha.stack.processes import bridge_failure, bridge_process, embedded_server

LIMIT_SECONDS = 80.0  # leaves ten for stopping everything
READY_SECONDS = 40.0
POLL_SECONDS = 0.5
# A relapse is restarted again after the back-off of the standard policy, 10 s: wait for it.
SETTLE_SECONDS = 12.0

Say = Callable[[str], None]
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found: one trace per fault, and what should not have been.

    ``told``: per trace, the messages that arrived at the receivers; ``disturbed``: events of agents
    that nobody touched; ``wrong_restarts``: faulty agents that were restarted more than once or not
    at all; ``unwell``: agents that are not healthy at the end.
    """

    traces: list[Trace]
    told: list[list[Told]]
    disturbed: list[str]
    wrong_restarts: list[str]
    unwell: list[str]

    @property
    def is_success(self) -> bool:
        """Every fault detected, told, recovered and verified, every other agent left in peace."""
        return not (
            self.disturbed
            or self.wrong_restarts
            or any(item.missing for item in self.traces)
            or any(unheard(messages) for messages in self.told)
        )


class Interrupted(HhaError):
    """The demo was stopped from outside before it could judge."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Stage:
    """What a running demo needs at hand."""

    folder: Folder
    agents: Sequence[AgentSpec]
    connection: Connection
    bridge: asyncio.subprocess.Process
    inbox: Inbox
    stop: asyncio.Event
    say: Say

    async def pause(self, seconds: float = POLL_SECONDS) -> None:
        """Wait; raises when the demo is to stop or the bridge ended."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
        if self.stop.is_set():
            raise Interrupted("interrupted before the demo was over")
        if self.bridge.returncode is not None:
            raise bridge_failure(self.folder, self.bridge.returncode)

    def process_ids(self) -> dict[str, int]:
        """The process of each agent that runs, the bridge included."""
        found = {BRIDGE_AGENT: self.bridge.pid}
        for agent in self.agents:
            if process := self.folder.process(agent.agent_id):
                found[agent.agent_id] = process.pid
        return found


async def run_demo(dsn: str | None, stop: asyncio.Event, say: Say) -> Outcome:
    """Run the whole demo in a temporary folder; everything started is stopped, come what may."""
    deadline = time.monotonic() + LIMIT_SECONDS
    agents = demo_agents()
    with temporary_home() as home, owned(Folder(home / "demo")) as ownership:
        folder = ownership.folder
        async with contextlib.AsyncExitStack() as resources:
            if dsn is None:
                server = await resources.enter_async_context(
                    embedded_server(home, ownership, {"fsync": "off"})
                )
                say(f"embedded PostgreSQL started, temporary data in {server.data_dir}")
                dsn = server.dsn
            else:
                dsn = await resources.enter_async_context(temporary_database(dsn))
                say("temporary database created on the server that was named")
            changes = await asyncio.to_thread(deploy, dsn)
            say(f"schema deployed: {len(changes)} changes")
            inbox = await resources.enter_async_context(open_inbox())
            await asyncio.to_thread(name_channels, dsn)
            write_config(folder, agents, BRIDGE_NAME, inbox.channels(folder.path))
            bridge = await resources.enter_async_context(bridge_process(folder, dsn, agents))
            connection = await resources.enter_async_context(
                await psycopg.AsyncConnection.connect(dsn, autocommit=True)
            )
            stage = Stage(folder, agents, connection, bridge, inbox, stop, say)
            await wait_until_ready(stage)
            return await break_and_watch(stage, deadline)


def name_channels(dsn: str) -> None:
    """Let the database know the channels to the receivers, by name and kind."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for channel, kind in RECEIVERS.items():
            connection.execute("SELECT health.set_channel(%s, %s, 'warning')", (channel, kind))


async def wait_until_ready(stage: Stage) -> None:
    """Wait until every agent is alive and excellent or good."""
    stage.say(f"waiting until {len(stage.agents)} agents are alive and well")
    limit = time.monotonic() + READY_SECONDS
    expected = [agent.agent_id for agent in stage.agents]
    previous: Snapshot | None = None
    while True:
        snapshot = await read_snapshot(stage.connection)
        for line in plain_lines(snapshot, previous):
            stage.say(line)
        previous = snapshot
        reasons = not_ready(snapshot.fleet, [*expected, BRIDGE_AGENT])
        missing = [agent_id for agent_id in expected if agent_id not in stage.process_ids()]
        if not reasons and not missing:
            return
        if time.monotonic() > limit:
            raise HhaError(
                "the fleet did not become healthy: "
                + "; ".join(reasons or [f"no process of {', '.join(missing)}"]),
                hint="The bridge's last lines:\n" + stage.folder.log_tail(),
            )
        await stage.pause()


async def break_and_watch(stage: Stage, deadline: float) -> Outcome:
    """Inject every fault, then watch until all are cured or the time is over."""
    before = stage.process_ids()
    started_at = await database_time(stage.connection)
    offset = started_at - datetime.now(UTC)
    injections: list[Injection] = []
    for fault in FAULTS:
        moment = await database_time(stage.connection)
        injections.append(inject(fault, before[fault.agent_id], moment))
        stage.say(
            f"{moment:%H:%M:%S.%f}"[:-3] + f" FAULT {fault.name}: {fault.signal.name} to process"
            f" {before[fault.agent_id]} of {fault.agent_id}"
        )
    shown: set[str] = set()
    cured_at: float | None = None
    while True:
        evidence = await read_evidence(stage.connection, started_at)
        traces = [trace(injection, evidence) for injection in injections]
        messages = [told(item, evidence, stage.inbox.arrivals, offset) for item in injections]
        lines = timeline(evidence)
        lines += [
            f"{arrival.receiver} received: {arrival.headline}" for arrival in stage.inbox.arrivals
        ]
        for line in lines:
            if line not in shown:
                stage.say(line)
        shown.update(lines)
        now = time.monotonic()
        is_cured = not any(item.missing for item in traces) and not any(map(unheard, messages))
        if cured_at is None and is_cured:
            cured_at = now
            stage.say(f"every fault is cured; watching {SETTLE_SECONDS:.0f} s whether it lasts")
        if now > (deadline if cured_at is None else min(deadline, cured_at + SETTLE_SECONDS)):
            return await judge(stage, injections, before, started_at, offset)
        await stage.pause()


async def judge(
    stage: Stage,
    injections: list[Injection],
    before: dict[str, int],
    started_at: datetime,
    offset: timedelta,
) -> Outcome:
    """Compare what the database says with the processes themselves."""
    evidence: Evidence = await read_evidence(stage.connection, started_at)
    now = stage.process_ids()
    touched = frozenset(injection.fault.agent_id for injection in injections)
    traces = [trace(injection, evidence) for injection in injections]
    wrong = [
        f"{item.injection.fault.agent_id} was restarted {item.restart_count} times"
        for item in traces
        if item.restart_count > 1
    ]
    wrong += [
        f"{agent_id}: process {before[agent_id]} was not replaced"
        for agent_id in sorted(touched)
        if now.get(agent_id) in (None, before[agent_id]) or _still_runs(before[agent_id])
    ]
    snapshot = await read_snapshot(stage.connection)
    unwell = not_ready(snapshot.fleet, before)
    messages = [told(item, evidence, stage.inbox.arrivals, offset) for item in injections]
    return Outcome(traces, messages, disturbances(evidence, touched, before, now), wrong, unwell)


def _still_runs(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
