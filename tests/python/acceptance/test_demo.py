"""``hha demo`` ends by itself, proves every cure, and leaves nothing behind."""

from __future__ import annotations

import signal

import psutil
import pytest
from running import Command, clean_environment, open_folder

pytestmark = pytest.mark.slow


def test_every_fault_is_cured_and_nobody_else_is_touched() -> None:
    with (
        open_folder() as folder,
        Command("demo", environment=clean_environment(folder / "home")) as demo,
    ):
        code = demo.wait(170)
        assert code == 0, demo.output
        for word in ("kill -9", "hang (SIGSTOP)", "throws errors", "leaks memory"):
            assert word in demo.output
        assert "every fault was detected, recovered and verified" in demo.output
        for receiver in ("slack", "email", "sms"):
            assert f"{receiver} received: " in demo.output
        assert "its page arrived by Slack, email and SMS" in demo.output
        assert list(folder.iterdir()) == [], "the demo removes its temporary folder"


def test_a_bystander_that_dies_fails_the_demo() -> None:
    with (
        open_folder() as folder,
        Command("demo", environment=clean_environment(folder / "home")) as demo,
    ):
        demo.wait_for_line("FAULT leaks memory")
        bystander = "file_hasher:steady_2"
        (process,) = [p for p in demo.descendants() if _agent_id(p) == bystander]
        process.kill()
        assert demo.wait(170) == 1, demo.output
        assert f"disturbed: {bystander} got alert" in demo.output
        assert f"disturbed: {bystander} got recovery action" in demo.output
        assert f"disturbed: {bystander} is process" in demo.output


def test_an_interrupted_demo_stops_all_that_it_started() -> None:
    with (
        open_folder() as folder,
        Command("demo", environment=clean_environment(folder / "home")) as demo,
    ):
        demo.wait_for_line("agent file_hasher:steady_1")
        started = demo.wait_for_descendants(9)
        demo.interrupt(signal.SIGINT)
        assert demo.wait() == 130, demo.output
        assert [process for process in started if process.is_running()] == []
        assert [p.pid for p in psutil.process_iter() if _runs_below(p, str(folder))] == []
        assert list(folder.iterdir()) == []


def _agent_id(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("HHA_AGENT_ID")
    except psutil.Error:
        return None


def _runs_below(process: psutil.Process, folder: str) -> bool:
    try:
        return process.cwd().startswith(folder)
    except psutil.Error:
        return False
