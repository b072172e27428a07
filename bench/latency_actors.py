"""Who takes part in bench/latency.py: a receiver of webhooks, the bridge, a writer, agents.

The receiver is a thread of the bench; the others are processes of their own. All on this machine,
so that one clock times them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import SpawnProcess

CHANNEL = "bench_hook"
BATCH_ROWS = 500
BEAT_SECONDS = 5.0

# Spawned, not forked: a fork would share the bench's connections and threads.
PROCESSES = get_context("spawn")

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT %(prefix)s || number, %(prefix)s || number, %(interval)s::interval
FROM generate_series(1, %(count)s::integer) AS fleet (number)
"""

BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, work_items_processed, average_processing_time_ms, cpu_usage_percent, error_count
)
SELECT 'fleet-' || arrived.number, %s::bigint * 10, 100, 20, 0
FROM unnest(%s::integer []) AS arrived (number)
"""


@dataclass(slots=True)
class Receiver:
    """When the first page about each agent came."""

    url: str = ""
    arrivals: dict[str, tuple[float, int]] = field(default_factory=dict)
    came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, at: float, message: dict[str, Any]) -> None:
        """Keep the time and the number of a message that tells of new trouble."""
        if message["details"].get("event") not in ("opened", "digest"):
            return
        with self.came:
            for agent_id in message["agent_ids"]:
                self.arrivals.setdefault(agent_id, (at, message["delivery_id"]))
            self.came.notify_all()

    def wait_for(self, agent_id: str, seconds: float) -> tuple[float, int]:
        """The time the page about an agent came, and the number of the message."""
        with self.came:
            if not self.came.wait_for(lambda: agent_id in self.arrivals, seconds):
                raise TimeoutError(f"no message about {agent_id} came within {seconds:.0f} s")
            return self.arrivals[agent_id]


@contextmanager
def receiving(box: Receiver | None = None) -> Iterator[Receiver]:
    """An HTTP server on loopback that takes webhooks."""
    box = box or Receiver()

    class Handler(BaseHTTPRequestHandler):
        # Connections are kept, as real receivers do; without Nagle, as they do as well.
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            at = time.time()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            box.take(at, json.loads(body))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def bridging(dsn: str, url: str) -> Iterator[None]:
    """`hha bridge` with one webhook, everything else as it ships."""
    with tempfile.TemporaryDirectory(prefix="hha-bench-") as name:
        folder = Path(name)
        (folder / "bridge.toml").write_text(
            f'[bridge]\nstate_directory = "state"\n'
            f'[channels.{CHANNEL}]\nkind = "webhook"\nurl = {json.dumps(url)}\n',
            encoding="utf-8",
        )
        log_path = folder / "bridge.log"
        with log_path.open("wb") as log:
            bridge = subprocess.Popen(
                [
                    *(sys.executable, "-c", "from hha.cli import main; main()", "bridge"),
                    *("--config", str(folder / "bridge.toml"), "--name", "bench"),
                ],
                env={**os.environ, "HHA_DSN": dsn},
                stdout=log,
                stderr=log,
            )
        try:
            yield
        except BaseException:
            print(log_path.read_text(encoding="utf-8")[-4000:], file=sys.stderr)
            raise
        finally:
            bridge.terminate()
            try:
                bridge.wait(20)
            except subprocess.TimeoutExpired:
                bridge.kill()
                bridge.wait()


@dataclass(slots=True)
class Load:
    """A writer at work; `rate` from the last `restart` on."""

    count: Any
    since: tuple[float, int] = (0.0, 0)

    def restart(self) -> None:
        self.since = (time.perf_counter(), self.count.value)

    @property
    def rate(self) -> float:
        started, count = self.since
        return float(self.count.value - count) / (time.perf_counter() - started)


@contextmanager
def loading(dsn: str, agents: int, rate: int) -> Iterator[Load]:
    """Heartbeats of agents fleet-1 … in turn, at an even pace, by another process."""
    count, stop = PROCESSES.Value("q", 0), PROCESSES.Event()
    writer = PROCESSES.Process(target=write, args=(dsn, agents, rate, count, stop), daemon=True)
    writer.start()
    load = Load(count)
    load.restart()
    try:
        yield load
    finally:
        stop.set()
        writer.join(20)
        writer.kill()


def write(dsn: str, agents: int, rate: int, count: Any, stop: Any) -> None:
    """Insert batches until told to stop. What is late is made up for, up to a second's worth."""
    position = 0
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
        due = time.perf_counter()
        while not stop.is_set():
            numbers = [1 + (position + offset) % agents for offset in range(BATCH_ROWS)]
            connection.execute(BEAT.encode(), (1 + position // agents, numbers))
            position += BATCH_ROWS
            count.value = position
            due = max(due + BATCH_ROWS / rate, time.perf_counter() - 1)
            time.sleep(max(0.0, due - time.perf_counter()))


def start_agent(dsn: str, agent_id: str, *, is_attached: bool) -> SpawnProcess:
    """A process that is an agent."""
    agent = PROCESSES.Process(target=be_agent, args=(dsn, agent_id, is_attached), daemon=True)
    agent.start()
    return agent


def be_agent(dsn: str, agent_id: str, is_attached: bool) -> None:
    """Register, attach, and beat every 5 s until killed."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT health.register_agent(%s, p_expected_interval => '5 seconds')", (agent_id,)
        )
        if is_attached:
            connection.execute("SELECT health.attach(%s)", (agent_id,))
        while True:
            connection.execute("SELECT health.heartbeat(%s)", (agent_id,))
            time.sleep(BEAT_SECONDS)
