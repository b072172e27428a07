"""The executor 'systemd' against a real systemd: the first process of a container."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.base import run_checked
from servers.engine import BASE_IMAGE, docker, require_engine, running_container
from servers.waiting import until

from hha.bridge import parse_config
from hha.bridge.executors import Executor, ExecutorContext

IMAGE = "hha-systemd"
USER = "tester"
DOCKERFILE = f"""
FROM {BASE_IMAGE}
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\
        dbus-user-session libpam-systemd systemd \\
    && rm -rf /var/lib/apt/lists/* \\
    && useradd --create-home {USER}
"""
LOOP = "trap 'echo reloaded >> /tmp/notes' HUP; while :; do sleep 0.1; done"
UNITS = {
    "web.service": f"""[Service]
ExecStart=/bin/sh -c "echo started >> /tmp/notes; {LOOP}"
ExecReload=/bin/sh -c "kill -HUP $MAINPID"
""",
    "plain.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "crash.service": '[Service]\nExecStart=/bin/sh -c "echo password=hidden-1; exit 3"\n',
    "again.service": '[Service]\nExecStart=/bin/sh -c "exit 3"\nRestart=always\nRestartSec=60\n',
    "wrong.service": "[Service]\nExecStart=/no/such/program\n",
    "stiff.service": "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/false\n",
    "never.service": "[Service]\nType=notify\nTimeoutStartSec=infinity\nExecStart=/bin/sleep 600\n",
    "late.service": """[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c "sleep 0.5; systemd-notify --ready; sleep 600"
""",
    "done.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
}


@pytest.fixture(scope="module")
def box() -> Iterator[str]:
    """The id of a container whose first process is systemd, with the units of this file."""
    require_engine()
    run_checked(["docker", "build", "--network", "host", "--tag", IMAGE, "-"], stdin=DOCKERFILE)
    rights = ("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined")
    folders = ("--tmpfs", "/run", "--tmpfs", "/run/lock", "--cgroupns", "private")
    with running_container(*rights, *folders, IMAGE, "/lib/systemd/systemd") as container:
        until(
            lambda: state_of_system(container) in ("running", "degraded"),
            lambda: docker("logs", container),
        )
        for name, text in UNITS.items():
            write(container, f"/etc/systemd/system/{name}", text)
        home = f"/home/{USER}/.config/systemd/user"
        write(container, f"{home}/mine.service", UNITS["plain.service"])
        docker("exec", container, "chown", "-R", USER, f"/home/{USER}/.config")
        docker("exec", container, "loginctl", "enable-linger", USER)
        docker("exec", container, "systemctl", "daemon-reload")
        yield container


def state_of_system(container: str) -> str:
    command = ["docker", "exec", container, "systemctl", "is-system-running"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def write(container: str, path: str, text: str) -> None:
    script = f"mkdir -p $(dirname {path}) && cat > {path}"
    run_checked(["docker", "exec", "--interactive", container, "sh", "-c", script], stdin=text)


def notes(container: str) -> list[str]:
    return docker("exec", container, "sh", "-c", "cat /tmp/notes 2> /dev/null || true").split()


def show(container: str, unit: str, name: str) -> str:
    return docker("exec", container, "systemctl", "show", "--value", f"--property={name}", unit)


def executor(box: str, folder: Path, unit: str, *lines: str, user: str = "") -> Executor:
    program = ["docker", "exec", box, "systemctl"]
    if user:
        number = docker("exec", box, "id", "-u", user)
        runtime = f"XDG_RUNTIME_DIR=/run/user/{number}"
        program = ["docker", "exec", "--user", user, "--env", runtime, box, "systemctl"]
    text = f'[agents.a]\nexecutor = "systemd"\nunit = "{unit}"\nsystemctl = {json.dumps(program)}\n'
    config = parse_config(text + "\n".join(lines), source=folder / "bridge.toml")
    context = ExecutorContext(folder, frozenset(), lambda _exit: None)
    return config.agents["a"].build("a", context)


async def test_a_restart_and_a_reload_of_a_unit(box: str, tmp_path: Path) -> None:
    web = executor(box, tmp_path, "web")
    for count in (1, 2):  # from stopped, then from running
        before = show(box, "web.service", "InvocationID")
        result = await web.execute("restart_agent", f"action {count}", {"unit": "plain"})
        assert result.outcome == "succeeded", result.details
        assert result.details["unit"] == "web.service"
        assert result.details["active_state"] == "active"
        assert show(box, "web.service", "InvocationID") != before
        assert notes(box).count("started") == count
    pid = show(box, "web.service", "MainPID")
    result = await web.execute("reload", "action 3")
    assert (result.outcome, result.details) == ("succeeded", {"unit": "web.service"})
    until(lambda: notes(box).count("reloaded") == 1, lambda: notes(box))
    assert show(box, "web.service", "MainPID") == pid
    assert show(box, "plain.service", "ActiveState") == "inactive"


async def test_it_waits_until_the_unit_says_that_it_is_ready(box: str, tmp_path: Path) -> None:
    result = await executor(box, tmp_path, "late").execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert show(box, "late.service", "ActiveState") == "active"


async def test_a_unit_of_a_user(box: str, tmp_path: Path) -> None:
    until(lambda: docker("exec", box, "ls", "/run/user"), lambda: docker("logs", box))
    mine = executor(box, tmp_path, "mine", 'scope = "user"', user=USER)
    result = await mine.execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert show(box, "mine.service", "LoadState") == "not-found"  # the system does not know it


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("crash", "crash.service is failed (failed), result exit-code"),
        ("wrong", "wrong.service is failed (failed), result exit-code"),
        ("again", "again.service is activating (auto-restart), result exit-code"),
        ("never", "never.service did not get ready within 3 s"),
        ("done", "done.service is inactive (dead), result success"),
        ("nobody", "nobody.service is not-found"),
    ],
)
async def test_a_unit_that_does_not_run_has_failed(
    box: str, tmp_path: Path, unit: str, reason: str
) -> None:
    worker = executor(box, tmp_path, unit, "timeout_seconds = 3")
    result = await worker.execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert reason in str(result.details["reason"])
    assert "hidden" not in str(result.details)


async def test_what_systemctl_complains_of_is_in_the_log_only(
    box: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stiff = executor(box, tmp_path, "stiff")
    assert (await stiff.execute("restart_agent", "action 1")).outcome == "succeeded"
    with caplog.at_level(logging.WARNING):
        result = await stiff.execute("reload", "action 2")
    reason = "systemctl reload ended with exit code 1; see the bridge's log"
    assert (result.outcome, result.details["reason"]) == ("failed", reason)
    assert "Job for stiff.service failed" in str([vars(entry) for entry in caplog.records])


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("plain", "plain.service cannot reload: it has no ExecReload="),
        ("nobody", "nobody.service is not-found"),
    ],
)
async def test_a_reload_that_cannot_be_has_failed(
    box: str, tmp_path: Path, unit: str, reason: str
) -> None:
    worker = executor(box, tmp_path, unit)
    if unit == "plain":
        result = await worker.execute("reload", "action 1")
        assert result.details["reason"] == "plain.service is inactive"
        assert (await worker.execute("restart_agent", "action 2")).outcome == "succeeded"
    result = await worker.execute("reload", "action 3")
    assert (result.outcome, result.details["reason"]) == ("failed", reason)


async def test_a_cancelled_restart_leaves_the_job_to_systemd(box: str, tmp_path: Path) -> None:
    docker("exec", box, "systemctl", "stop", "never.service")
    running = asyncio.create_task(
        executor(box, tmp_path, "never").execute("restart_agent", "action 1")
    )
    while show(box, "never.service", "ActiveState") != "activating":  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert show(box, "never.service", "ActiveState") == "activating"


async def test_other_actions_are_refused(box: str, tmp_path: Path) -> None:
    for action in ("run_command", "stop", "mask", "restart", "--help", ""):
        result = await executor(box, tmp_path, "web").execute(action, "", {"unit": "plain"})
        assert result.outcome == "refused"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ('["/no/such/systemctl"]', "/no/such/systemctl cannot be run: No such file or directory"),
        ('["false"]', "systemctl show ended with exit code 1; see the bridge's log"),
        ('["true"]', "web.service is not known"),
    ],
)
async def test_a_systemctl_that_does_not_work_has_failed(
    tmp_path: Path, program: str, reason: str
) -> None:
    text = f'[agents.a]\nexecutor = "systemd"\nunit = "web"\nsystemctl = {program}\n'
    config = parse_config(text, source=tmp_path / "bridge.toml")
    context = ExecutorContext(tmp_path, frozenset(), lambda _exit: None)
    result = await config.agents["a"].build("a", context).execute("restart_agent", "action 1")
    assert (result.outcome, result.details["reason"]) == ("failed", reason)
