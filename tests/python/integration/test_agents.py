"""Agents against a database: what arrives, what survives, and who notices a death."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from servers.waiting import until, until_async

from hha import BaseAgent, SharedState
from hha.agents.performance_monitor import PerformanceMonitor
from hha.errors import DatabaseUnavailable, InvalidInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LIMIT_SECONDS = 60.0
BEATS = "SELECT * FROM health.agent_heartbeats WHERE agent_id = %s ORDER BY received_at, txid"
LOCKS = """
SELECT l.pid
FROM pg_locks AS l
JOIN health.agents AS a
    ON a.agent_number = (l.classid::bigint << 32) | l.objid::bigint
JOIN pg_database AS d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND a.agent_id = %s
"""


class Database:
    """A second pair of eyes on the database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self.name = self._connection.info.dbname
        self._pid = self._connection.info.backend_pid

    def rows(self, query: str, *params: object) -> list[dict[str, Any]]:
        return self._connection.execute(query.encode(), params).fetchall()

    def run(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def states(self, agent_id: str) -> list[str]:
        return [row["state"] for row in self.rows(BEATS, agent_id)]

    def end_other_sessions(self) -> None:
        self.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> %s",
            self._pid,
        )

    def allow_connections(self, is_allowed: bool) -> None:
        elsewhere = make_conninfo(self.dsn, dbname="postgres")
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            connection.execute(
                f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS {is_allowed}'.encode()
            )

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def database(deployed_database: str) -> Iterator[Database]:
    watcher = Database(deployed_database)
    yield watcher
    watcher.close()


class Counter(BaseAgent):
    """Ten lines and a few switches for the tests."""

    is_broken = False
    rounds = 0

    async def do_work(self) -> int:
        self.rounds += 1
        if self.is_broken:
            raise RuntimeError("out of paper")
        return 1


@contextlib.asynccontextmanager
async def running(agent: BaseAgent) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(agent.run())
    try:
        yield task
    finally:
        await agent.stop()
        await asyncio.wait_for(task, LIMIT_SECONDS)


def new_counter(state: SharedState, **options: Any) -> Counter:
    return Counter("counter", state, **({"interval": 0.05, "heartbeat_interval": 0.1} | options))


async def test_an_agent_registers_beats_and_says_goodbye(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        agent = new_counter(state, memory_limit_mb=512.0)
        async with running(agent):
            await until_async(lambda: database.states("counter").count("running") > 3)
            await until_async(lambda: database.rows(LOCKS, "counter"))
    states = database.states("counter")
    assert states.index("initializing") < states.index("active") < states.index("running")
    assert states[-1] == "stopped"
    beats = [row for row in database.rows(BEATS, "counter") if row["sent_at"] is not None]
    last = beats[-1]
    assert {row["run_id"] for row in beats} == {agent.run_id}
    assert 0 < last["work_items_processed"] <= agent.work_items_processed
    assert last["error_count"] == 0
    assert last["memory_limit_mb"] == 512.0
    assert last["memory_usage_mb"] > 1
    assert 0 <= last["cpu_usage_percent"] <= 100
    assert any(row["average_processing_time_ms"] is not None for row in beats)
    assert all(row["cost_efficiency"] is None for row in beats)
    (registered,) = database.rows("SELECT * FROM health.agents WHERE agent_id = 'counter'")
    assert registered["agent_type"] == "Counter"
    assert registered["expected_interval"].total_seconds() == pytest.approx(0.1)


async def test_the_nested_form_fills_the_columns(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        await state.register_agent("nested", {"agent_type": "Old", "capabilities": ["x"]})
        assert await state.update_agent_heartbeat(
            "nested",
            datetime.now(UTC),
            {
                "state": "idle",
                "performance_metrics": {"work_items_processed": 7, "last_successful_work": None},
                "resource_usage": {"cpu_usage_percent": 12.5, "memory_usage_mb": 64},
                "error_count": 2,
                "business_metrics": {
                    "cost_efficiency": 90,
                    "user_satisfaction_impact": 80,
                    "revenue_impact": -3.5,
                    "operational_efficiency": 70,
                },
                "queue_length": 5,
            },
        )
    (beat,) = database.rows(BEATS, "nested")
    expected = {
        "state": "idle",
        "work_items_processed": 7,
        "cpu_usage_percent": 12.5,
        "memory_usage_mb": 64,
        "error_count": 2,
        "cost_efficiency": 90,
        "user_satisfaction": 80,
        "revenue_impact_usd": -3.5,
        "operational_efficiency": 70,
    }
    assert {name: beat[name] for name in expected} == expected
    assert beat["attributes"]["queue_length"] == 5


async def test_long_work_does_not_silence_an_agent(database: Database) -> None:
    class Slow(Counter):
        async def do_work(self) -> int:
            await asyncio.Event().wait()
            return 1

    async with SharedState(database.dsn) as state:
        agent = Slow("counter", state, interval=1, heartbeat_interval=0.1, stop_grace=0.1)
        async with running(agent):
            await until_async(lambda: database.states("counter").count("running") > 5)


async def test_state_error_is_reported_and_beats_go_on(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        agent = new_counter(state, error_wait=0.2)
        agent.is_broken = True
        async with running(agent):
            await until_async(lambda: database.states("counter").count("error") > 4)
            agent.is_broken = False
            await until_async(lambda: agent.state == "running")
            await until_async(lambda: database.states("counter")[-1] == "running")
    events = database.rows(
        "SELECT * FROM health.system_events WHERE event_type = 'agent_error' AND agent_id = %s",
        "counter",
    )
    assert len(events) == agent.error_count >= 4
    assert events[0]["severity"] == "error"
    assert events[0]["event_data"]["error_message"] == "out of paper"
    assert max(row["error_count"] or 0 for row in database.rows(BEATS, "counter")) >= 4


async def test_an_agent_survives_the_loss_of_the_database(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with SharedState(database.dsn) as state:
        agent = new_counter(state)
        async with running(agent):
            await until_async(lambda: database.rows(LOCKS, "counter"))
            (first_lock,) = database.rows(LOCKS, "counter")
            database.allow_connections(False)
            try:
                database.end_other_sessions()
                rounds, beats = agent.rounds, len(database.states("counter"))
                await until_async(lambda: agent.rounds > rounds + 10)
                assert len(database.states("counter")) == beats
            finally:
                database.allow_connections(True)
            await until_async(lambda: len(database.states("counter")) > beats + 3)
            await until_async(lambda: database.rows(LOCKS, "counter"))
            assert database.rows(LOCKS, "counter") != [first_lock]
    assert [r.message for r in caplog.records if "database lost" in r.message][1:] == []


async def test_an_agent_started_without_its_database_registers_later(database: Database) -> None:
    database.allow_connections(False)
    try:
        async with SharedState(database.dsn) as state:
            agent = new_counter(state)
            async with running(agent):
                await until_async(lambda: agent.rounds > 3)
                database.allow_connections(True)
                await until_async(lambda: database.states("counter"))
                await until_async(lambda: database.rows(LOCKS, "counter"))
    finally:
        database.allow_connections(True)
    (row,) = database.rows("SELECT agent_type FROM health.agents WHERE agent_id = 'counter'")
    assert row == {"agent_type": "Counter"}


async def test_an_agent_works_where_attach_is_refused(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run("ALTER FUNCTION health.attach(text) RENAME TO attach_hidden")
    async with SharedState(database.dsn) as state, running(new_counter(state)):
        await until_async(lambda: database.states("counter").count("running") > 10)
    warnings = [r for r in caplog.records if getattr(r, "action", "") == "attach_refused"]
    assert [r.levelname for r in warnings].count("WARNING") == 1


async def test_a_wrong_metric_is_no_death(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong(Counter):
        async def get_business_metrics(self) -> dict[str, Any]:
            return {"cost_efficiency": 250, "operational_efficiency": math.nan}

        async def get_resource_usage(self) -> dict[str, Any]:
            raise PermissionError("not yours")

    async with SharedState(database.dsn) as state:
        agent = Wrong("counter", state, interval=0.05, heartbeat_interval=0.1)
        async with running(agent):
            await until_async(lambda: database.states("counter").count("running") > 3)
    assert all(row["cost_efficiency"] is None for row in database.rows(BEATS, "counter"))
    told = [r.message for r in caplog.records if getattr(r, "action", "") == "report_refused"]
    assert len(told) == len(set(told)) == 3


async def test_telling_raises_for_bad_input_and_asking_when_nobody_answers(
    database: Database,
) -> None:
    async with SharedState(database.dsn) as state:
        with pytest.raises(InvalidInput, match="state_is_initializing"):
            await state.update_agent_state("x", "dancing")
        with pytest.raises(InvalidInput):
            await state.log_performance_metric("x", "size", math.nan)
        with pytest.raises(InvalidInput, match="severity_is"):
            await state.log_system_event("e", {}, agent_id="x", severity="loud")
        assert await state.update_agent_state("x", "idle"), "the connection is still good"
    async with SharedState("host=127.0.0.1 port=1 dbname=x") as nobody:
        assert not await nobody.update_agent_state("x", "idle")
        with pytest.raises(DatabaseUnavailable):
            await nobody.get_registered_agents()


async def test_what_was_told_can_be_asked(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        await state.register_agent("a", {"agent_name": "Anton"})
        for work in (1, 2):
            await state.update_agent_heartbeat(
                "a", datetime.now(UTC), {"work_items_processed": work}
            )
        await state.log_performance_metrics("a", [("size", 1.5, "MB"), ("files", 3, None)])
        await state.log_system_event("deployed", {"version": "2"}, agent_id="a", severity="INFO")
        beats = await state.get_recent_heartbeats("a", minutes=10)
        assert [beat["work_items_processed"] for beat in beats] == [2, 1]
        metrics = await state.get_performance_metrics("a", hours=1)
        assert {m["metric_name"]: m["metric_value"] for m in metrics} == {"size": 1.5, "files": 3}
        (event,) = await state.get_system_events("deployed", hours=1)
        assert (event["severity"], event["event_data"]) == ("info", {"version": "2"})


async def test_the_monitor_reports_host_and_database(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        agent = PerformanceMonitor("monitor", state, interval=0.05, heartbeat_interval=0.1)
        async with running(agent):
            await until_async(
                lambda: (
                    {"host_cpu_percent", "database_size_mb", "database_cache_hit_percent"}
                    <= {
                        row["metric_name"]
                        for row in database.rows(
                            "SELECT metric_name FROM health.performance_metrics"
                        )
                    }
                )
            )
            await until_async(
                lambda: any(
                    (row["attributes"] or {}).get("host_memory_total_mb", 0) > 0
                    for row in database.rows(BEATS, "monitor")
                )
            )


class QuickStart(BaseAgent):
    """An agent that brings its own startup, main loop and error handling, and so its own beats."""

    work_interval = 0.05
    rounds = 0

    async def startup(self) -> None:
        assert self.shared_state is not None
        await self.shared_state.register_agent(
            self.agent_id,
            {
                "agent_type": type(self).__name__,
                "startup_time": datetime.now(UTC).isoformat(),
                "capabilities": self.get_capabilities(),
            },
        )
        await self.initialize_agent()
        await self.shared_state.update_agent_state(self.agent_id, "active")
        await self.main_loop()

    async def main_loop(self) -> None:
        assert self.shared_state is not None
        while True:
            try:
                await self.shared_state.update_agent_heartbeat(
                    self.agent_id,
                    datetime.now(UTC),
                    {
                        "state": "running",
                        "performance_metrics": await self.get_performance_metrics(),
                        "resource_usage": await self.get_resource_usage(),
                        "error_count": self.error_count,
                        "business_metrics": await self.get_business_metrics(),
                    },
                )
                await self.do_work()
                await self.log_performance_metrics()
                await asyncio.sleep(self.work_interval)
            except Exception as error:  # noqa: BLE001 (as agents do)
                await self.handle_error(error)

    async def do_work(self) -> int:
        self.rounds += 1
        if self.rounds > 3:
            raise RuntimeError("broken")
        return 1

    async def handle_error(self, error: Exception) -> None:
        assert self.shared_state is not None
        data = {
            "error_type": type(error).__name__,
            "agent_state": await self.get_current_state(),
            "business_impact": await self.assess_error_business_impact(error),
        }
        await self.shared_state.log_system_event(
            "agent_error",
            data,
            agent_id=self.agent_id,
            severity=self.determine_error_severity(error),
        )
        self.error_count += 1
        if self.error_count < 3:
            await self.attempt_self_recovery(error)
        else:
            await self.shared_state.update_agent_state(self.agent_id, "error")
            await asyncio.sleep(30)


async def test_an_agent_may_bring_a_life_of_its_own(database: Database) -> None:
    async with SharedState(database.dsn) as state:
        agent = QuickStart("own", state, heartbeat_interval=0.1, stop_grace=0.05)
        async with running(agent):
            await until_async(lambda: database.states("own").count("error") > 3)
            assert await agent.get_current_state() == "error"
            await until_async(lambda: database.rows(LOCKS, "own"))
    assert database.states("own")[-1] == "stopped"
    assert database.rows(
        "SELECT FROM health.performance_metrics WHERE metric_name = 'memory_usage_mb'"
    )


async def test_a_server_that_does_not_answer_holds_up_no_agent(database: Database) -> None:
    async with SharedState(database.dsn, call_timeout=0.3) as state:
        agent = new_counter(state, stop_grace=0.1)
        async with running(agent):
            await until_async(lambda: database.states("counter").count("running") > 1)
            with psycopg.connect(database.dsn) as blocker:
                blocker.execute("LOCK TABLE health.agent_heartbeats IN ACCESS EXCLUSIVE MODE")
                rounds = agent.rounds
                await until_async(lambda: agent.rounds > rounds + 10)
            beats = len(database.states("counter"))
            await until_async(lambda: len(database.states("counter")) > beats + 3)


def start_hasher(dsn: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hha.agents.file_hasher", "--agent-id", "hasher"]
    pace = ["--interval", "0.1", "--heartbeat-interval", "0.1", "--error-wait", "0.5"]
    return subprocess.Popen([*command, *pace, "--dsn", dsn, *options])


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_hasher_fails_on_a_signal_and_stops_on_another(
    database: Database, processes: list[subprocess.Popen[bytes]]
) -> None:
    process = start_hasher(database.dsn, "--fault", "errors")
    processes.append(process)
    until(lambda: database.states("hasher").count("running") > 3)
    assert "error" not in database.states("hasher")
    process.send_signal(signal.SIGUSR1)
    until(lambda: database.states("hasher").count("error") > 4)
    process.terminate()
    assert process.wait(LIMIT_SECONDS) == 0
    assert database.states("hasher")[-1] == "stopped"


def test_a_killed_process_lets_go_at_once_and_a_stopped_one_does_not(
    database: Database, processes: list[subprocess.Popen[bytes]]
) -> None:
    process = start_hasher(database.dsn)
    processes.append(process)
    until(lambda: database.rows(LOCKS, "hasher"))
    process.send_signal(signal.SIGSTOP)
    beats = len(database.states("hasher"))
    time.sleep(0.3)
    assert len(database.states("hasher")) <= beats + 1
    assert database.rows(LOCKS, "hasher")
    process.kill()
    process.wait(LIMIT_SECONDS)
    until(lambda: not database.rows(LOCKS, "hasher"))
    assert "stopped" not in database.states("hasher")


FORKING_AGENT = """
import asyncio, os, sys, time
from hha import BaseAgent

class Forking(BaseAgent):
    async def do_work(self):
        if not await self.shared_state.fetch(sys.argv[-1]):
            return 0
        if os.fork() == 0:
            print(os.getpid(), flush=True)
            time.sleep(60)
            os._exit(0)
        await asyncio.sleep(60)

Forking.run_forever(sys.argv[1:-1], agent_id="forking", interval=0.05, heartbeat_interval=0.1)
"""


def test_a_forked_child_does_not_keep_its_parent_alive(
    database: Database, processes: list[subprocess.Popen[bytes]]
) -> None:
    locks = LOCKS.replace("%s", "'forking'")
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING_AGENT, "--dsn", database.dsn, locks],
        stdout=subprocess.PIPE,
    )
    processes.append(process)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        assert database.rows(LOCKS, "forking")
        process.kill()
        process.wait(LIMIT_SECONDS)
        until(lambda: not database.rows(LOCKS, "forking"))
        os.kill(child, 0)  # the child is still there
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
