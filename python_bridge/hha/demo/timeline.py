"""What the monitor did, moment by moment, as lines for a person."""

from __future__ import annotations

from datetime import datetime

from hha.demo.evidence import Evidence
from hha.snapshot import Row

ACTION_STEPS = {
    "created_at": "queued",
    "started_at": "begun",
    "executed_at": "executed",
}


def timeline(evidence: Evidence) -> list[str]:
    """One line per thing that happened, in the order of the database's clock."""
    moments = [(row["occurred_at"], _transition(row)) for row in evidence.transitions]
    for row in evidence.alerts:
        what = f"alert {row['alert_id']}: {row['severity']} {row['rule']}"
        moments.append((row["opened_at"], f"{what} of {row['agent_id'] or 'the engine'}"))
    for row in evidence.deliveries:
        if row["state"] == "delivered":
            about = ", ".join(row["agent_ids"])
            what = (
                f"delivery {row['delivery_id']}: {row['channel']} told of {about}, {row['event']}"
            )
            moments.append((row["finished_at"], what))
    for row in evidence.recoveries:
        moments += _action(row)
    moments.sort(key=lambda moment: moment[0])
    return [f"{at:%H:%M:%S.%f}"[:-3] + f" {what}" for at, what in moments]


def _transition(row: Row) -> str:
    changes = [
        f"{row[old] or 'unknown'} to {row[new]}"
        for old, new in (("old_liveness", "new_liveness"), ("old_status", "new_status"))
        if row[old] != row[new]
    ]
    if row["issue_type"]:
        changes.append(f"issue {row['issue_type']}")
    return f"transition {row['transition_id']}: {row['agent_id']}: {', '.join(changes)}"


def _action(row: Row) -> list[tuple[datetime, str]]:
    name = f"action {row['action_id']}: {row['action']} of {row['agent_id']}"
    found = [
        (row[column], f"{name}: {word}")
        for column, word in ACTION_STEPS.items()
        if row[column] is not None
    ]
    if row["finished_at"] is not None:
        found.append((row["finished_at"], f"{name}: {row['state']}"))
    return found
