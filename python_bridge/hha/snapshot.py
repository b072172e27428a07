"""What a person looks at, read from the views of schema ``health`` in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

Row = dict[str, Any]

FLEET_SQL = """
SELECT agent_id, agent_name, state, liveness, status, score,
       heartbeat_consistency, performance_metrics, error_rate, resource_efficiency,
       business_impact, performance_trend, error_count, last_heartbeat_at,
       open_alert_count, recommendations,
       extract(epoch FROM clock_timestamp() - last_heartbeat_at)::float8
           AS seconds_since_heartbeat
FROM health.fleet
ORDER BY agent_id
"""

ALERTS_SQL = """
SELECT alert_id, agent_id, rule, severity, opened_at, acknowledged_at,
       extract(epoch FROM clock_timestamp() - opened_at)::float8 AS seconds_open
FROM health.open_alerts
ORDER BY opened_at DESC, alert_id DESC
LIMIT %(limit)s
"""

RECOVERIES_SQL = """
SELECT action_id, agent_id, issue_type, action, state, claimed_by, attempt,
       created_at, started_at, executed_at, finished_at,
       extract(epoch FROM coalesce(finished_at, clock_timestamp()) - created_at)::float8
           AS seconds_taken
FROM health.recovery_actions
ORDER BY created_at DESC, action_id DESC
LIMIT %(limit)s
"""

ENGINE_SQL = "SELECT * FROM health.engine_health"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the monitor at one moment of the database's clock.

    ``fleet``, ``alerts`` and ``recoveries`` are lists of rows as dictionaries, the newest alert
    and recovery first; ``engine`` is the one row of ``health.engine_health``.
    """

    taken_at: datetime
    fleet: list[Row]
    alerts: list[Row]
    recoveries: list[Row]
    engine: Row

    def to_json(self) -> dict[str, Any]:
        """The same as plain dictionaries, for ``json.dumps(…, default=str)``."""
        return {
            "taken_at": self.taken_at,
            "fleet": self.fleet,
            "alerts": self.alerts,
            "recoveries": self.recoveries,
            "engine": self.engine,
        }


async def read_snapshot(connection: AsyncConnection[Any], limit: int = 12) -> Snapshot:
    """Read fleet, the newest ``limit`` open alerts and recoveries, and the engine's health."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT clock_timestamp() AS taken_at")
        clock = await cursor.fetchone()
        await cursor.execute(FLEET_SQL)
        fleet = await cursor.fetchall()
        await cursor.execute(ALERTS_SQL, {"limit": limit})
        alerts = await cursor.fetchall()
        await cursor.execute(RECOVERIES_SQL, {"limit": limit})
        recoveries = await cursor.fetchall()
        await cursor.execute(ENGINE_SQL)
        engine = await cursor.fetchone()
    assert clock is not None
    return Snapshot(clock["taken_at"], fleet, alerts, recoveries, engine or {})
