"""The process executor on real processes: stopped ones, children of children, adoption."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from servers.waiting import until_async

from hha.bridge.executors import ExecutorContext, ProcessExit
from hha.bridge.executors.process import ProcessConfig, ProcessExecutor
from hha.bridge.executors.record import RecordFile, find_family, find_main

IDLE = "import time; time.sleep(600)"
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b'deaf\\n')
time.sleep(600)
"""
LISTENING = """
import os, signal, time
signal.signal(signal.SIGUSR1, lambda number, frame: os.write(1, b'reloaded\\n'))
os.write(1, b'listening\\n')
while True:
    time.sleep(600)
"""
# One write per line: several processes share the log.
# A child in the same group and one in a session of its own; both are deaf to SIGTERM.
PARENT = f"""
import os, subprocess, sys, time
deaf = [sys.executable, '-c', {DEAF!r}]
children = [subprocess.Popen(deaf), subprocess.Popen(deaf, start_new_session=True)]
os.write(1, f"pids {{children[0].pid}} {{children[1].pid}}\\n".encode())
time.sleep(600)
"""


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class Host:
    """A state directory and the executors made on it, as bridges of one host would."""

    path: Path
    exits: list[ProcessExit] = field(default_factory=list)
    executors: list[ProcessExecutor] = field(default_factory=list)

    def executor(
        self,
        code: str = IDLE,
        *,
        agent_id: str = "worker 1",
        autostart: bool = True,
        stop_timeout_seconds: float = 5,
        report_exit: bool = True,
        command: tuple[str, ...] | None = None,
        withheld: frozenset[str] = frozenset(),
        pass_environment: tuple[str, ...] = (),
    ) -> ProcessExecutor:
        config = ProcessConfig(
            command=command or (sys.executable, "-c", code),
            cwd=self.path,
            env={},
            stop_timeout_seconds=stop_timeout_seconds,
            autostart=autostart,
            report_exit=report_exit,
            log_file=self.log,
            reload_signal=signal.SIGUSR1,
            pass_environment=pass_environment,
        )
        context = ExecutorContext(self.path, withheld, self.exits.append)
        executor = config.build(agent_id, context)
        self.executors.append(executor)
        return executor

    @property
    def log(self) -> Path:
        return self.path / "worker.log"

    def pid(self, agent_id: str = "worker 1") -> int | None:
        record = RecordFile(self.path, agent_id).read()
        main = find_main(record) if record else None
        return main.pid if main else None

    def logged(self, word: str) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(word)]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(tmp_path)
    yield host
    for executor in host.executors:
        await executor.close(stop_agents=True)


async def test_autostart_starts_once_and_a_restart_replaces(host: Host) -> None:
    executor = host.executor()
    await executor.open()
    first = host.pid()
    assert first
    result = await executor.execute("restart_agent")
    assert result.outcome == "succeeded"
    assert result.details["stopped"] == "terminated"
    assert result.details["previous_pid"] == first
    assert host.pid() == result.details["pid"] != first
    assert not runs(first)


async def test_without_autostart_nothing_runs_until_asked(host: Host) -> None:
    executor = host.executor(autostart=False)
    await executor.open()
    assert host.pid() is None
    result = await executor.execute("restart_agent")
    assert (result.outcome, result.details["stopped"]) == ("succeeded", "was not running")
    assert host.pid()


async def test_what_may_not_start_waits_for_the_next_call(host: Host) -> None:
    executor = host.executor()
    assert await executor.open(may_start=False)
    assert host.pid() is None
    assert not await executor.open()
    assert host.pid()


async def test_what_another_call_started_meanwhile_is_watched_once(host: Host) -> None:
    executor = host.executor()
    assert await executor.open(may_start=False)
    await executor.execute("restart_agent")
    pid = host.pid()
    assert pid
    assert not await executor.open()
    assert host.pid() == pid
    watches = [task for task in asyncio.all_tasks() if task.get_name() == "watch worker 1"]
    assert len(watches) == 1


async def test_a_changed_command_is_replaced_unasked(host: Host) -> None:
    await host.executor().open()
    first = host.pid()
    assert not await host.executor(IDLE + "  # changed").open(may_start=False)
    assert host.pid() not in (None, first)


async def test_what_need_not_start_waits_for_nothing(host: Host) -> None:
    assert not await host.executor(autostart=False).open(may_start=False)
    await host.executor().open()
    pid = host.pid()
    assert not await host.executor().open(may_start=False)
    assert host.pid() == pid


async def test_a_cancelled_restart_leaves_what_the_next_one_finishes(host: Host) -> None:
    executor = host.executor(DEAF, stop_timeout_seconds=0.5)
    await executor.open()
    first = host.pid()
    assert first
    await until_async(lambda: host.logged("deaf"))
    running = asyncio.create_task(executor.execute("restart_agent", "action 1"))
    file = RecordFile(host.path, "worker 1")
    await until_async(lambda: (record := file.read()) and record.is_stopping)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert runs(first)  # neither killed nor joined by a second one
    result = await executor.execute("restart_agent", "action 2")
    assert (result.outcome, result.details["previous_pid"]) == ("succeeded", first)
    assert not runs(first)
    assert host.exits == []


async def test_a_request_that_was_done_but_never_reported_is_not_done_twice(host: Host) -> None:
    first = host.executor()
    await first.open()
    await first.execute("restart_agent", "action 7")
    pid = host.pid()
    assert pid
    first.abandon()  # killed before it could report; the order comes again
    second = host.executor()
    await second.open()
    assert (await second.execute("restart_agent", "action 7")).outcome == "succeeded"
    assert host.pid() == pid
    assert (await second.execute("restart_agent", "action 8")).outcome == "succeeded"
    assert host.pid() != pid


async def test_another_action_is_refused_and_nothing_happens(host: Host) -> None:
    executor = host.executor()
    await executor.open()
    before = host.pid()
    for action in ("run_command", "restart_agent; rm -rf /", ""):
        assert (await executor.execute(action)).outcome == "refused"
    assert host.pid() == before


async def test_a_reload_is_a_signal_to_the_running_process(host: Host) -> None:
    executor = host.executor(LISTENING)
    await executor.open()
    await until_async(lambda: host.logged("listening"))
    pid = host.pid()
    result = await executor.execute("reload")
    assert result.outcome == "succeeded"
    assert result.details == {"pid": pid, "signal": "SIGUSR1"}
    await until_async(lambda: host.logged("reloaded"))
    assert host.pid() == pid
    assert host.exits == []


async def test_a_reload_that_ends_the_process_has_failed(host: Host) -> None:
    executor = host.executor()  # SIGUSR1 unhandled
    await executor.open()
    result = await executor.execute("reload")
    assert result.outcome == "failed"
    assert result.details["reason"] == "the process ended on SIGUSR1"
    await until_async(lambda: host.exits)  # nobody asked for that end


async def test_a_reload_of_what_does_not_run_has_failed_and_starts_nothing(host: Host) -> None:
    executor = host.executor(autostart=False)
    result = await executor.execute("reload")
    assert (result.outcome, result.details["reason"]) == ("failed", "it is not running")
    assert host.pid() is None


@pytest.mark.parametrize(("code", "how"), [(IDLE, "terminated"), (DEAF, "killed")])
async def test_a_stopped_process_is_restarted(host: Host, code: str, how: str) -> None:
    executor = host.executor(code, stop_timeout_seconds=0.3 if how == "killed" else 5)
    await executor.open()
    first = host.pid()
    assert first
    if code == DEAF:
        await until_async(lambda: host.logged("deaf"))
    os.kill(first, signal.SIGSTOP)
    await until_async(lambda: psutil.Process(first).status() == psutil.STATUS_STOPPED)
    result = await executor.execute("restart_agent")
    assert (result.outcome, result.details["stopped"]) == ("succeeded", how)
    assert not runs(first)


@pytest.mark.parametrize("is_parent_dead", [False, True])
async def test_children_of_children_end_too(host: Host, is_parent_dead: bool) -> None:
    executor = host.executor(PARENT, stop_timeout_seconds=0.3)
    await executor.open()
    await until_async(lambda: host.logged("pids") and len(host.logged("deaf")) == 2)
    children = [int(pid) for pid in host.logged("pids")[0].split()[1:]]
    parent = host.pid()
    assert parent
    if is_parent_dead:
        os.kill(parent, signal.SIGKILL)
        await until_async(lambda: not runs(parent))
    assert all(map(runs, children))
    result = await executor.execute("restart_agent")
    assert result.outcome == "succeeded"
    assert not any(map(runs, [parent, *children]))


async def test_an_unexpected_end_is_reported_and_not_repaired(host: Host) -> None:
    executor = host.executor()
    await executor.open()
    pid = host.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    await until_async(lambda: host.exits)
    assert host.exits == [ProcessExit("worker 1", pid, -signal.SIGKILL)]
    await asyncio.sleep(0.3)
    assert host.pid() is None


async def test_an_intended_end_is_not_reported(host: Host) -> None:
    executor = host.executor()
    await executor.open()
    await executor.execute("restart_agent")
    await executor.close(stop_agents=True)
    await asyncio.sleep(0.1)
    assert host.exits == []


async def test_exits_are_kept_quiet_when_configured(host: Host) -> None:
    executor = host.executor("raise SystemExit(3)", report_exit=False)
    await executor.open()
    await until_async(lambda: host.pid() is None)
    await asyncio.sleep(0.1)
    assert host.exits == []


async def test_a_command_that_ends_at_once_has_failed(host: Host) -> None:
    executor = host.executor(command=("sh", "-c", "exit 7"), autostart=False)
    result = await executor.execute("restart_agent")
    assert result.outcome == "failed"
    assert "exit code 7" in str(result.details["reason"])


async def test_a_command_that_does_not_exist_has_failed_with_its_name(host: Host) -> None:
    executor = host.executor(command=("/no/such/command",))
    await executor.open()
    result = await executor.execute("restart_agent")
    assert result.outcome == "failed"
    assert "/no/such/command" in str(result.details["reason"])


async def test_the_next_bridge_adopts_and_notices_the_end(host: Host) -> None:
    first = host.executor()
    await first.open()
    pid = host.pid()
    assert pid
    first.abandon()  # as after kill -9: nothing is stopped, nothing is watched
    second = host.executor()
    await second.open()
    assert host.pid() == pid
    os.kill(pid, signal.SIGKILL)
    await until_async(lambda: host.exits)
    assert host.exits == [ProcessExit("worker 1", pid, None)]


async def test_a_changed_command_is_replaced_not_doubled(host: Host) -> None:
    first = host.executor()
    await first.open()
    pid = host.pid()
    assert pid
    first.abandon()
    await host.executor(IDLE + "  # changed").open()
    assert host.pid() not in (None, pid)
    assert not runs(pid)


async def test_a_process_is_found_whose_pid_was_never_written_down(host: Host) -> None:
    """The bridge was killed between starting it and writing its pid."""
    first = host.executor()
    await first.open()
    pid = host.pid()
    first.abandon()
    file = RecordFile(host.path, "worker 1")
    record = file.read()
    assert record
    file.write(type(record)(record.agent_id, record.token, record.fingerprint))
    await host.executor().open()
    assert host.pid() == pid
    adopted = file.read()
    assert adopted
    assert adopted.pid == pid


async def test_a_stranger_with_a_recorded_pid_is_left_alone(host: Host) -> None:
    """A pid is used again after a reboot: neither adopted nor killed."""
    stranger = await asyncio.create_subprocess_exec(
        sys.executable, "-c", IDLE, start_new_session=True
    )
    file = RecordFile(host.path, "worker 1")
    executor = host.executor()
    await executor.open()
    record = file.read()
    assert record
    executor.abandon()
    for process in find_family(record):
        process.kill()
    file.write(
        type(record)(record.agent_id, "other", record.fingerprint, stranger.pid, create_time=1.0)
    )
    try:
        result = await host.executor().execute("restart_agent")
        assert result.details["stopped"] == "was not running"
        assert runs(stranger.pid)
    finally:
        stranger.kill()
        await stranger.wait()


async def test_two_bridges_on_one_host_start_one_process(host: Host) -> None:
    bridges = [host.executor() for _ in range(4)]
    await asyncio.gather(*(bridge.open() for bridge in bridges))
    record = RecordFile(host.path, "worker 1").read()
    assert record
    assert len(find_family(record)) == 1
    others = [
        process
        for process in psutil.process_iter()
        if "HHA_AGENT_ID" in _environment(process)
        and _environment(process)["HHA_AGENT_ID"] == "worker 1"
        and process.ppid() == os.getpid()
        and process.status() != psutil.STATUS_ZOMBIE
    ]
    assert len(others) == 1


async def test_another_bridge_may_restart_without_a_false_report(host: Host) -> None:
    first, second = host.executor(), host.executor()
    await first.open()
    await second.open()
    assert (await second.execute("restart_agent")).outcome == "succeeded"
    await asyncio.sleep(0.1)
    assert host.exits == []


@pytest.mark.parametrize(
    ("autostart", "stop_agents", "survives"),
    [(True, None, False), (True, False, True), (False, None, True), (False, True, False)],
)
async def test_the_end_of_the_bridge_stops_what_it_should(
    host: Host, autostart: bool, stop_agents: bool | None, survives: bool
) -> None:
    executor = host.executor(autostart=autostart)
    await executor.open()
    if not autostart:
        await executor.execute("restart_agent")
    pid = host.pid()
    assert pid
    await executor.close(stop_agents=stop_agents)
    assert runs(pid) is survives


async def test_the_secrets_of_the_bridge_are_not_inherited(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "hidden")
    monkeypatch.setenv("HOOK_OTHER", "open")
    await host.executor(withheld=frozenset({"HOOK_SECRET"})).open()
    pid = host.pid()
    assert pid
    environment = psutil.Process(pid).environ()
    assert "HOOK_SECRET" not in environment
    assert environment["HOOK_OTHER"] == "open"
    assert environment["HHA_AGENT_ID"] == "worker 1"


async def test_the_login_of_the_bridge_is_inherited_only_where_it_is_named(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHA_DSN", "dbname=health user=bridge password=hidden")
    monkeypatch.setenv("PGPASSWORD", "hidden")
    monkeypatch.setenv("PGSSLMODE", "require")
    await host.executor(pass_environment=("PGSSLMODE",)).open()
    pid = host.pid()
    assert pid
    environment = psutil.Process(pid).environ()
    assert environment["PGSSLMODE"] == "require"
    assert not {"HHA_DSN", "PGPASSWORD"} & environment.keys()


async def test_another_choice_of_variables_replaces_the_process(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    first = host.executor()
    await first.open()
    before = host.pid()
    first.abandon()
    await host.executor(pass_environment=("PGSSLMODE",)).open()
    assert host.pid() not in (None, before)


async def test_an_id_cannot_leave_the_state_directory(host: Host) -> None:
    file = RecordFile(host.path, "../../etc/passwd\n" + "x" * 180)
    async with file.lock():
        pass
    assert [path.parent for path in host.path.rglob("*.lock")] == [host.path / "processes"]


async def test_a_damaged_record_counts_as_none(host: Host) -> None:
    executor = host.executor()
    await executor.open()
    await executor.close(stop_agents=True)
    (path,) = [host.path / "processes" / f"{RecordFile(host.path, 'worker 1').stem}.json"]
    path.write_text('{"pid": "x"')
    await executor.open()
    assert host.pid()


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}
