"""Bridge and page as a service manager runs them: ready, watched, stopping."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from servers.base import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge_site import Site
    from conftest import Engine


class Manager:
    """The end of the socket that systemd would hold; read all the time, as its queue is short."""

    def __init__(self, path: Path) -> None:
        self.variables = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "300000"}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._told: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while told := self._socket.recv(1000):
            self._told.put(told)

    def hears(self, expected: bytes) -> None:
        """Return when it is told; nothing but the watchdog's beats may come before."""
        while (told := self._told.get(timeout=60)) != expected:
            assert told == b"WATCHDOG=1"

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A service manager; the socket's path must be short."""
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def test_a_bridge_is_ready_watched_and_ends(site: Site, manager: Manager) -> None:
    site.configure()
    bridge = site.launch("main", **manager.variables)
    manager.hears(b"READY=1")
    manager.hears(b"WATCHDOG=1")
    site.wait_for_beating_agent()
    pid = site.pid()
    inherited = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"NOTIFY_SOCKET" not in inherited
    assert b"WATCHDOG" not in inherited

    def is_alive() -> int:
        return subprocess.run(
            [
                *(sys.executable, "-m", "hha.child", "bridge", "--alive"),
                *("--config", str(site.folder / "bridge.toml")),
            ],
            env={**os.environ, "HHA_DSN": site.bridge_dsn},
        ).returncode

    site.until(
        lambda: (
            site.value("SELECT liveness FROM health.fleet WHERE agent_id = 'bridge:main'")
            in ("alive", "starting")
        ),
        "the bridge is alive",
    )
    assert is_alive() == 0
    bridge.send_signal(signal.SIGTERM)
    manager.hears(b"STOPPING=1")
    assert bridge.wait(timeout=60) == 0
    site.run("CALL health.run_tick()")
    assert is_alive() == 1


def test_a_page_is_ready_when_it_answers(
    engine: Engine, login: Callable[..., str], manager: Manager
) -> None:
    port = free_port()
    page = subprocess.Popen(
        [sys.executable, "-m", "hha.child", "dashboard", "--port", str(port)],
        env={**os.environ, "HHA_DSN": login(engine.dsn, "health_analyst"), **manager.variables},
    )
    try:
        manager.hears(b"READY=1")
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)
        assert answer.json() == {"status": "ok"}
        manager.hears(b"WATCHDOG=1")
        page.send_signal(signal.SIGTERM)
        manager.hears(b"STOPPING=1")
        page.wait(timeout=60)
    finally:
        if page.poll() is None:
            page.kill()
            page.wait()


def test_a_page_without_its_port_says_so(engine: Engine, login: Callable[..., str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        page = subprocess.run(
            [
                *(sys.executable, "-m", "hha.child", "dashboard"),
                *("--port", str(taken.getsockname()[1])),
            ],
            env={**os.environ, "HHA_DSN": login(engine.dsn, "health_analyst")},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert page.returncode != 0
    assert "address already in use" in page.stderr
