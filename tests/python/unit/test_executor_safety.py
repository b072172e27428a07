"""Whatever the database says: nothing runs that is not configured.

The real executors of every kind, real processes, and an audit hook of the interpreter, which sees
each program started from this process, whoever starts it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hha.bridge import parse_config
from hha.bridge.database import HealthDatabase
from hha.bridge.executors import Executor, ExecutorContext
from hha.bridge.items import Lease, RecoveryAction
from hha.bridge.pace import Counters
from hha.bridge.recovery import RecoveryWork

NOTE = "import sys; open(sys.argv[1], 'a').write('x')"
SYSTEMCTL = "import sys; print('LoadState=loaded\\nActiveState=failed\\nSubState=failed')"
#: Every event by which the interpreter starts something, or loads code.
STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")


@dataclass
class Watch:
    """What was started while it is on."""

    is_on: bool = False
    started: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and event in STARTING:
            self.started.append((event, arguments))


watch = Watch()
sys.addaudithook(watch.note)  # there is no way to take it away again; it costs a comparison


@dataclass
class Bridge:
    """Executors as a bridge has them, and the programs they may start."""

    folder: Path
    runner: asyncio.Runner
    executors: Mapping[str, Executor] = field(default_factory=dict)
    allowed: list[list[str]] = field(default_factory=list)

    def obey(self, agent_id: str, action: str, parameters: object) -> tuple[str, dict[str, object]]:
        """Carry out a claimed row of recovery_actions."""
        work = RecoveryWork(cast(HealthDatabase, None), self.executors, Counters())
        # As database.py hands it over: an object, else nothing.
        facts = parameters if isinstance(parameters, dict) else {}
        lease = Lease("recovery", next(_numbers), 1, 30)
        item = RecoveryAction(lease, agent_id, "agent_unresponsive", action, facts, 1)
        return self.runner.run(work.perform(item))


_numbers = iter(range(1, 10**9))


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("bridge")
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    note, other = ([sys.executable, "-c", NOTE, str(folder / name)] for name in ("note", "other"))
    systemctl = [sys.executable, "-c", SYSTEMCTL]
    (folder / "kubeconfig").write_text(
        json.dumps(
            {
                "current-context": "a",
                "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "a", "user": {"token": "x"}}],
                "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            }
        )
    )
    text = f"""
[agents.process]
command = {json.dumps(command)}
autostart = false
stop_timeout_seconds = 1
commands = {{ note = {json.dumps(note)} }}
[agents.systemd]
executor = "systemd"
unit = "web"
systemctl = {json.dumps(systemctl)}
commands = {{ other = {json.dumps(other)} }}
[agents.docker]
executor = "docker"
container = "web"
engine = "unix://{folder}/docker.sock"
[agents.http]
executor = "http"
url = "http://127.0.0.1:1/"
[agents.supervisord]
executor = "supervisord"
process = "web"
url = "unix://{folder}/rpc.sock"
[agents.kubernetes]
executor = "kubernetes"
deployment = "web"
kubeconfig = "kubeconfig"
"""
    config = parse_config(text, source=folder / "bridge.toml")
    context = ExecutorContext(folder / "state", frozenset(), lambda _exit: None)
    executors = {name: factory.build(name, context) for name, factory in config.agents.items()}
    unit = ["--", "web.service"]
    shared = ["--no-ask-password", "--no-pager"]
    properties = "--property=LoadState,ActiveState,SubState,Result,InvocationID,CanReload"
    allowed = [
        command,
        note,
        other,
        [*systemctl, *shared, "show", properties, *unit],
        [*systemctl, *shared, "restart", *unit],
        [*systemctl, *shared, "reload", *unit],
    ]
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr("hha.bridge.executors.kubernetes_cluster._PAUSE_SECONDS", 0)
        yield Bridge(folder, runner, executors, allowed)
        runner.run(executors["process"].close(stop_agents=True))


@pytest.fixture(autouse=True)
def _watch(bridge: Bridge) -> Iterator[None]:
    """Fail if anything was started that is not configured, or left a file where none belongs."""
    before = {path.name for path in bridge.folder.iterdir()}
    watch.started.clear()
    watch.is_on = True
    yield
    watch.is_on = False
    assert {event for event, _ in watch.started} <= {"subprocess.Popen"}
    for _, (program, argv, *_rest) in watch.started:
        assert list(map(str, argv)) in bridge.allowed, argv
        assert program == argv[0]
    left = {path.name for path in bridge.folder.iterdir()} - before
    assert left <= {"note", "other", "state"}
    state = bridge.folder / "state"
    assert {path.name for path in state.rglob("*") if path.is_dir()} <= {"processes", "logs"}


NAMES = ("process", "systemd", "docker", "http", "supervisord", "kubernetes")
ACTIONS = ("restart_agent", "reload", "run_command")
TRAPS = (
    "touch trap",
    "; touch trap",
    "$(touch trap)",
    "`touch trap`",
    "| touch trap",
    "\ntouch trap\n",
    "--help",
    "-H root@elsewhere",
    "../../../tmp/trap",
    "/bin/sh",
    "process\0",
    "process ",
    "Process",
    "note; other",
    "execute",
    "__class__",
    "_restart",
    "🙂" * 500,
)
texts = st.one_of(st.sampled_from((*NAMES, *ACTIONS, *TRAPS, "note", "other")), st.text())
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts | st.just("command"), inner, max_size=4)
    ),
    max_leaves=20,
)
named = st.fixed_dictionaries({"command": texts | documents}, optional={"argv": documents})


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(agent_id=texts, action=texts, parameters=named | documents)
@example(agent_id="process", action="run_command", parameters={"command": "note"})
@example(agent_id="process", action="run_command", parameters={"command": "other"})
@example(agent_id="systemd", action="run_command", parameters={"command": "other"})
@example(agent_id="http", action="run_command", parameters={"command": "note"})
@example(agent_id="process", action="restart_agent", parameters={"command": ["touch", "trap"]})
@example(agent_id="systemd", action="restart_agent", parameters={"unit": "trap.service"})
@example(agent_id="systemd", action="reload", parameters={"unit": "--help"})
@example(agent_id="docker", action="restart_agent", parameters={"container": "trap"})
@example(agent_id="kubernetes", action="restart_agent", parameters={"namespace": "trap"})
@example(agent_id="supervisord", action="reload", parameters={"process": "trap"})
@example(agent_id="../process", action="restart_agent", parameters={})
@example(agent_id="process", action="x" * 1_000_000, parameters={"command": "y" * 1_000_000})
def test_no_row_runs_what_is_not_configured(
    bridge: Bridge, agent_id: str, action: str, parameters: object
) -> None:
    notes = {name: size_of(bridge.folder / name) for name in ("note", "other")}
    outcome, details = bridge.obey(agent_id, action, parameters)
    commands = {"process": "note", "systemd": "other"}
    name = parameters.get("command") if isinstance(parameters, dict) else None
    runs_command = action == "run_command" and agent_id in commands and name == commands[agent_id]
    for note, size in notes.items():
        was_run = size_of(bridge.folder / note) - size
        assert was_run == (1 if runs_command and note == name else 0)
    if (
        agent_id not in NAMES
        or action not in ACTIONS
        or (action == "run_command" and not runs_command)
    ):
        assert outcome == "refused"
    # It goes back into the database: never long, whatever came out of it.
    assert len(json.dumps(details)) < 1000


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_the_watch_sees_what_is_started(bridge: Bridge) -> None:
    """The test above could not fail if the hook saw nothing."""
    assert bridge.obey("process", "run_command", {"command": "note"})[0] == "succeeded"
    assert bridge.obey("systemd", "restart_agent", {})[0] == "failed"
    started = [list(map(str, argv)) for _, (_, argv, *_rest) in watch.started]
    assert bridge.allowed[1] in started
    assert bridge.allowed[4] in started
