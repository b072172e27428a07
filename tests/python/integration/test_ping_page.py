"""Every example of docs/ping.md is run, as cron or a shell would; what became of it is compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway_site import TOKEN, RunningGateway

from hha.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ping.md"
BLOCK = re.compile(r"^```(sh|cron|sql|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASE = "https://hha.example"
PING_ID = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
OUTPUT = "copied 3 files"

SIGNALS = """
SELECT signal, run_id, attributes FROM health.ingest_heartbeats
WHERE agent_id = 'nightly-backup' ORDER BY received_at OFFSET %s
"""


@pytest.fixture
def gateway(engine: Engine, login: Callable[..., str]) -> Iterator[RunningGateway]:
    """The gateway of the page."""
    dsn = login(engine.dsn, "health_gateway", agents=["sensor-1", "sensor-2"])
    running = RunningGateway(GatewaySettings(dsn, token=TOKEN))
    yield running
    running.stop()


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the programs of the page: hha, and a backup that ends as it is told."""
    backup = f'#!/bin/sh\n[ "$1" = --verify ] || echo "{OUTPUT}"\nexit "${{BACKUP_STATUS:-0}}"\n'
    hha = f'#!/bin/sh\nexec {sys.executable} -m hha.child "$@"\n'
    for name, text in (("backup", backup), ("hha", hha)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_every_example_works(
    gateway: RunningGateway, engine: Engine, login: Callable[..., str], programs: Path
) -> None:
    if shutil.which("curl") is None or shutil.which("wget") is None:
        pytest.skip("curl or wget is not installed")
    before, _, _ = PAGE.read_text(encoding="utf-8").partition("## Running it")
    blocks = iter(BLOCK.findall(before))
    admin = login(engine.dsn, "health_admin")
    ping_id = PING_ID

    def run(kind: str, text: str, status: int = 0) -> str:
        if kind == "cron":
            ((*_, text),) = [line.split(maxsplit=5) for line in text.splitlines()]
        else:
            text = f"set -e\n{text}"
        done = subprocess.run(
            [
                "/bin/sh",
                "-c",
                text.replace(PING_ID, ping_id).replace(f"{BASE}/", f"{gateway.url}/"),
            ],
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HHA_DSN": admin,
                "HHA_GATEWAY_TOKEN": TOKEN,
                "BACKUP_STATUS": str(status),
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, (text, done.stderr)
        return done.stdout

    def following(kind: str) -> str:
        found, text = next(blocks)
        assert found == kind
        return str(text)

    told = 0

    def news() -> list[tuple[str, str | None, dict[str, Any] | None]]:
        nonlocal told
        rows = [tuple(row.values()) for row in engine.rows(SIGNALS, told)]
        told += len(rows)
        return rows  # type: ignore[return-value]

    address = run("sh", following("sh")).strip()
    ping_id = address.removeprefix(f"{BASE}/ping/")
    engine.run(following("sql"))  # type: ignore[arg-type]

    run("cron", following("cron"))
    assert news() == [("success", None, None)]

    reporting = following("cron")
    run("cron", reporting, status=3)
    run("cron", reporting)
    assert news() == [
        ("start", None, None),
        ("fail", None, {"exit_code": 3, "body": OUTPUT}),
        ("start", None, None),
        ("success", None, {"exit_code": 0, "body": OUTPUT}),
    ]

    named = following("sh")
    run("sh", named)
    run("sh", named, status=1)
    first, second = (rows := news())[:3], rows[3:]
    assert len({run_id for _, run_id, _ in first}) == len({run_id for _, run_id, _ in second}) == 1
    assert [(signal, attributes) for signal, _, attributes in first] == [
        ("start", None),
        ("log", {"body": f"{OUTPUT}\n"}),
        ("success", {"exit_code": 0}),
    ]
    assert [(signal, attributes) for signal, _, attributes in second] == [
        ("start", None),
        ("log", {"body": f"{OUTPUT}\n"}),
        ("fail", {"body": "the copy is damaged\n"}),
    ]

    run("sh", following("sh"))
    assert news() == [("success", None, None)]

    posting = following("sh")
    assert json.loads(run("sh", posting)) == {"recorded": 2}
    refused = posting.replace("-fsS", "-sS").replace('"state": "idle"', '"cpu_usage_percent": 101')
    assert json.loads(run("sh", refused)) == json.loads(following("json"))
    assert next(blocks, None) is None
    assert engine.rows(
        "SELECT agent_id, state, error_count, attributes FROM health.ingest_heartbeats"
        " WHERE agent_id <> 'nightly-backup' ORDER BY agent_id"
    ) == [
        {"agent_id": "sensor-1", "state": "running", "error_count": 1, "attributes": None},
        {"agent_id": "sensor-2", "state": "idle", "error_count": None, "attributes": {"queue": 3}},
    ]
