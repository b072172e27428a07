"""Carries out the plan of bench/faults.py: kills, stops, cuts, and notes when each began and ended.

A fault of a process ends with the agent's next start, which its own start line tells; others end
when the injector ends them. What nobody has mended after `PATIENCE_SECONDS` is mended here and
counts as given up.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import signal
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg

from faults_agent import DELAY_SECONDS, full_at, starts
from faults_plan import (
    BACKEND_KILLED,
    BRIDGE_KILLED,
    BRIDGES_STOPPED,
    KILLED_WHILE_BLIND,
    SERVER_CRASH,
    SERVER_STOPPED,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from common import Bench
    from faults_bridges import Bridges
    from faults_cut import Network
    from faults_plan import Fault

PATIENCE_SECONDS = 150.0
SHORT_HANG = 0.6  # of the time until the deadline
KILLS = ("kill", KILLED_WHILE_BLIND, "parent dies", "broken", "dead after maintenance")
STOPS = ("hang", "short hang", "hang in maintenance")
FILES = {
    "deadlock": "block",
    "errors": "errors",
    "leak": "leak",
    "slow-down": "slow",
    "flapping": "flapping",
    "goodbye": "goodbye",
}


@dataclass(slots=True)
class Injector:
    """Does what the plan says when its time comes."""

    bench: Bench
    dbname: str
    folder: Path
    bridges: Bridges
    network: Network
    random: Random
    _queue: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    def carry_out(self, faults: list[Fault]) -> None:
        """All of them; returns when the last one has ended."""
        zero = time.time()
        for fault in faults:
            self._at(zero + fault.at, lambda fault=fault: self._begin(fault))
        while self._queue:
            at, _, act = heapq.heappop(self._queue)
            time.sleep(max(0.0, at - time.time()))
            act()

    def _at(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), act))

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(time.time() + seconds, act)

    def _begin(self, fault: Fault) -> None:
        if fault.is_monitors:
            self._trouble_the_monitor(fault)
        elif fault.kind in ("hang in maintenance", "dead after maintenance"):
            self._announce(fault)
        else:
            self._hurt(fault)

    def _announce(self, fault: Fault) -> None:
        until = time.time() + fault.seconds
        if not self._run(
            "SELECT health.schedule_maintenance(jsonb_build_object('agent_id', %s::text),"
            " clock_timestamp(), to_timestamp(%s), 'bench', 'its disk is changed')",
            fault.agent,
            until,
        ):
            fault.is_given_up = True
            return
        if fault.kind == "dead after maintenance":
            fault.page_from = until
        self._in(2, lambda: self._hurt(fault))
        if fault.kind == "hang in maintenance":
            self._at(until - 6, lambda: self._end(fault))

    def _hurt(self, fault: Fault) -> None:
        pid = self.pid(fault.agent)
        fault.begin = time.time()
        if fault.kind in ("broken", "parent dies"):
            folder = "broken" if fault.kind == "broken" else "delays"
            (self.folder / folder / fault.agent).touch()
        if fault.kind in KILLS:
            _signal(pid, signal.SIGKILL)
        elif fault.kind in STOPS:
            if fault.kind == "short hang":
                self._in(self._harmless_seconds(fault.agent), lambda: self._end(fault))
            _signal(pid, signal.SIGSTOP)
        elif fault.kind == "network loss":
            self.network.cut(fault.agent)
        else:
            facts: dict[str, object] = {"kind": FILES[fault.kind]}
            if fault.kind != "flapping":
                facts["pid"] = pid
            (self.folder / "faults" / fault.agent).write_text(json.dumps(facts))
        if fault.seconds and fault.page_from is None and fault.kind != "hang in maintenance":
            self._in(fault.seconds, lambda: self._end(fault))
        elif fault.is_restarted:
            self._await_restart(fault, pid)

    def _await_restart(self, fault: Fault, pid: int) -> None:
        assert fault.begin is not None
        fault.ill_from = full_at(self.folder, fault.agent, pid)
        after = [start for start in starts(self.folder, fault.agent) if start[0] > fault.begin]
        if after:
            is_slow = fault.kind == "parent dies"
            fault.end = after[0][0] + (DELAY_SECONDS if is_slow else 0)
        elif time.time() > (fault.page_from or fault.begin) + PATIENCE_SECONDS:
            fault.is_given_up, fault.end = True, time.time()
            (self.folder / "faults" / fault.agent).unlink(missing_ok=True)
            self._ask_for_restart(fault)
        else:
            self._in(0.5, lambda: self._await_restart(fault, pid))

    def _end(self, fault: Fault) -> None:
        """End a fault that lasts as long as the injector wants."""
        fault.end = time.time()
        if fault.kind in STOPS:
            _signal(self.pid(fault.agent), signal.SIGCONT)
        elif fault.kind == "network loss":
            self.network.mend(fault.agent)
        elif fault.kind == "flapping":
            (self.folder / "faults" / fault.agent).unlink(missing_ok=True)
        elif fault.kind in ("goodbye", "broken"):
            (self.folder / "broken" / fault.agent).unlink(missing_ok=True)
            fault.end = None
            self._ask_for_restart(fault)

    def _ask_for_restart(self, fault: Fault) -> None:
        """As a person does, again while the database is away; then wait until the agent runs."""
        done = starts(self.folder, fault.agent)[-1][0]
        give_up_at = time.time() + PATIENCE_SECONDS

        def ask() -> None:
            is_asked = self._run(
                "SELECT health.request_recovery(%s, 'agent_unresponsive', 'bench')", fault.agent
            )
            self._in(1 if is_asked else 5, look if is_asked else ask_again)

        def ask_again() -> None:
            if self._has_started(fault.agent, done) or time.time() > give_up_at:
                look()
            else:
                ask()

        def look() -> None:
            if self._has_started(fault.agent, done):
                fault.end = starts(self.folder, fault.agent)[-1][0]
            elif time.time() < give_up_at:
                self._in(1, look)

        ask()

    def _has_started(self, agent: str, since: float) -> bool:
        return starts(self.folder, agent)[-1][0] > since

    def _harmless_seconds(self, agent: str) -> float:
        """A part of what the engine itself says it would wait."""
        row = None
        with contextlib.suppress(psycopg.Error), self.bench.connect(self.dbname) as connection:
            row = connection.execute(
                "SELECT unresponsive_after_seconds"
                " - extract(epoch FROM clock_timestamp() - last_heartbeat_at)::float8"
                " FROM health.expectations WHERE agent_id = %s",
                (agent,),
            ).fetchone()
        return max(0.2, SHORT_HANG * (row[0] if row and row[0] else 1.0))

    def _trouble_the_monitor(self, fault: Fault) -> None:
        fault.begin = time.time()
        server = self.bench.server
        if fault.kind == BRIDGE_KILLED:
            self.bridges.kill(self.random)
        elif fault.kind == BACKEND_KILLED:
            with self.bench.connect(self.dbname) as connection:
                row = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
                ).fetchone()
            if row:
                _signal(row[0], signal.SIGKILL)
        elif fault.kind == BRIDGES_STOPPED:
            self.bridges.signal_all(signal.SIGSTOP)
            self._in(fault.seconds, lambda: self._monitor_back(fault))
            return
        elif fault.kind == SERVER_CRASH and server:
            server.restart("immediate")
        elif fault.kind == SERVER_STOPPED and server:
            server.stop("immediate")
            self._in(fault.seconds, lambda: self._monitor_back(fault))
            return
        fault.end = time.time()

    def _monitor_back(self, fault: Fault) -> None:
        if fault.kind == BRIDGES_STOPPED:
            self.bridges.signal_all(signal.SIGCONT)
        elif self.bench.server:
            self.bench.server.start()
        fault.end = time.time()

    def pid(self, agent: str) -> int:
        """The agent's process at present."""
        return starts(self.folder, agent)[-1][1]

    def _run(self, statement: str, *values: object) -> bool:
        try:
            with self.bench.connect(self.dbname) as connection:
                connection.execute(statement.encode(), values)
        except psycopg.Error as error:
            print(f"  {statement[:40]}…: {str(error).splitlines()[0]}", flush=True)
            return False
        return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
