"""What a service manager hears: systemd's protocol over a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from hha.supervision import Supervisor


def listening(address: str) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.settimeout(30)
    receiver.bind(address)
    return receiver


@pytest.mark.parametrize("is_abstract", [False, True])
def test_it_tells_ready_and_stopping(tmp_path: Path, is_abstract: bool) -> None:
    name = f"hha-test-{os.getpid()}"
    address = f"@{name}" if is_abstract else str(tmp_path / "notify")
    with listening(f"\0{name}" if is_abstract else address) as receiver:
        supervisor = Supervisor(address)
        supervisor.ready()
        supervisor.stopping()
        supervisor.tell("STATUS=one", "WATCHDOG=1")
        told = [receiver.recv(100) for _ in range(3)]
    assert told == [b"READY=1", b"STOPPING=1", b"STATUS=one\nWATCHDOG=1"]


def test_nobody_listens(tmp_path: Path) -> None:
    Supervisor().ready()
    Supervisor(str(tmp_path / "gone")).ready()
    asyncio.run(Supervisor(str(tmp_path / "gone")).keep_alive())


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_variables_are_not_left_to_children(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], seconds: float | None
) -> None:
    for name, value in {"NOTIFY_SOCKET": "/run/notify", **variables}.items():
        monkeypatch.setenv(name, value)
    assert Supervisor.from_environment() == Supervisor("/run/notify", seconds)
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
    assert Supervisor.from_environment() == Supervisor(None, None)


def test_the_watchdog_hears_the_event_loop(tmp_path: Path) -> None:
    async def beat(supervisor: Supervisor) -> None:
        beating = asyncio.create_task(supervisor.keep_alive())
        await asyncio.get_running_loop().run_in_executor(None, hear_three)
        beating.cancel()

    with listening(str(tmp_path / "notify")) as receiver:

        def hear_three() -> None:
            assert [receiver.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3

        asyncio.run(beat(Supervisor(str(tmp_path / "notify"), 0.03)))
