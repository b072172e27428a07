"""``hha up`` runs the whole monitor, stops all of it on Ctrl-C, and finds its data again."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from running import Command, clean_environment, open_folder

from hha import embedded
from hha.commands.up import sample_agents

pytestmark = pytest.mark.slow

FIRST_AGENT = "agent file_hasher_1: "


@pytest.fixture
def home() -> Iterator[Path]:
    """A home for the embedded server; stopped and removed afterwards."""
    with open_folder() as folder:
        try:
            yield folder / "home"
        finally:
            embedded.stop(folder / "home")


def hha(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "hha.child", *arguments],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        timeout=60,
    )


def gone(home: Path, seconds: float = 60) -> bool:
    """Whether nothing runs below the home; PostgreSQL's children outlive it by a moment."""
    deadline = time.monotonic() + seconds
    while (found := below(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not found


def below(home: Path) -> list[int]:
    """The processes that run in a folder below the home: PostgreSQL, bridge's agents."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(home)):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def page_behind(link: str) -> str:
    """What a browser shows for the link, as soon as somebody answers there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return httpx.get(link, follow_redirects=True, timeout=30).raise_for_status().text
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_ctrl_c_stops_all_and_a_second_start_finds_the_data(home: Path) -> None:
    environment = clean_environment(home)
    with Command("up", environment=environment) as up:
        assert "host=" in up.wait_for_line("psql, socket:")
        assert "127.0.0.1" in up.wait_for_line("psql, TCP:")
        link = up.wait_for_line("page:").partition("page: ")[2]
        gateway = up.wait_for_line("pings:").partition("pings: ")[2].partition("/ping/")[0]
        token = Path(up.wait_for_line("heartbeats:").partition("(")[2].rstrip(")"))
        up.wait_for_line(FIRST_AGENT)
        assert "file_hasher_1" in page_behind(link)
        made = hha(home, "ping-url", "a-job", "--register", "--base", gateway)
        assert page_behind(made.stdout.strip()) == "OK", made.stderr
        assert token.stat().st_mode & 0o077 == 0
        answer = httpx.post(
            f"{gateway}/api/heartbeats",
            json={"agent_id": "a-sensor"},
            headers={"Authorization": f"Bearer {token.read_text().strip()}"},
            timeout=30,
        )
        assert answer.json() == {"recorded": 1}
        started = up.wait_for_descendants(6)  # the bridge, the page, the gateway, three agents
        assert below(home) != []
        up.interrupt()
        assert up.wait() == 0, up.output
    assert [process for process in started if process.is_running()] == []
    assert gone(home)

    with Command("up", environment=environment) as up:
        up.wait_for_line("schema: newest")
        up.wait_for_line(FIRST_AGENT)
        server = embedded.attach(home)
        assert server is not None
        with psycopg.connect(server.dsn) as connection:
            row = connection.execute(
                "SELECT count(*) FROM health.agent_heartbeats"
                " WHERE received_at < pg_postmaster_start_time()"
            ).fetchone()
        assert row is not None
        assert row[0] > 0, "heartbeats of the first run"
        up.interrupt(signal.SIGTERM)
        assert up.wait() == 0, up.output
    assert gone(home)


def test_a_second_up_says_that_one_runs_and_does_not_disturb_it(home: Path) -> None:
    with Command("up", environment=clean_environment(home)) as up:
        up.wait_for_line(FIRST_AGENT)
        second = hha(home, "up")
        assert second.returncode == 2
        assert f"already running here (process {up.process.pid}" in second.stderr

        expected = {agent.agent_id for agent in sample_agents(None)}
        deadline = time.monotonic() + 60
        fleet: set[str] = set()
        while not expected <= fleet:
            assert time.monotonic() < deadline, fleet
            status = hha(home, "status", "--json")
            assert status.returncode == 0, status.stderr
            fleet = {row["agent_id"] for row in json.loads(status.stdout)["fleet"]}

        explained = hha(home, "explain", "file_hasher_1", "--json")
        assert explained.returncode == 0, explained.stderr
        document = json.loads(explained.stdout)
        assert document["score"] == pytest.approx(
            sum(row["contribution"] or 0 for row in document["components"])
        )
        assert hha(home, "explain", "nobody").returncode == 1

        doctor = hha(home, "doctor", "--json")
        assert doctor.returncode == 0, doctor.stdout
        assert all(finding["level"] != "fail" for finding in json.loads(doctor.stdout))

        up.interrupt()
        assert up.wait() == 0, up.output


def test_a_server_that_ran_before_keeps_running(home: Path) -> None:
    server = embedded.start(home)
    with Command("up", environment=clean_environment(home)) as up:
        up.wait_for_line("attached to the running server")
        up.wait_for_line(FIRST_AGENT)
        up.interrupt()
        assert up.wait() == 0, up.output
    assert server.is_running()


def test_a_killed_up_takes_bridge_and_agents_along(home: Path) -> None:
    environment = clean_environment(home)
    with Command("up", environment=environment) as up:
        up.wait_for_line(FIRST_AGENT)
        started = up.descendants()
        up.process.kill()
        up.wait()
        _, alive = psutil.wait_procs(started, timeout=60)
        assert alive == []
    assert below(home) != [], "nobody was left to stop PostgreSQL"
    with Command("up", environment=environment) as up:
        up.wait_for_line(FIRST_AGENT)
        up.interrupt()
        assert up.wait() == 0, up.output
    assert gone(home), "the next start takes over what its predecessor started"


def test_on_a_terminal_it_draws_a_table(home: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hha.child", "up"],
        env=clean_environment(home, TERM="xterm", COLUMNS="160", LINES="50"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    try:
        while b"file_hasher_1 " not in seen:
            seen += os.read(ours, 65536)
        os.killpg(process.pid, signal.SIGINT)
        while True:
            try:
                if not (more := os.read(ours, 65536)):
                    break
            except OSError:  # EIO: the other end is closed
                break
            seen += more
        assert process.wait(timeout=60) == 0, seen.decode(errors="replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
    assert "Fleet" in seen.decode(errors="replace")
