"""The executor 'docker' against a real engine and real containers."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.engine import BASE_IMAGE, docker, require_engine, running_container
from servers.waiting import until

from hha.bridge import parse_config
from hha.bridge.executors import Executor, ExecutorContext

LABEL = "hha.test"
# A shell as the container's first process: notes its start and SIGHUP, ends on SIGTERM at once.
WORKER = """
trap 'echo reloaded' HUP
trap 'exit 0' TERM
echo started
while :; do sleep 0.05; done
"""
DEAF = "trap '' TERM; echo started; while :; do sleep 0.05; done"


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    require_engine()


@pytest.fixture
def name() -> str:
    return f"hha-test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def worker(name: str) -> Iterator[str]:
    """The name of a running container, which carries it as a label too."""
    labelled = ("--name", name, "--label", f"{LABEL}={name}")
    with running_container(*labelled, BASE_IMAGE, "sh", "-c", WORKER):
        wait_for_words(name, "started")
        yield name


def executor(folder: Path, *lines: str) -> Executor:
    text = '[agents.a]\nexecutor = "docker"\n' + "\n".join(lines)
    config = parse_config(text, source=folder / "bridge.toml")
    context = ExecutorContext(folder, frozenset(), lambda _exit: None)
    return config.agents["a"].build("a", context)


def words(name: str) -> list[str]:
    return docker("logs", name).split()


def wait_for_words(name: str, *expected: str) -> None:
    until(lambda: words(name) == list(expected), lambda: words(name))


def state(name: str, key: str) -> str:
    return docker("inspect", "--format", f"{{{{.State.{key}}}}}", name)


@pytest.mark.parametrize("by", ["container", "label"])
async def test_a_restart_starts_the_same_container_anew(
    worker: str, tmp_path: Path, by: str
) -> None:
    before = state(worker, "StartedAt")
    target = f'container = "{worker}"' if by == "container" else f'label = "{LABEL}={worker}"'
    result = await executor(tmp_path, target).execute("restart_agent", "action 1", {"x": "y"})
    assert result.outcome == "succeeded", result.details
    assert result.details["container"] == worker
    assert result.details["started_at"] == state(worker, "StartedAt") != before
    wait_for_words(worker, "started", "started")


async def test_a_stopped_container_is_started(worker: str, tmp_path: Path) -> None:
    docker("kill", worker)
    result = await executor(tmp_path, f'container = "{worker}"').execute("restart_agent", "")
    assert result.outcome == "succeeded", result.details
    assert state(worker, "Running") == "true"


async def test_a_paused_container_is_restarted(worker: str, tmp_path: Path) -> None:
    docker("pause", worker)
    lines = (f'container = "{worker}"', "stop_timeout_seconds = 1")
    result = await executor(tmp_path, *lines).execute("restart_agent", "")
    assert result.outcome == "succeeded", result.details
    assert (state(worker, "Running"), state(worker, "Paused")) == ("true", "false")


async def test_one_deaf_to_sigterm_is_killed_after_its_time(name: str, tmp_path: Path) -> None:
    with running_container("--name", name, BASE_IMAGE, "sh", "-c", DEAF):
        wait_for_words(name, "started")
        lines = (f'container = "{name}"', "stop_timeout_seconds = 1")
        result = await executor(tmp_path, *lines).execute("restart_agent", "")
        assert result.outcome == "succeeded", result.details
        wait_for_words(name, "started", "started")


async def test_a_reload_is_a_signal(worker: str, tmp_path: Path) -> None:
    before = state(worker, "StartedAt")
    result = await executor(tmp_path, f'container = "{worker}"').execute("reload", "action 1")
    assert result.outcome == "succeeded", result.details
    assert result.details == {"container": worker, "signal": "SIGHUP"}
    wait_for_words(worker, "started", "reloaded")
    assert state(worker, "StartedAt") == before


async def test_a_reload_that_ends_the_container_has_failed(worker: str, tmp_path: Path) -> None:
    lines = (f'container = "{worker}"', 'reload_signal = "SIGTERM"')
    result = await executor(tmp_path, *lines).execute("reload", "action 1")
    assert (result.outcome, result.details["reason"]) == (
        "failed",
        "the container ended on SIGTERM",
    )
    result = await executor(tmp_path, *lines).execute("reload", "action 2")
    assert result.details["reason"] == "the container is exited"
    assert state(worker, "Running") == "false"


async def test_a_container_that_ends_at_once_has_failed(name: str, tmp_path: Path) -> None:
    with running_container("--name", name, BASE_IMAGE, "sh", "-c", "exit 7"):
        result = await executor(tmp_path, f'container = "{name}"').execute("restart_agent", "")
    assert result.outcome == "failed"
    assert result.details["reason"] == "the container ended at once with exit code 7"
    assert result.details["exit_code"] == 7


async def test_a_container_that_is_not_there_has_failed(name: str, tmp_path: Path) -> None:
    result = await executor(tmp_path, f'container = "{name}"').execute("restart_agent", "")
    assert result.outcome == "failed"
    assert result.details["reason"] == f"the engine has no container {name}"


async def test_a_label_must_mean_one_container(worker: str, name: str, tmp_path: Path) -> None:
    before = state(worker, "StartedAt")
    with running_container("--label", f"{LABEL}={worker}", BASE_IMAGE, "sh", "-c", WORKER):
        result = await executor(tmp_path, f'label = "{LABEL}={worker}"').execute(
            "restart_agent", ""
        )
    assert result.outcome == "failed"
    assert str(result.details["reason"]).startswith("2 containers carry the label")
    assert state(worker, "StartedAt") == before
    result = await executor(tmp_path, f'label = "{LABEL}=nobody"').execute("restart_agent", "")
    assert str(result.details["reason"]).startswith("0 containers carry the label")


async def test_what_the_engine_complains_of_is_in_the_log_only(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    docker("create", "--name", name, "--network", "none", BASE_IMAGE, "/no/such/program")
    try:
        with caplog.at_level(logging.WARNING):
            result = await executor(tmp_path, f'container = "{name}"').execute("restart_agent", "")
    finally:
        docker("rm", "--force", name)
    assert result.outcome == "failed"
    assert "the engine answered" in str(result.details["reason"])
    assert "no such file" not in str(result.details)
    assert "no such file" in str([vars(entry) for entry in caplog.records])


async def test_a_cancelled_restart_makes_no_further_call(name: str, tmp_path: Path) -> None:
    with running_container("--name", name, BASE_IMAGE, "sh", "-c", DEAF):
        wait_for_words(name, "started")
        lines = (f'container = "{name}"', "stop_timeout_seconds = 2")
        running = asyncio.create_task(executor(tmp_path, *lines).execute("restart_agent", ""))
        await asyncio.sleep(0.3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_an_engine_that_does_not_answer_has_failed(tmp_path: Path) -> None:
    lines = ('container = "a"', f'engine = "unix://{tmp_path}/none.sock"')
    for action in ("restart_agent", "reload"):
        result = await executor(tmp_path, *lines).execute(action, "")
        assert result.outcome == "failed"
        assert "the Docker engine does not answer" in str(result.details["reason"])


async def test_other_actions_are_refused(worker: str, tmp_path: Path) -> None:
    before = state(worker, "StartedAt")
    for action in ("run_command", "exec", "rm -f", ""):
        hostile = {"container": "other", "command": ["touch", "/trap"]}
        result = await executor(tmp_path, f'container = "{worker}"').execute(action, "", hostile)
        assert result.outcome == "refused"
    assert state(worker, "StartedAt") == before
