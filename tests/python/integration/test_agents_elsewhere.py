"""docs/agents.md tells the truth: its agents in Python, bash and Node are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOCS = Path(__file__).resolve().parents[3] / "docs" / "agents.md"
LIMIT_SECONDS = 60.0


def listing(language: str) -> str:
    """The only listing of docs/agents.md in a language."""
    text = DOCS.read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


def needed(*programs: str, purpose: str) -> None:
    """Skip where a program is missing; fail where everything was to be installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        message = f"no {' and no '.join(missing)}; as root: ci/install_packages.sh {purpose}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


class Story:
    """What the database knows of one agent."""

    def __init__(self, dsn: str, agent_id: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self.agent_id = agent_id

    def __enter__(self) -> Story:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self._connection.execute(query.encode(), {"agent_id": self.agent_id}).fetchall()

    def beats(self) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT * FROM health.agent_heartbeats WHERE agent_id = %(agent_id)s"
            " ORDER BY received_at, txid"
        )

    def liveness(self) -> str | None:
        self.rows("SELECT health.tick()")
        rows = self.rows("SELECT liveness FROM health.fleet WHERE agent_id = %(agent_id)s")
        return rows[0]["liveness"] if rows else None

    def session_pid(self) -> int | None:
        rows = self.rows(
            "SELECT l.pid FROM pg_locks AS l"
            " JOIN health.agents AS a"
            " ON a.agent_number = (l.classid::bigint << 32) | l.objid::bigint"
            " WHERE l.locktype = 'advisory' AND l.granted AND a.agent_id = %(agent_id)s"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return rows[0]["pid"] if rows else None


def until_agent(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    until(lambda: condition() or process.poll() is not None, "the agent gets there")
    assert process.poll() is None, "the agent ended"


def live_and_stop(
    command: Sequence[str], environment: dict[str, str], story: Story
) -> list[dict[str, Any]]:
    """Run an agent until it is alive and attached, stop it by SIGTERM; its heartbeats."""
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        until_agent(
            lambda: len([beat for beat in story.beats() if beat["work_items_processed"]]) > 1,
            process,
        )
        until_agent(lambda: story.session_pid() is not None, process)
        assert story.liveness() == "alive"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_SECONDS)
    deadline = time.monotonic() + LIMIT_SECONDS
    while story.beats()[-1]["state"] != "stopped":
        assert time.monotonic() < deadline, story.beats()[-1]
        time.sleep(0.05)
    return story.beats()


def test_the_agent_in_python(
    deployed_database: str, login: Callable[..., str], tmp_path: Path
) -> None:
    program = tmp_path / "invoice_sender.py"
    work = "async def send_due_invoices() -> int:\n    return 3\n\n\n"
    program.write_text(work + listing("python"), encoding="utf-8")
    dsn = login(deployed_database, "health_agent", agents=["invoice-sender"])
    quickly = ("--interval", "0.1", "--heartbeat-interval", "0.2")
    with Story(deployed_database, "invoice-sender") as story:
        beats = live_and_stop([sys.executable, str(program), *quickly], {"HHA_DSN": dsn}, story)
        assert story.liveness() == "stopped"
    assert {(beat["work_items_processed"] or 0) % 3 for beat in beats} == {0}


def test_the_agent_in_bash(
    deployed_database: str, login: Callable[..., str], tmp_path: Path
) -> None:
    needed("psql", purpose="sqitch")
    script = tmp_path / "watch-folder.sh"
    script.write_text(listing("bash"), encoding="utf-8")
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "one").touch()
    dsn = login(deployed_database, "health_agent", agents=["watch-folder"])
    service = tmp_path / "services"
    info = psycopg.conninfo.conninfo_to_dict(dsn)
    service.write_text(
        "[monitor]\n" + "".join(f"{key}={value}\n" for key, value in info.items()), encoding="utf-8"
    )
    with Story(deployed_database, "watch-folder") as story:
        beats = live_and_stop(
            ["bash", str(script), str(watched), "1"],
            {"PGSERVICE": "monitor", "PGSERVICEFILE": str(service)},
            story,
        )
        assert story.liveness() == "stopped"
    counts = [beat["work_items_processed"] for beat in beats if beat["work_items_processed"]]
    assert counts == list(range(1, len(counts) + 1))


def test_the_agent_in_node(
    deployed_database: str, login: Callable[..., str], tmp_path: Path
) -> None:
    needed("node", "npm", purpose="node")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "pg@8"],
        cwd=tmp_path,
        check=True,
        timeout=170,
    )
    (tmp_path / "queue-worker.mjs").write_text(listing("js"), encoding="utf-8")
    dsn = login(deployed_database, "health_agent", agents=["queue-worker"])
    info = psycopg.conninfo.conninfo_to_dict(dsn)
    password = str(info["password"]).replace(" ", "%20")
    url = f"postgresql://{info['user']}:{password}@{info['host']}:{info['port']}/{info['dbname']}"
    with Story(deployed_database, "queue-worker") as story:
        beats = live_and_stop(
            ["node", str(tmp_path / "queue-worker.mjs")],
            {"HHA_DSN": url, "PAUSE_MS": "100"},
            story,
        )
        assert story.liveness() == "stopped"
    assert all(beat["run_id"] and beat["memory_usage_mb"] > 1 for beat in beats[:2])
