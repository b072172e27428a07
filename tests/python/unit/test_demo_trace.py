"""The demo's judgement: which rows prove a cure, and what counts as a disturbance."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from hha.demo.evidence import Evidence
from hha.demo.faults import Fault, Injection
from hha.demo.trace import STEPS, disturbances, trace

T0 = datetime(2026, 1, 1, tzinfo=UTC)
FAULT = Fault("kill -9", "a", signal.SIGKILL, frozenset({"agent_unresponsive"}))
INJECTION = Injection(FAULT, 100, T0)
NOTHING = Evidence([], [], [], [])


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def transition(agent_id: str, seconds: float, status: str, liveness: str = "alive") -> Any:
    return {
        "transition_id": 7,
        "agent_id": agent_id,
        "occurred_at": at(seconds),
        "new_status": status,
        "new_liveness": liveness,
        "issue_type": None,
    }


def recovery(agent_id: str, issue_type: str, state: str = "succeeded") -> Any:
    is_done = state == "succeeded"
    return {
        "action_id": 3,
        "agent_id": agent_id,
        "issue_type": issue_type,
        "action": "restart_agent",
        "state": state,
        "created_at": at(2),
        "executed_at": at(3) if is_done else None,
        "finished_at": at(6) if is_done else None,
    }


def alert(agent_id: str | None, seconds: float) -> Any:
    return {"alert_id": 5, "agent_id": agent_id, "rule": "unresponsive", "opened_at": at(seconds)}


def delivery(agent_id: str, state: str = "delivered", event: str = "opened") -> Any:
    return {
        "delivery_id": 9,
        "event": event,
        "idempotency_key": f"incident-1-{event}-slack",
        "agent_ids": [agent_id],
        "state": state,
        "created_at": at(2),
        "finished_at": at(2.5),
    }


def test_a_cured_fault_has_a_proof_for_every_step() -> None:
    evidence = Evidence(
        [transition("a", 1, "poor", "late"), transition("a", 2, "critical", "unresponsive")],
        [alert("a", 2)],
        [recovery("a", "agent_unresponsive")],
        [delivery("a")],
    )
    result = trace(INJECTION, evidence)
    assert result.missing == []
    assert [result.seconds(step) for step in STEPS] == [1, 2, 2.5, 3, 6]
    assert result.proofs["verified"].row == "action 3"


def test_nothing_recorded_proves_nothing() -> None:
    assert trace(INJECTION, NOTHING).missing == list(STEPS)


def test_rows_of_others_from_before_or_for_another_issue_prove_nothing() -> None:
    evidence = Evidence(
        [transition("b", 1, "critical"), transition("a", -1, "critical")],
        [alert("b", 1), alert("a", -1)],
        [recovery("a", "high_error_rate"), recovery("b", "agent_unresponsive")],
        [delivery("b"), delivery("a", "claimed"), delivery("a", event="resolved")],
    )
    assert trace(INJECTION, evidence).missing == list(STEPS)


def test_a_restart_that_is_not_verified_is_missing() -> None:
    evidence = Evidence([], [], [recovery("a", "agent_unresponsive", "verifying")], [])
    result = trace(INJECTION, evidence)
    assert "detected" not in result.missing
    assert "verified" in result.missing


def test_untouched_agents_may_get_better_but_not_worse() -> None:
    touched = frozenset({"a"})
    quiet = Evidence([transition("b", 1, "excellent")], [alert("a", 1)], [], [])
    assert disturbances(quiet, touched, {"a": 1, "b": 2}, {"a": 9, "b": 2}) == []
    loud = Evidence(
        [transition("b", 1, "fair")], [alert("b", 1), alert(None, 1)], [recovery("b", "x")], []
    )
    assert len(disturbances(loud, touched, {"b": 2}, {"b": 3})) == 5
