"""An agent's life, errors and metrics without a database."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hha import BaseAgent
from hha.agent_cli import build_parser
from hha.agents.file_hasher import FileHasher
from hha.agents.performance_monitor import read_host
from hha.database_link import Backoff, complete_conninfo
from hha.errors import ConfigurationError, InvalidInput
from hha.heartbeat_data import renamed, to_json, unit_of, without_non_finite

if TYPE_CHECKING:
    from pathlib import Path


class Recorder(BaseAgent):
    """Notes its states; does one item a round and stops after `rounds`."""

    def __init__(self, *, rounds: int = 3, failures: int = 0, **options: Any) -> None:
        super().__init__("recorder", **({"interval": 0.01} | options))
        self.rounds = rounds
        self.failures = failures
        self.states: list[str] = []
        self.initializations = 0
        self.has_shut_down = False

    async def set_state(self, state: str) -> bool:
        self.states.append(state)
        return await super().set_state(state)

    async def initialize_agent(self) -> None:
        self.initializations += 1

    async def do_work(self) -> int:
        self.rounds -= 1
        if self.rounds <= 0:
            await self.stop()
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("no paper")
        return 2

    async def pause(self, seconds: float) -> None:
        await super().pause(min(seconds, 0.001))

    async def shutdown(self) -> None:
        self.has_shut_down = True


async def test_lifecycle_runs_from_initializing_to_stopped() -> None:
    agent = Recorder()
    await asyncio.wait_for(agent.run(), 10)
    assert agent.states[:3] == ["initializing", "active", "running"]
    assert agent.states[-1] == agent.state == "stopped"
    assert agent.work_items_processed == 6
    assert agent.has_shut_down


async def test_three_self_recoveries_are_tried_before_state_error() -> None:
    agent = Recorder(rounds=5, failures=4)
    await asyncio.wait_for(agent.run(), 10)
    assert agent.initializations == 1 + 3
    assert agent.error_count == 4
    assert agent.states.count("error") == 1


async def test_success_after_state_error_returns_to_running() -> None:
    agent = Recorder(rounds=6, failures=4)
    await asyncio.wait_for(agent.run(), 10)
    after = agent.states[agent.states.index("error") + 1 :]
    assert after[0] == "running"
    assert agent.consecutive_error_count == 0


async def test_a_success_in_between_makes_the_tries_start_again() -> None:
    agent = Recorder(rounds=3, failures=2)
    await asyncio.wait_for(agent.run(), 10)
    assert agent.error_count == 2
    assert agent.consecutive_error_count == 0
    assert "error" not in agent.states


async def test_a_failing_start_ends_in_failed_and_raises() -> None:
    class Broken(Recorder):
        async def initialize_agent(self) -> None:
            raise OSError("no disk")

    agent = Broken()
    with pytest.raises(OSError, match="no disk"):
        await asyncio.wait_for(agent.run(), 10)
    assert agent.state == "failed"
    assert agent.has_shut_down


async def test_work_that_does_not_end_is_cut_off_after_the_grace() -> None:
    class Endless(Recorder):
        async def do_work(self) -> int:
            await self.stop()
            await asyncio.Event().wait()
            return 0

    agent = Endless(stop_grace=0.05)
    await asyncio.wait_for(agent.run(), 10)
    assert agent.states[-2:] == ["stopping", "stopped"]


async def test_a_main_loop_of_ones_own_is_stopped_too() -> None:
    class Old(Recorder):
        async def startup(self) -> None:
            await self.initialize_agent()
            await self.main_loop()

        async def main_loop(self) -> None:
            while True:
                await self.do_work()
                await asyncio.sleep(0.01)

    agent = Old(stop_grace=0.05)
    await asyncio.wait_for(agent.run(), 10)
    assert agent.state == "stopped"
    assert agent.initializations == 1


async def test_metrics_hold_only_what_is_known() -> None:
    agent = Recorder(memory_limit_mb=256.0)
    assert await agent.get_business_metrics() == {}
    assert "average_processing_time_ms" not in await agent.get_performance_metrics()
    agent.note_work(4, 0.1)
    metrics = await agent.get_performance_metrics()
    assert metrics["work_items_processed"] == 4
    assert metrics["average_processing_time_ms"] == 25.0
    usage = await agent.get_resource_usage()
    assert usage["memory_limit_mb"] == 256.0
    assert usage["memory_usage_mb"] > 1
    assert 0 <= usage["cpu_usage_percent"] <= 100
    agent.cost_efficiency = 80  # type: ignore[attr-defined]
    agent.revenue_impact = -5.0  # type: ignore[attr-defined]
    assert await agent.get_business_metrics() == {
        "cost_efficiency": 80,
        "revenue_impact_usd": -5.0,
    }


async def test_errors_have_a_severity_and_no_invented_impact() -> None:
    agent = Recorder()
    errors = (MemoryError(), TimeoutError(), ConnectionResetError(), ValueError())
    assert [agent.determine_error_severity(error) for error in errors] == [
        "critical",
        "warning",
        "warning",
        "error",
    ]
    assert await agent.assess_error_business_impact(ValueError()) == {}


def test_each_process_run_has_an_id_of_its_own() -> None:
    assert Recorder().run_id != Recorder().run_id


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": 0}, "interval is 0"),
        ({"interval": math.nan}, "interval is nan"),
        ({"heartbeat_interval": 0.01}, "at least 0.1 seconds"),
    ],
)
def test_impossible_intervals_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recorder(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fault": "leak"}, "--memory-limit-mb"),
        ({"fault": "fire"}, "errors or leak"),
        ({"batch_size": 0}, "at least 1 file"),
        ({"folder": "/no/such/folder"}, "is not a folder"),
    ],
)
def test_a_hasher_refuses_options_that_cannot_work(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FileHasher("hasher", **options)


async def test_a_hasher_hashes_files_over_and_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"")
    agent = FileHasher("hasher", folder=tmp_path, batch_size=4)
    await agent.initialize_agent()
    assert await agent.do_work() == 4
    assert agent.hashed_bytes == 10


async def test_an_empty_folder_is_no_endless_loop(tmp_path: Path) -> None:
    agent = FileHasher("hasher", folder=tmp_path)
    await agent.initialize_agent()
    assert await agent.do_work() == 0


async def test_the_fault_errors_raises_for_real(tmp_path: Path) -> None:
    agent = FileHasher("hasher", folder=tmp_path, fault="errors")
    await agent.initialize_agent()
    await agent.do_work()
    agent.start_fault()
    with pytest.raises(FileNotFoundError):
        await agent.do_work()


async def test_the_fault_leak_grows_to_the_limit_and_stays(tmp_path: Path) -> None:
    agent = FileHasher("hasher", folder=tmp_path, fault="leak", memory_limit_mb=1.0)
    agent.memory_limit_mb = limit = agent.get_memory_usage() + 64
    agent.start_fault()
    for _ in range(20):
        await agent.do_work()
    assert limit - 8 <= agent.get_memory_usage() <= limit + 8


def test_the_command_line_wins_over_defaults_of_the_program() -> None:
    parser = build_parser(FileHasher, {"agent_id": "x", "interval": 9.0})
    options = vars(parser.parse_args(["--interval", "2", "--fault", "errors"]))
    assert options == {"agent_id": "x", "interval": 2.0, "fault": "errors"}


@pytest.mark.parametrize("argument", ["0", "-1", "nan", "inf", "soon"])
def test_the_command_line_refuses_impossible_intervals(argument: str) -> None:
    with pytest.raises(SystemExit):
        build_parser(FileHasher, {"agent_id": "x"}).parse_args([f"--interval={argument}"])


def test_older_names_become_columns_at_every_level() -> None:
    assert renamed({"business_metrics": {"user_satisfaction_impact": 4}, "state": "running"}) == {
        "business_metrics": {"user_satisfaction": 4},
        "state": "running",
    }


def test_json_takes_times_and_refuses_nan() -> None:
    assert to_json({"at": datetime(2024, 1, 2, tzinfo=UTC)}, "it") == (
        '{"at": "2024-01-02T00:00:00+00:00"}'
    )
    with pytest.raises(InvalidInput, match="heartbeat of 'x' cannot be sent"):
        to_json({"value": math.nan}, "heartbeat of 'x'")


def test_non_finite_numbers_are_left_out_by_name() -> None:
    data = {"a": 1.0, "b": math.inf, "deep": {"c": math.nan, "d": None}}
    assert without_non_finite(data) == ({"a": 1.0, "deep": {"d": None}}, ["b", "c"])


def test_units_come_from_names() -> None:
    assert [unit_of(name) for name in ("size_mb", "cpu_percent", "age_seconds", "files")] == [
        "MB",
        "percent",
        "s",
        None,
    ]


def test_backoff_doubles_to_its_limit_and_starts_again() -> None:
    backoff = Backoff(first=1.0, longest=8.0)
    delays = [backoff.next_delay() for _ in range(10)]
    assert 0.75 <= delays[0] <= 1.25
    assert all(6.0 <= delay <= 10.0 for delay in delays[3:])
    backoff.reset()
    assert backoff.next_delay() <= 1.25


def test_a_connection_string_keeps_what_it_sets_itself() -> None:
    conninfo = complete_conninfo("host=db keepalives_idle=60", "me")
    assert "keepalives_idle=60" in conninfo
    assert "connect_timeout=5" in conninfo
    with pytest.raises(ConfigurationError, match="not a connection string"):
        complete_conninfo("this is not one", "me")


def test_the_host_is_read_in_percent_and_mb() -> None:
    readings = read_host()
    assert all(0 <= value <= 100 for name, value in readings.items() if name.endswith("_percent"))
    assert 0 < readings["host_memory_used_mb"] <= readings["host_memory_total_mb"]
