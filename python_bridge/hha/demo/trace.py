"""From a fault to its cure: which row proves each step, and how long after the fault it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hha.demo.evidence import Evidence, is_bad, of_agent
from hha.demo.faults import Injection
from hha.snapshot import Row

STEPS = ("detected", "alert", "message delivered", "restart executed", "verified")


@dataclass(frozen=True, slots=True)
class Proof:
    """A moment by the database's clock and the row that says so, such as 'transition 12'."""

    at: datetime
    row: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One injection and the proof of each step that has happened so far (keys from STEPS)."""

    injection: Injection
    proofs: Mapping[str, Proof]
    restart_count: int

    @property
    def missing(self) -> list[str]:
        """The steps that have not happened yet."""
        return [step for step in STEPS if step not in self.proofs]

    def seconds(self, step: str) -> float | None:
        """Seconds from the fault to a step."""
        proof = self.proofs.get(step)
        return (proof.at - self.injection.injected_at).total_seconds() if proof else None


def _since(rows: list[Row], column: str, moment: datetime) -> list[Row]:
    return [row for row in rows if row[column] is not None and row[column] >= moment]


def trace(injection: Injection, evidence: Evidence) -> Trace:
    """Find the first row after the fault that proves each step."""
    agent_id, moment = injection.fault.agent_id, injection.injected_at
    proofs: dict[str, Proof] = {}
    issues = injection.fault.issue_types
    transitions = _since(of_agent(evidence.transitions, agent_id), "occurred_at", moment)
    recoveries = [
        row
        for row in _since(of_agent(evidence.recoveries, agent_id), "created_at", moment)
        if row["issue_type"] in issues
    ]
    signs = [
        Proof(row["occurred_at"], f"transition {row['transition_id']}")
        for row in transitions
        if is_bad(row) or row["issue_type"] in issues
    ]
    signs += [Proof(row["created_at"], f"action {row['action_id']}") for row in recoveries]
    if signs:
        proofs["detected"] = min(signs, key=lambda proof: proof.at)
    if alerts := _since(of_agent(evidence.alerts, agent_id), "opened_at", moment):
        proofs["alert"] = Proof(alerts[0]["opened_at"], f"alert {alerts[0]['alert_id']}")
    delivered = [
        row
        for row in _since(of_agent(evidence.deliveries, agent_id), "finished_at", moment)
        if row["created_at"] >= moment
        and row["state"] == "delivered"
        and row["event"] != "resolved"
    ]
    if delivered:
        first = min(delivered, key=lambda row: row["finished_at"])
        proofs["message delivered"] = Proof(
            first["finished_at"], f"delivery {first['delivery_id']}"
        )
    executed = [row for row in recoveries if row["executed_at"] is not None]
    if executed:
        row = executed[0]
        proofs["restart executed"] = Proof(row["executed_at"], f"action {row['action_id']}")
    if verified := [row for row in recoveries if row["state"] == "succeeded"]:
        row = verified[0]
        proofs["verified"] = Proof(row["finished_at"], f"action {row['action_id']}")
    restarts = _since(of_agent(evidence.recoveries, agent_id), "executed_at", moment)
    return Trace(injection, proofs, len(restarts))


def disturbances(
    evidence: Evidence, touched: frozenset[str], before: Mapping[str, int], now: Mapping[str, int]
) -> list[str]:
    """What happened to agents that nobody touched; ``before`` and ``now`` are their process ids."""
    found = [
        f"{row['agent_id']} went to {row['new_status']}, {row['new_liveness']}"
        f" (transition {row['transition_id']})"
        for row in evidence.transitions
        if row["agent_id"] not in touched and is_bad(row)
    ]
    found += [
        f"{row['agent_id'] or 'the engine'} got alert {row['alert_id']}: {row['rule']}"
        for row in evidence.alerts
        if row["agent_id"] not in touched
    ]
    found += [
        f"{row['agent_id']} got recovery action {row['action_id']}: {row['action']}"
        for row in evidence.recoveries
        if row["agent_id"] not in touched
    ]
    found += [
        f"{agent_id} is process {now.get(agent_id, 'none')}, it was {process_id}"
        for agent_id, process_id in before.items()
        if agent_id not in touched and now.get(agent_id) != process_id
    ]
    return found
