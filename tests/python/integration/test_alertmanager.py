"""The channel 'alertmanager' against Prometheus Alertmanager itself, on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from receivers import Answer, HttpReceiver, http_receiver

from hha.bridge import parse_config
from hha.bridge.channels import Channel
from hha.bridge.channels.samples import BARE, DIGEST, FULL, RESOLVED

PROGRAM = "prometheus-alertmanager"
PATIENCE_SECONDS = 60.0

CONFIG = """
route: {{ receiver: hook, group_by: [agent_id], group_wait: 0s, group_interval: 1s }}
receivers:
- name: hook
  webhook_configs: [{{ url: "{url}/hook", send_resolved: true }}]
templates: []
"""


@dataclass(frozen=True)
class Alertmanager:
    """A running one, and the receiver it notifies."""

    url: str
    hook: HttpReceiver

    async def active(self, **labels: str) -> list[dict[str, Any]]:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"{self.url}/api/v2/alerts")
        return [
            alert
            for alert in response.json()
            if all(alert["labels"].get(name) == value for name, value in labels.items())
        ]

    async def notified(self, status: str) -> dict[str, Any]:
        """The first notification with this status."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for body in self.hook.bodies:
                if body["status"] == status:
                    return dict(body)
            await asyncio.sleep(0.05)
        pytest.fail(f"no notification with status {status}: {self.hook.bodies}")


@pytest.fixture
def program() -> str:
    """Path of Alertmanager. Missing it fails where CI is set, else the test is left out."""
    if path := shutil.which(PROGRAM):
        return path
    sentence = "Alertmanager is not installed; as root: ci/install_packages.sh alertmanager"
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture
async def alertmanager(program: str, tmp_path: Path) -> AsyncIterator[Alertmanager]:
    def accept(_request: Any, body: bytes) -> tuple[Any, Answer]:
        return json.loads(body), Answer(200)

    async with http_receiver("/hook", accept) as hook:
        process, log = _start(program, tmp_path, hook.url)
        try:
            port = await _port(log, process)
            yield Alertmanager(f"http://127.0.0.1:{port}", hook)
        finally:
            process.kill()
            process.wait()


def _start(program: str, folder: Path, hook_url: str) -> tuple[subprocess.Popen[bytes], Path]:
    (folder / "config.yml").write_text(CONFIG.format(url=hook_url), encoding="utf-8")
    log = folder / "log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'config.yml'}",
                f"--storage.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ],
            stdout=handle,
            stderr=handle,
        )
    return process, log


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8")


async def _port(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"address=127\.0\.0\.1:([1-9]\d*)", _read(log)):
            return found[1]
        await asyncio.sleep(0.05)
    pytest.fail(f"Alertmanager does not come up:\n{_read(log)}")


def channel_to(alertmanager: Alertmanager, folder: Path, more: str = "") -> Channel:
    text = f'[channels.c]\nkind = "alertmanager"\nurl = "{alertmanager.url}"\n'
    text += 'link_url = "https://monitor.example.org/agents/{agent_id}"\n' + more
    return parse_config(text, source=folder / "bridge.toml").channels["c"].build()


async def deliver(channel: Channel, *messages: Any) -> None:
    for message in messages:
        result = await channel.send(message)
        assert result.outcome == "delivered", result


async def test_an_alert_fires_with_its_facts_and_is_resolved(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    channel = channel_to(alertmanager, tmp_path, 'labels = { team = "billing" }\n')
    await deliver(channel, FULL)
    (alert,) = await alertmanager.active()
    assert alert["labels"] == {
        "alertname": "AgentUnhealthy",
        "agent_id": "payments",
        "severity": "critical",
        "team": "billing",
    }
    assert datetime.fromisoformat(alert["startsAt"]) == datetime.fromisoformat(
        str(FULL.details["onset_at"])
    )
    assert alert["generatorURL"] == "https://monitor.example.org/agents/payments"
    annotations = alert["annotations"]
    assert annotations["summary"] == "CRITICAL payments: does not answer"
    assert "hha ack 17" in annotations["description"]
    assert annotations["idempotency_key"] == FULL.idempotency_key
    assert annotations["incident_id"] == "12"
    await alertmanager.notified("firing")

    await deliver(channel, RESOLVED)
    assert await alertmanager.active() == []
    body = await alertmanager.notified("resolved")
    (ended,) = [item for item in body["alerts"] if item["labels"]["severity"] == "critical"]
    assert ended["status"] == "resolved"
    await channel.close()


async def test_it_fires_on_though_nobody_repeats_it(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    """Without an end of its own Alertmanager would resolve it after five minutes."""
    channel = channel_to(alertmanager, tmp_path, "hold_hours = 48\n")
    await deliver(channel, FULL)
    (alert,) = await alertmanager.active()
    seconds = datetime.fromisoformat(alert["endsAt"]).timestamp() - time.time()
    assert 47 * 3600 < seconds <= 48 * 3600
    await channel.close()


async def test_a_second_attempt_and_a_reminder_are_the_same_alert(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    channel = channel_to(alertmanager, tmp_path)
    reminder = dataclasses.replace(FULL, details={**FULL.details, "event": "reminder"})
    await deliver(channel, FULL, FULL, reminder)
    assert len(await alertmanager.active()) == 1
    await channel.close()


async def test_a_severity_that_rises_leaves_one_alert_and_the_end_ends_it(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    channel = channel_to(alertmanager, tmp_path)
    warning = dataclasses.replace(FULL, severity="warning")
    escalated = dataclasses.replace(FULL, details={**FULL.details, "event": "escalated"})
    await deliver(channel, warning, escalated)
    (alert,) = await alertmanager.active()
    assert alert["labels"]["severity"] == "critical"
    await deliver(channel, RESOLVED)
    assert await alertmanager.active() == []
    await channel.close()


async def test_a_digest_is_an_alert_per_agent_each_resolved_by_its_own_end(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    channel = channel_to(alertmanager, tmp_path)
    await deliver(channel, DIGEST)
    assert len(await alertmanager.active(severity="critical")) == 12
    one = dataclasses.replace(RESOLVED, agent_ids=("worker-1",))
    await deliver(channel, one)
    assert await alertmanager.active(agent_id="worker-1") == []
    assert len(await alertmanager.active()) == 11
    await channel.close()


@pytest.mark.parametrize("name", ['a"b\\c', "<!channel>", "אבג", "{{ .X }}", "x" * 200, "a\tb"])
async def test_any_name_is_a_label_as_it_is(
    alertmanager: Alertmanager, tmp_path: Path, name: str
) -> None:
    channel = channel_to(alertmanager, tmp_path)
    await deliver(channel, dataclasses.replace(FULL, agent_ids=(name,)))
    assert len(await alertmanager.active(agent_id=name)) == 1
    await channel.close()


async def test_the_monitors_own_alert_names_the_monitor(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    channel = channel_to(alertmanager, tmp_path)
    await deliver(channel, BARE)
    assert len(await alertmanager.active(agent_id="heartbeat_health_agent")) == 1
    await channel.close()
