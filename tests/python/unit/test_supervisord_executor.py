"""The executor 'supervisord' against a real supervisord in a temporary folder."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from servers.base import free_port

from hha.bridge import parse_config
from hha.bridge.executors import Executor, ExecutorContext

PATIENCE_SECONDS = 60.0
PASSWORD = "hidden-1"

# Notes each start and each SIGUSR1.
WORKER = """
import os, signal, time
note = lambda word: open('notes', 'a').write(f'{word} {os.getpid()}\\n')
signal.signal(signal.SIGUSR1, lambda number, frame: note('reloaded'))
note('started')
while True:
    time.sleep(600)
"""
CONFIGURATION = """
[supervisord]
nodaemon = true
directory = {folder}
logfile = {folder}/supervisord.log
pidfile = {folder}/supervisord.pid
identifier = tests
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[unix_http_server]
file = {folder}/rpc.sock
[inet_http_server]
port = 127.0.0.1:{port}
username = bridge
password = {password}
[program:worker]
command = {python} {folder}/worker.py
directory = {folder}
startsecs = 0
autorestart = false
[program:crash]
command = {python} -c "raise SystemExit('password=hidden-2')"
startsecs = 1
startretries = 0
autostart = false
autorestart = false
[program:deaf]
command = sh -c "trap '' TERM; sleep 600 & wait; wait"
startsecs = 0
stopwaitsecs = 600
killasgroup = true
"""


@dataclass
class Supervisord:
    folder: Path
    port: int

    def executor(self, process: str, *lines: str, is_unix: bool = True) -> Executor:
        url = f"unix://{self.folder}/rpc.sock" if is_unix else f"http://127.0.0.1:{self.port}"
        text = f'[agents.a]\nexecutor = "supervisord"\nprocess = "{process}"\nurl = "{url}"\n'
        config = parse_config(text + "\n".join(lines), source=self.folder / "bridge.toml")
        context = ExecutorContext(self.folder, config.secret_variables, lambda _exit: None)
        return config.agents["a"].build("a", context)

    def notes(self, word: str) -> list[int]:
        """The pids that noted a word, in order."""
        path = self.folder / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(word)]

    async def noted(self, word: str, count: int) -> list[int]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.notes(word)) < count:
            if time.monotonic() > deadline:
                pytest.fail(f"{word} did not happen\n{(self.folder / 'out').read_text()}")
            await asyncio.sleep(0.02)
        return self.notes(word)


@pytest.fixture
def supervisord(tmp_path: Path) -> Iterator[Supervisord]:
    port = free_port()
    (tmp_path / "worker.py").write_text(WORKER)
    (tmp_path / "supervisord.conf").write_text(
        CONFIGURATION.format(folder=tmp_path, port=port, password=PASSWORD, python=sys.executable)
    )
    with (tmp_path / "out").open("w") as out:
        daemon = subprocess.Popen(
            [
                *(sys.executable, "-m", "supervisor.supervisord"),
                *("-c", str(tmp_path / "supervisord.conf")),
            ],
            stdout=out,
            stderr=out,
        )
    try:
        yield Supervisord(tmp_path, port)
    finally:
        family = psutil.Process(daemon.pid).children(recursive=True)
        daemon.terminate()
        for process in family:
            process.kill()
        daemon.wait()


@pytest.mark.parametrize("is_unix", [True, False])
async def test_a_restart_replaces_the_process(
    supervisord: Supervisord, is_unix: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_PASSWORD", PASSWORD)
    login = ["username = 'bridge'", "password_env = 'RPC_PASSWORD'"]
    (first,) = await supervisord.noted("started", 1)
    worker = supervisord.executor("worker", *([] if is_unix else login), is_unix=is_unix)
    result = await worker.execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    _, second = await supervisord.noted("started", 2)
    assert result.details["previous_pid"] == first
    assert result.details["pid"] == second
    assert result.details["state"] == "RUNNING"
    assert PASSWORD not in str(result.details)


async def test_a_process_that_does_not_run_is_started(supervisord: Supervisord) -> None:
    (first,) = await supervisord.noted("started", 1)
    psutil.Process(first).kill()
    result = await supervisord.executor("worker:worker").execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert len(await supervisord.noted("started", 2)) == 2


async def test_a_reload_is_a_signal(supervisord: Supervisord) -> None:
    (pid,) = await supervisord.noted("started", 1)
    worker = supervisord.executor("worker", 'reload_signal = "SIGUSR1"')
    result = await worker.execute("reload", "action 1")
    assert result.outcome == "succeeded", result.details
    assert await supervisord.noted("reloaded", 1) == [pid]
    assert supervisord.notes("started") == [pid]


async def test_a_process_that_ends_at_once_has_failed(supervisord: Supervisord) -> None:
    await supervisord.noted("started", 1)
    crash = supervisord.executor("crash")
    result = await crash.execute("reload", "action 1")
    assert (result.outcome, result.details["reason"]) == ("failed", "the process is STOPPED")
    result = await crash.execute("restart_agent", "action 2")
    assert result.outcome == "failed"
    assert result.details["state"] in ("BACKOFF", "FATAL")
    assert "Exited too quickly" in str(result.details["reason"])
    assert "hidden" not in str(result.details)


async def test_a_process_that_does_not_stop_in_time_has_failed(supervisord: Supervisord) -> None:
    await supervisord.noted("started", 1)
    deaf = supervisord.executor("deaf", "timeout_seconds = 1")
    result = await deaf.execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert result.details["reason"] == "supervisord did not get it done within 1 s"


async def test_a_cancelled_restart_asks_no_more(supervisord: Supervisord) -> None:
    await supervisord.noted("started", 1)
    running = asyncio.create_task(supervisord.executor("deaf").execute("restart_agent", ""))
    await asyncio.sleep(0.3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_process_nobody_configured_there_has_failed(supervisord: Supervisord) -> None:
    await supervisord.noted("started", 1)
    result = await supervisord.executor("nobody").execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert result.details["reason"] == "supervisord knows no process nobody"


async def test_a_wrong_password_is_named_and_not_shown(
    supervisord: Supervisord, monkeypatch: pytest.MonkeyPatch
) -> None:
    await supervisord.noted("started", 1)
    monkeypatch.setenv("RPC_PASSWORD", "hidden-3")
    login = ("username = 'bridge'", "password_env = 'RPC_PASSWORD'")
    worker = supervisord.executor("worker", *login, is_unix=False)
    result = await worker.execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "username and password (401)" in str(result.details["reason"])
    assert "hidden" not in str(result.details)
    assert len(supervisord.notes("started")) == 1


async def test_other_actions_are_refused(supervisord: Supervisord) -> None:
    for action in ("run_command", "shutdown", "supervisor.shutdown", "stopAllProcesses", ""):
        result = await supervisord.executor("worker").execute(action, "", {"command": "x"})
        assert result.outcome == "refused"


async def test_no_supervisord_has_failed(tmp_path: Path) -> None:
    worker = Supervisord(tmp_path, free_port())
    for is_unix in (True, False):
        result = await worker.executor("w", is_unix=is_unix).execute("restart_agent", "")
        assert result.outcome == "failed"
        assert "cannot be reached: ConnectError" in str(result.details["reason"])
