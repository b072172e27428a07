"""Two bridges of bench/faults.py, and a supervisor that starts one anew when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from faults_agent import starts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from faults_plan import Agent

NAMES = ("one", "two")
CHANNEL = "bench_hook"
START_AGAIN_SECONDS = 1.0


def configure(folder: Path, agents: list[Agent], dsns: dict[str, str], url: str) -> None:
    """The configuration both bridges read, and the agents' folders."""
    for name in ("starts", "faults", "broken", "delays", "full"):
        (folder / name).mkdir()
    script = str(Path(__file__).resolve().with_name("faults_agent.py"))
    parts = [
        '[bridge]\nstate_directory = "state"\nstop_agents_on_exit = false\n',
        f'[channels.{CHANNEL}]\nkind = "webhook"\nurl = {json.dumps(url)}\n',
    ]
    for agent in agents:
        command = [sys.executable, script, "--folder", str(folder)]
        command += ["--interval", str(min(agent.interval, 5))]
        command += ["--heartbeat-interval", str(agent.interval), "--memory-limit-mb", "250"]
        command += [] if agent.has_session else ["--no-session"]
        command += ["--bare"] if agent.role == "plain" else []
        command += ["--parent", agent.parent] if agent.parent else []
        parts.append(
            f"[agents.{agent.name}]\ncommand = {json.dumps(command)}\nstop_timeout_seconds = 3\n"
            f"env = {{ HHA_DSN = {json.dumps(dsns[agent.name])} }}\n"
        )
    (folder / "bridge.toml").write_text("\n".join(parts), encoding="utf-8")


@dataclass(slots=True)
class Bridges:
    """The running bridges; `ends` counts those that ended unasked, by exit code."""

    folder: Path
    dsn: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    launches: list[float] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def launch(self, name: str) -> None:
        self.launches.append(time.time())
        with (self.folder / f"bridge-{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [
                    *(sys.executable, "-c", "from hha.cli import main; main()", "bridge"),
                    *("--config", str(self.folder / "bridge.toml"), "--name", name),
                ],
                env={**os.environ, "HHA_DSN": self.dsn},
                stdout=log,
                stderr=log,
            )

    def supervise(self) -> None:
        """As a service manager does: whoever ends is started again."""
        while not self._is_over.wait(0.2):
            for name, bridge in self.running.items():
                if bridge.poll() is not None:
                    self.ends.append(bridge.returncode)
                    self._is_over.wait(START_AGAIN_SECONDS)
                    if not self._is_over.is_set():
                        self.launch(name)

    def kill(self, random: Random) -> None:
        """kill -9 of one of them."""
        self.running[random.choice(NAMES)].kill()

    def signal_all(self, number: signal.Signals) -> None:
        for bridge in self.running.values():
            bridge.send_signal(number)

    def end(self) -> None:
        self._is_over.set()
        for bridge in self.running.values():
            bridge.send_signal(signal.SIGCONT)
            bridge.terminate()
        for bridge in self.running.values():
            try:
                bridge.wait(20)
            except subprocess.TimeoutExpired:
                bridge.kill()
                bridge.wait()


@contextmanager
def bridging(folder: Path, dsn: str, agents: list[Agent]) -> Iterator[Bridges]:
    """Both bridges with a supervisor; at the end they end, and so do the agents."""
    bridges = Bridges(folder, dsn)
    for name in NAMES:
        bridges.launch(name)
    supervisor = threading.Thread(target=bridges.supervise, daemon=True)
    supervisor.start()
    try:
        yield bridges
    finally:
        bridges.end()
        supervisor.join(5)
        _end_agents(folder, agents)


def _end_agents(folder: Path, agents: list[Agent]) -> None:
    for agent in agents:
        for _, pid in starts(folder, agent.name)[-1:]:
            try:
                if str(folder) in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"):
                    os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
    time.sleep(0.1)
