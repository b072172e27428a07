"""Every call the bridge makes to the database, in one place: functions and views of schema health.

All raise psycopg.Error or TimeoutError when the database is away or refuses (`DATABASE_ERRORS`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb, set_json_loads
from psycopg_pool import AsyncConnectionPool

from hha.bridge.channels import Message
from hha.bridge.items import Delivery, Lease, Obstacle, RecoveryAction
from hha.errors import DatabaseUnavailable, TransientError, from_psycopg

DATABASE_ERRORS = (psycopg.Error, TimeoutError)
_CALL_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
#: A prepare_threshold: only what asks for it is prepared. PostgreSQL finds a function again that
#: was replaced, but refuses a prepared statement whose columns have changed.
PREPARE_WHAT_ASKS = 2**31


class HealthDatabase:
    """The pool for short calls. Statements that need a session of their own use `connect`."""

    def __init__(self, dsn: str, worker: str) -> None:
        self._dsn = with_defaults(dsn, worker)
        self._worker = worker
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]] = (
            AsyncConnectionPool(
                self._dsn,
                kwargs={
                    "autocommit": True,
                    "row_factory": dict_row,
                    "prepare_threshold": PREPARE_WHAT_ASKS,
                },
                min_size=1,
                max_size=4,
                timeout=_CONNECT_SECONDS,
                reconnect_timeout=_CONNECT_SECONDS,
                check=AsyncConnectionPool.check_connection,
                configure=_configure,
                open=False,
                name=worker,
            )
        )

    async def open(self) -> None:
        """Start the pool; connections are made in the background."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=2)

    async def connect(self) -> psycopg.AsyncConnection[dict[str, Any]]:
        """A dedicated autocommit connection."""
        async with asyncio.timeout(2 * _CONNECT_SECONDS):
            return await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, row_factory=dict_row
            )

    async def seconds_until_tick(self) -> float:
        """When to ask again; 0 or less: tick now."""
        (row,) = await self._call("SELECT health.seconds_until_tick() AS seconds")
        return float(row["seconds"])

    async def scheduler(self) -> str:
        """Who ticks: 'pg_cron', 'bridge' or 'none'."""
        (row,) = await self._call("SELECT scheduler FROM health.engine_health")
        return str(row["scheduler"])

    async def run_housekeeping(self) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("CALL health.run_housekeeping()")

    async def run_foresight(self) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("CALL health.run_foresight()")

    async def retrain_failure_models(self) -> None:
        """Seconds to minutes, on its own connection, which closes when the caller is cancelled."""
        async with await self.connect() as connection:
            await connection.execute("CALL health.retrain_failure_models()")

    async def run_rollups(self) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("CALL health.run_rollups()")

    async def seconds_until_rules_are_due(self) -> float | None:
        """None where there are no rules of users; negative when they are overdue."""
        (row,) = await self._call("SELECT health.seconds_until_rules_are_due() AS seconds")
        return None if row["seconds"] is None else float(row["seconds"])

    async def end_overrunning_rules(self) -> int:
        """How many sessions were ended."""
        (row,) = await self._call("SELECT health.end_overrunning_rules() AS count")
        return int(row["count"])

    async def claim_recovery_actions(
        self, limit: int, agent_ids: Sequence[str]
    ) -> list[RecoveryAction]:
        rows = await self._call(
            "SELECT *, extract(epoch FROM lease_until - clock_timestamp())::float8 AS lease_seconds"
            " FROM health.claim_recovery_actions(p_worker => %s, p_limit => %s, p_agent_ids => %s)",
            (self._worker, limit, list(agent_ids)),
        )
        return [
            RecoveryAction(
                lease=_lease("recovery", row["action_id"], row),
                agent_id=row["agent_id"],
                issue_type=row["issue_type"],
                action=row["action"],
                parameters=_object(row["parameters"]),
                attempt=row["attempt"],
            )
            for row in rows
        ]

    async def report_recovery_action(
        self, lease: Lease, outcome: str, details: dict[str, object]
    ) -> bool:
        """False when the lease was lost: whoever holds it now decides."""
        return await self._ask(
            "SELECT health.report_recovery_action(p_action_id => %s, p_fencing_token => %s,"
            " p_outcome => %s, p_details => %s) AS answer",
            (lease.item_id, lease.fencing_token, outcome, Jsonb(details)),
        )

    async def claim_deliveries(self, limit: int, channels: Sequence[str]) -> list[Delivery]:
        rows = await self._call(
            "SELECT *, extract(epoch FROM lease_until - clock_timestamp())::float8 AS lease_seconds"
            " FROM health.claim_deliveries(p_worker => %s, p_limit => %s, p_channels => %s)",
            (self._worker, limit, list(channels)),
        )
        return [
            Delivery(
                lease=_lease("delivery", row["delivery_id"], row),
                message=Message(
                    delivery_id=row["delivery_id"],
                    channel=row["channel"],
                    severity=row["severity"],
                    subject=row["subject"],
                    body=row["body"] or "",
                    agent_ids=tuple(row["agent_ids"] or ()),
                    details=_object(row["details"]),
                    idempotency_key=str(row["idempotency_key"]),
                    attempt=row["attempt"],
                ),
            )
            for row in rows
        ]

    async def report_delivery(self, lease: Lease, outcome: str, details: dict[str, object]) -> bool:
        """False when the lease was lost."""
        return await self._ask(
            "SELECT health.report_delivery(p_delivery_id => %s, p_fencing_token => %s,"
            " p_outcome => %s, p_details => %s) AS answer",
            (lease.item_id, lease.fencing_token, outcome, Jsonb(details)),
        )

    async def renew_lease(self, lease: Lease) -> bool:
        return await self._ask(
            "SELECT health.renew_lease(p_kind => %s, p_id => %s, p_fencing_token => %s) AS answer",
            (lease.kind, lease.item_id, lease.fencing_token),
        )

    async def log_own_event(self, event_type: str, data: dict[str, object]) -> None:
        """An event of the bridge itself, of severity info; `data` names the agent it is about."""
        await self._call(
            "SELECT health.log_system_event(p_agent_id => %s, p_event_type => %s,"
            " p_event_data => %s)",
            (self._worker, event_type, Jsonb(data)),
        )

    async def announce_agents(self, agent_ids: Sequence[str]) -> None:
        """Say which agents this bridge manages, in place of what it said before."""
        await self._call(
            "SELECT health.announce_agents(p_worker => %s, p_agent_ids => %s)",
            (self._worker, list(agent_ids)),
        )

    async def obstacles_to_start(
        self, agent_ids: Sequence[str], waited_seconds: float
    ) -> list[Obstacle]:
        """Which of these agents this bridge must not start, after having waited for so long."""
        rows = await self._call(
            "SELECT agent_id, obstacle, reason FROM health.obstacles_to_start("
            "p_agent_ids => %s, p_waited_seconds => %s)",
            (list(agent_ids), waited_seconds),
        )
        return [Obstacle(row["agent_id"], row["obstacle"], row["reason"]) for row in rows]

    async def bridge_heartbeat(self, metrics: dict[str, object]) -> None:
        await self._call(
            "SELECT health.bridge_heartbeat(p_worker => %s, p_metrics => %s)",
            (self._worker, Jsonb(metrics)),
        )

    async def _ask(self, statement: str, values: Sequence[object]) -> bool:
        # Yes or no, whatever the release.
        (row,) = await self._call(statement, values, prepare=True)
        return bool(row["answer"])

    async def _call(
        self, statement: str, values: Sequence[object] | None = None, *, prepare: bool = False
    ) -> list[dict[str, Any]]:
        async with asyncio.timeout(_CALL_SECONDS), self._pool.connection() as connection:
            cursor = await connection.execute(statement, values, prepare=prepare)
            return await cursor.fetchall()


def with_defaults(dsn: str, worker: str) -> str:
    """The connection string with keepalives (a cut network is seen in about 10 s) and a name."""
    defaults: dict[str, Any] = {
        "application_name": f"hha {worker}",
        "connect_timeout": int(_CONNECT_SECONDS),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }
    return make_conninfo("", **{**defaults, **conninfo_to_dict(dsn)})


def is_worth_retrying(reason: BaseException) -> bool:
    """Whether the same statement may succeed later: no connection, shutdown, lock, deadlock."""
    if isinstance(reason, psycopg.Error):
        return isinstance(from_psycopg(reason), DatabaseUnavailable | TransientError)
    return isinstance(reason, TimeoutError)


async def _configure(connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
    set_json_loads(_load_json, connection)


def _load_json(text: str | bytes) -> object:
    """JSON, or None where Python cannot hold it: such a row must not end the bridge.

    PostgreSQL stores documents nested deeper and numbers longer than Python reads.
    """
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return None


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _lease(kind: Literal["recovery", "delivery"], item_id: int, row: dict[str, Any]) -> Lease:
    seconds = max(0.0, float(row["lease_seconds"]))
    return Lease(kind, item_id, row["fencing_token"], seconds)
