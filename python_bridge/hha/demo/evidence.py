"""What the monitor recorded since a moment, read from its tables and views only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from hha.snapshot import Row

TRANSITIONS_SQL = """
SELECT transition_id, agent_id, occurred_at, old_status, new_status,
       old_liveness, new_liveness, issue_type
FROM health.status_transitions
WHERE occurred_at >= %(since)s
ORDER BY transition_id
"""

ALERTS_SQL = """
SELECT alert_id, agent_id, rule, severity, opened_at
FROM health.alerts
WHERE opened_at >= %(since)s
ORDER BY alert_id
"""

RECOVERIES_SQL = """
SELECT action_id, agent_id, issue_type, action, state, attempt,
       created_at, started_at, executed_at, finished_at
FROM health.recovery_actions
WHERE created_at >= %(since)s
ORDER BY action_id
"""

DELIVERIES_SQL = """
SELECT delivery_id, agent_ids, channel, event, state, created_at, finished_at, idempotency_key
FROM health.deliveries
WHERE created_at >= %(since)s
ORDER BY delivery_id
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows written since a moment of the database's clock, each list in the order of its id."""

    transitions: list[Row]
    alerts: list[Row]
    recoveries: list[Row]
    deliveries: list[Row]


async def database_time(connection: AsyncConnection[Any]) -> datetime:
    """The database's clock."""
    cursor = await connection.execute("SELECT clock_timestamp()")
    row = await cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


async def read_evidence(connection: AsyncConnection[Any], since: datetime) -> Evidence:
    """Read everything the monitor wrote since ``since``."""
    found: list[list[Row]] = []
    async with connection.cursor(row_factory=dict_row) as cursor:
        for query in (TRANSITIONS_SQL, ALERTS_SQL, RECOVERIES_SQL, DELIVERIES_SQL):
            await cursor.execute(query, {"since": since})
            found.append(await cursor.fetchall())
    return Evidence(*found)


BAD_STATUS = frozenset({"fair", "poor", "critical"})
BAD_LIVENESS = frozenset({"late", "unresponsive"})


def is_bad(transition: Row) -> bool:
    """Whether the transition led below good, or to silence."""
    return transition["new_status"] in BAD_STATUS or transition["new_liveness"] in BAD_LIVENESS


def of_agent(rows: Iterable[Row], agent_id: str) -> list[Row]:
    """The rows that concern one agent."""
    return [
        row
        for row in rows
        if row.get("agent_id") == agent_id or agent_id in (row.get("agent_ids") or ())
    ]
