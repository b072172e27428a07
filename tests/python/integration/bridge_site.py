"""A folder, a database and the bridges started there: what tests of `hha bridge` share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row
from servers.waiting import until

from hha.bridge.executors.record import RecordFile, find_family, find_main

AGENT_ID = "worker-1"
OTHER_ID = "other-1"
HHA = ("-c", "from hha.cli import main; main()")

# Beats five times a second and notes each start; its session is attached.
AGENT = """
import os, sys, time
import psycopg

with open(sys.argv[1], "a") as starts:
    print(os.getpid(), file=starts)
while True:
    try:
        with psycopg.connect(os.environ["AGENT_DSN"], autocommit=True) as connection:
            connection.execute(
                "SELECT health.register_agent(%s, p_expected_interval => '1 second')",
                [os.environ["HHA_AGENT_ID"]],
            )
            connection.execute("SELECT health.attach(%s)", [os.environ["HHA_AGENT_ID"]])
            while True:
                connection.execute("SELECT health.heartbeat(%s)", [os.environ["HHA_AGENT_ID"]])
                time.sleep(0.2)
    except psycopg.OperationalError:
        time.sleep(0.2)
"""


@dataclass
class Site:
    """A folder with the bridge's configuration, the database, and the bridges started there."""

    folder: Path
    dsn: str
    bridge_dsn: str
    agent_dsn: str
    bridges: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def configure(self, *, agents: bool = True, more: str = "") -> None:
        command = json.dumps([sys.executable, "-c", AGENT, str(self.starts_file)])
        text = '[bridge]\nstate_directory = "state"\npoll_seconds = 0.2\n'
        if agents:
            text += f"[agents.{AGENT_ID}]\ncommand = {command}\nstop_timeout_seconds = 3\n"
            text += f"env = {{ AGENT_DSN = {json.dumps(self.agent_dsn)} }}\n"
        (self.folder / "bridge.toml").write_text(text + more, encoding="utf-8")

    def start(
        self, name: str = "main", *, entry: Sequence[str] = HHA, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start a bridge and return when it has beaten for the first time."""
        bridge = self.launch(name, entry=entry, **variables)
        self.wait_for_bridge(name)
        return bridge

    def launch(
        self, name: str, *, entry: Sequence[str] = HHA, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start a bridge."""
        with self.log.open("ab") as log:
            bridge = subprocess.Popen(
                [
                    *(sys.executable, *entry, "bridge"),
                    *("--config", str(self.folder / "bridge.toml"), "--name", name),
                ],
                env={**os.environ, "HHA_DSN": self.bridge_dsn, **variables},
                stdout=log,
                stderr=log,
            )
        self.bridges.append(bridge)
        return bridge

    def wait_for_bridge(self, name: str) -> None:
        """Return when it has beaten."""
        self.until(
            lambda: self.value(
                "SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = %s", f"bridge:{name}"
            ),
            "the bridge beats",
        )

    def start_two(
        self, *, entry: Sequence[str] = HHA, **variables: str
    ) -> dict[str, subprocess.Popen[bytes]]:
        """Start two bridges at once; by name."""
        bridges = {name: self.launch(name, entry=entry, **variables) for name in ("one", "two")}
        for name in bridges:
            self.wait_for_bridge(name)
        return bridges

    @property
    def log(self) -> Path:
        return self.folder / "bridge.log"

    @property
    def starts_file(self) -> Path:
        return self.folder / "starts"

    @property
    def starts(self) -> list[int]:
        """The pids of all agents ever started."""
        if not self.starts_file.exists():
            return []
        return [int(line) for line in self.starts_file.read_text().splitlines()]

    def pid(self) -> int | None:
        record = RecordFile(self.folder / "state", AGENT_ID).read()
        main = find_main(record) if record else None
        return main.pid if main else None

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(cast(Any, query), values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        (row,) = self.rows(query, *values)
        (value,) = row.values()
        return value

    def run(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(cast(Any, statement), values)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        return until(condition, lambda: f"{what}\n{self.story()}", despite=psycopg.Error)

    def story(self) -> str:
        actions = self.rows("SELECT * FROM health.recovery_actions")
        return f"{self.log.read_text()[-4000:]}\n{actions}"

    def wait_for_beating_agent(self) -> None:
        self.until(
            lambda: (
                self.value(
                    "SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = %s", AGENT_ID
                )
                >= 5
            ),
            "the agent beats",
        )

    def request_recovery(self) -> int:
        """Ask for a restart, as soon as the engine knows the agent; the number of the action."""
        action_id = self.until(
            lambda: self.value(
                "SELECT health.request_recovery(%s, 'agent_unresponsive', 'test')", AGENT_ID
            ),
            "a recovery is requested",
        )
        return int(action_id)

    def queue_message(self, key: str, channel: str = "hook") -> None:
        self.run(
            "INSERT INTO health.deliveries (channel, event, severity, subject, body, agent_ids,"
            " details, idempotency_key, created_at, not_before) VALUES"
            " (%s, 'opened', 'critical', 'worker-1 is unresponsive', 'since noon', '{worker-1}',"
            """ '{"score": 0}', %s, now(), now())""",
            channel,
            key,
        )
        self.run("NOTIFY health_wakeup")

    def delivery(self, key: str) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM health.deliveries WHERE idempotency_key = %s", key)
        return row

    def close(self) -> None:
        """End the bridges and the agents."""
        for bridge in self.bridges:
            if bridge.poll() is None:
                bridge.kill()
            bridge.wait()
        for agent_id in (AGENT_ID, OTHER_ID):
            record = RecordFile(self.folder / "state", agent_id).read()
            for process in find_family(record) if record else []:
                process.kill()
