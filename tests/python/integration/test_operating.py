"""The short commands of an operator on a real database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hha.cli import app
from hha.errors import DatabaseError, InvalidInput, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are not folded, whatever the terminal's width."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def troubled(engine: Engine) -> Engine:
    """An engine with an agent, a1, that says it has failed."""
    engine.connection.execute(
        "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('a1', 'failed')"
    )
    engine.rows("SELECT health.tick()")
    return engine


def hha(dsn: str, *arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--dsn", dsn])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def of_json(dsn: str, *arguments: str) -> Any:
    return json.loads(hha(dsn, *arguments, "--json"))


def test_alerts_and_why(troubled: Engine, login: Callable[..., str]) -> None:
    dsn = login(troubled.dsn, "health_analyst")
    (alert,) = of_json(dsn, "alerts", "--agent", "a1")
    assert (alert["rule"], alert["severity"]) == ("failed", "critical")
    assert "says it has failed" in hha(dsn, "alerts")
    assert hha(dsn, "alerts", "--agent", "nobody") == "no alert is open\n"
    assert of_json(dsn, "why", "a1") != []
    with pytest.raises(DatabaseError, match='agent "nobody" is not known'):
        hha(dsn, "why", "nobody")
    with pytest.raises(InvalidInput, match="invalid input syntax for type interval"):
        hha(dsn, "why", "a1", "--since", "yesterday or so")


def test_what_an_operator_does(troubled: Engine, login: Callable[..., str]) -> None:
    dsn = login(troubled.dsn, "health_operator")
    assert "a1 is silenced for 30m" in hha(
        dsn, "silence", "a1", "--for", "30m", "--reason", "known"
    )
    window = of_json(
        dsn, "maintenance", "a1", "--for", "2h", "--reason", "new disk", "--by", "night shift"
    )
    assert troubled.rows("SELECT window_id, created_by FROM health.maintenance_windows") == [
        {"window_id": window["window_id"], "created_by": "night shift"}
    ]
    (alert,) = of_json(dsn, "alerts", "--agent", "a1")
    number = str(alert["alert_id"])
    done = of_json(dsn, "ack", number, "--note", "looking")
    assert done == {"alert_id": alert["alert_id"], "is_acknowledged": True}
    (alert,) = of_json(dsn, "alerts", "--agent", "a1")
    assert alert["acknowledged_by"] is not None
    assert "is closed" in hha(dsn, "resolve", str(alert["alert_id"]), "--note", "by hand")
    assert of_json(dsn, "alerts", "--agent", "a1") == []

    (recovery,) = of_json(dsn, "recoveries", "--agent", "a1", "--open")
    assert (recovery["issue_type"], recovery["state"]) == ("agent_unresponsive", "pending")
    assert "agent_unresponsive" in hha(dsn, "recoveries")
    assert hha(dsn, "recoveries", "--agent", "nobody") == "nothing was recovered\n"


def test_a_recovery_is_queued_once(troubled: Engine, login: Callable[..., str]) -> None:
    dsn = login(troubled.dsn, "health_operator")
    troubled.connection.execute("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('a2')")
    troubled.rows("SELECT health.tick()")
    assert "of a2 is queued" in hha(dsn, "recover", "a2", "high_error_rate")
    with pytest.raises(DatabaseError):
        hha(dsn, "recover", "a2", "high_error_rate")
    with pytest.raises(DatabaseError):
        hha(dsn, "recover", "a2", "boredom")


def test_an_analyst_may_not(troubled: Engine, login: Callable[..., str]) -> None:
    dsn = login(troubled.dsn, "health_analyst")
    for arguments in (
        ("silence", "a1", "--reason", "r"),
        ("maintenance", "a1", "--reason", "r"),
        ("recover", "a1"),
        ("resolve", "1"),
    ):
        with pytest.raises(NotAllowed, match="permission denied"):
            hha(dsn, *arguments)
    assert troubled.rows("SELECT FROM health.silences") == []


def test_what_was_given_up_is_sent_again(engine: Engine, login: Callable[..., str]) -> None:
    dsn = login(engine.dsn, "health_operator")
    with pytest.raises(DatabaseError, match='no message through "console" is to be sent again'):
        hha(dsn, "resend", "console")
    engine.connection.execute(
        "INSERT INTO health.deliveries (channel, event, severity, subject, body, state,"
        " idempotency_key, created_at, not_before, finished_at) SELECT 'console', 'report', 'info',"
        " 's', 'b', 'dead', n, now(), now(), now() FROM unnest('{k1,k2}'::text []) AS n"
    )
    assert hha(dsn, "resend", "console") == "2 messages go to console again\n"
    assert engine.rows("SELECT idempotency_key FROM health.deliveries WHERE state = 'pending'") == [
        {"idempotency_key": "k1-again"},
        {"idempotency_key": "k2-again"},
    ]


def test_addresses_for_pings(engine: Engine, login: Callable[..., str]) -> None:
    dsn = login(engine.dsn, "health_admin")
    with pytest.raises(DatabaseError, match='agent "backup" is not registered'):
        hha(dsn, "ping-url", "backup")
    url = hha(dsn, "ping-url", "backup", "--register", "--base", "https://hha.example/").strip()
    ping_id = url.removeprefix("https://hha.example/ping/")
    assert engine.row("SELECT agent_id, ping_id::text, revoked_at FROM health.ping_urls") == {
        "agent_id": "backup",
        "ping_id": ping_id,
        "revoked_at": None,
    }
    named = of_json(dsn, "ping-url", "backup", "--slug", "nightly", "--by", "ana")
    assert named["url"] == f"http://127.0.0.1:8421/ping/{named['ping_id']}"
    known = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
    assert of_json(dsn, "ping-url", "backup", "--uuid", known)["ping_id"] == known
    assert hha(dsn, "revoke-ping-url", ping_id, "--by", "ana") == f"{ping_id} is revoked\n"
    with pytest.raises(DatabaseError, match="there is no ping URL"):
        hha(dsn, "revoke-ping-url", ping_id)
    with pytest.raises(InvalidInput, match="uuid"):
        hha(dsn, "revoke-ping-url", "nightly")
    with pytest.raises(NotAllowed):
        hha(login(engine.dsn, "health_operator"), "ping-url", "backup")
