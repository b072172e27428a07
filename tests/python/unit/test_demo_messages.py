"""The demo's receivers take what the bridge's channels send, and its judgement misses no page."""

from __future__ import annotations

import dataclasses
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from hha.bridge import parse_config
from hha.bridge.channels.samples import FULL, RESOLVED
from hha.demo.evidence import Evidence
from hha.demo.faults import Fault, Injection
from hha.demo.messages import Told, told, unheard
from hha.demo.receivers import RECEIVERS, Arrival, open_inbox
from hha.demo.report import show, verdict
from hha.demo.run import Outcome
from hha.demo.trace import STEPS, Proof, Trace

T0 = datetime(2026, 1, 1, tzinfo=UTC)
INJECTION = Injection(Fault("kill -9", "a", signal.SIGKILL, frozenset()), 100, T0)


def delivery(agent_id: str, key: str, event: str = "opened", seconds: float = 1) -> Any:
    return {
        "agent_ids": [agent_id],
        "event": event,
        "idempotency_key": key,
        "created_at": T0 + timedelta(seconds=seconds),
    }


def arrival(receiver: str, key: str, seconds: float) -> Arrival:
    return Arrival(receiver, T0 + timedelta(seconds=seconds), key, "headline")


async def test_the_receivers_take_what_the_channels_send(tmp_path: Path) -> None:
    async with open_inbox() as inbox:
        config = parse_config(inbox.channels(tmp_path), source=tmp_path / "bridge.toml")
        for name in RECEIVERS:
            channel = config.channels[name].build()
            for message in (FULL, dataclasses.replace(RESOLVED, idempotency_key="end")):
                assert (await channel.send(message)).outcome == "delivered", name
            await channel.close()
        async with httpx.AsyncClient() as client:
            for path, body in (("/", b"x"), ("/services/demo", b"{}"), ("/services/demo", b"x")):
                url = f"http://127.0.0.1:{inbox.http_port}{path}"
                assert (await client.post(url, content=body)).status_code == 400
    assert [(item.receiver, item.key) for item in inbox.arrivals] == [
        (name, key) for name in RECEIVERS for key in (FULL.idempotency_key, "end")
    ]
    assert all("payments" in item.headline for item in inbox.arrivals)


def test_arrivals_are_matched_by_key_and_timed_by_the_databases_clock() -> None:
    rows = [
        delivery("a", "k1"), delivery("a", "k2", "resolved"), delivery("b", "k3"),
        delivery("a", "k4", seconds=-1),
    ]  # fmt: skip
    arrivals = [arrival("slack", key, 2) for key in ("k1", "k2", "k3", "k4", "stranger")]
    messages = told(INJECTION, Evidence([], [], [], rows), arrivals, timedelta(seconds=10))
    assert [(item.event, item.seconds) for item in messages] == [("opened", 12), ("resolved", 12)]


def test_an_end_is_no_page_and_every_receiver_must_have_one() -> None:
    page = Told("slack", "opened", 1, "x")
    assert unheard([]) == ["slack", "email", "sms"]
    assert unheard([page, Told("email", "resolved", 1, "x")]) == ["email", "sms"]
    assert unheard([page, Told("email", "escalated", 1, "x"), Told("sms", "digest", 1, "x")]) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_a_page_that_did_not_arrive_fails_the_demo(
    is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    proofs = {step: Proof(T0 + timedelta(seconds=1), "row 1") for step in STEPS}
    messages = [Told(name, "opened", 1.5, "x") for name in RECEIVERS if is_told or name != "email"]
    outcome = Outcome([Trace(INJECTION, proofs, 1)], [messages], [], [], [])
    assert outcome.is_success is is_told
    line = "not told: kill -9: no page arrived at email"
    assert (line in verdict(outcome)) is not is_told
    show(outcome, Console())
    output = capsys.readouterr().out
    assert "opened 1.50 s" in output
    assert ("no page" in output) is not is_told
