"""The queues that bench/queues.py compares, each behind the same five calls of its own Python API.

Ours are called as the bridge does; Procrastinate and PgQueuer through the classes their own workers
use. PgQ is in queue_pgq.py. All speak psycopg to the same server.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.ports.repository import EntrypointExecutionParameter
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Job, Status
from psycopg.rows import dict_row

from hha.bridge.database import PREPARE_WHAT_ASKS


class Queue(Protocol):
    """One worker's connection to a queue. A job is (its id, what finishing it needs)."""

    channel: str

    async def open(self, dsn: str, batch: int) -> None:
        """Connect."""

    async def fill(self, count: int) -> None:
        """Enqueue many, as fast as it can."""

    async def enqueue(self, number: int) -> Any:
        """Enqueue one as a user would; its id."""

    async def claim(self) -> list[tuple[Any, Any]]:
        """At most a batch of jobs that are this worker's now."""

    async def finish(self, job: Any) -> None:
        """Say that one is done."""

    async def left(self) -> int:
        """Jobs nobody has claimed."""

    async def close(self) -> None:
        """Disconnect."""


class _Ours:
    channel = "health_wakeup"
    prepare: bytes
    fill_sql: bytes
    left_sql: bytes
    claim_sql: bytes
    report_sql: bytes

    async def open(self, dsn: str, batch: int) -> None:
        self._connection = await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, row_factory=dict_row, prepare_threshold=PREPARE_WHAT_ASKS
        )
        self._batch = batch

    async def fill(self, count: int) -> None:
        await self._connection.execute(self.prepare, (count,))
        await self._connection.execute(self.fill_sql, (count,))

    async def claim(self) -> list[tuple[Any, Any]]:
        cursor = await self._connection.execute(self.claim_sql, (self._batch,))
        return [(row["id"], row) for row in await cursor.fetchall()]

    async def finish(self, job: Any) -> None:
        await self._connection.execute(
            self.report_sql, (job["id"], job["fencing_token"]), prepare=True
        )

    async def left(self) -> int:
        cursor = await self._connection.execute(self.left_sql)
        row = await cursor.fetchone()
        assert row is not None
        return int(row["count"])

    async def close(self) -> None:
        await self._connection.close()


class Recoveries(_Ours):
    """health.recovery_actions: each job is one agent's, so there are as many agents as jobs."""

    # Another set of agents each time: one recovery of an agent at a time.
    prepare = b"""
    WITH single AS (
        INSERT INTO health.agent_status (agent_id)
        SELECT 'single-' || n FROM generate_series(0, 999) AS n
        ON CONFLICT DO NOTHING
    )
    INSERT INTO health.agent_status (agent_id)
    SELECT 'agent-' || (SELECT count(*) FROM health.agent_status) + n
    FROM generate_series(1, %s::integer) AS n
    """
    fill_sql = b"""
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, requested_by, created_at, not_before, released_at
    )
    SELECT agent_id, 'agent_unresponsive', 'bench', now(), now(), now()
    FROM health.agent_status AS status
    WHERE starts_with(agent_id, 'agent-') AND NOT EXISTS (
        SELECT FROM health.recovery_actions AS actions WHERE actions.agent_id = status.agent_id
    )
    LIMIT %s
    """
    left_sql = b"SELECT count(*) FROM health.recovery_actions WHERE state = 'pending'"
    claim_sql = b"SELECT *, action_id AS id FROM health.claim_recovery_actions('bench', %s)"
    report_sql = b"SELECT health.report_recovery_action(%s, %s, 'succeeded')"

    async def enqueue(self, number: int) -> Any:
        cursor = await self._connection.execute(
            "SELECT health.request_recovery(%s, 'agent_unresponsive', 'bench') AS id",
            (f"single-{number}",),
        )
        row = await cursor.fetchone()
        assert row is not None
        return row["id"]


class Deliveries(_Ours):
    """health.deliveries, the outbox."""

    prepare = b"SELECT %s::integer"
    fill_sql = b"""
    INSERT INTO health.deliveries (
        channel, event, severity, subject, body, agent_ids, details, idempotency_key,
        created_at, not_before
    )
    SELECT 'console', 'opened', 'critical', 'subject', 'body', '{}', '{}', gen_random_uuid(),
        now(), now()
    FROM generate_series(1, %s::integer)
    """
    left_sql = b"SELECT count(*) FROM health.deliveries WHERE state = 'pending'"
    claim_sql = b"SELECT *, delivery_id AS id FROM health.claim_deliveries('bench', %s)"
    report_sql = b"SELECT health.report_delivery(%s, %s, 'delivered')"

    async def enqueue(self, number: int) -> Any:
        cursor = await self._connection.execute(
            """
            WITH queued AS (
                INSERT INTO health.deliveries (
                    channel, event, severity, subject, body, agent_ids, details,
                    idempotency_key, created_at, not_before
                )
                VALUES ('console', 'opened', 'critical', %s, 'body', '{}', '{}',
                    gen_random_uuid(), now(), now())
                RETURNING delivery_id AS id
            )
            SELECT queued.id, pg_notify('health_wakeup', '') FROM queued
            """,
            (f"subject {number}",),
        )
        row = await cursor.fetchone()
        assert row is not None
        return row["id"]


class Procrastinate:
    """Its JobManager; it fetches one job at a time."""

    channel = "procrastinate_any_queue_v1"

    async def open(self, dsn: str, batch: int) -> None:
        assert batch == 1
        self._app = App(connector=PsycopgConnector(conninfo=dsn, min_size=1, max_size=1))
        await self._app.open_async()
        if not await self._app.check_connection_async():
            await self._app.schema_manager.apply_schema_async()
        self._worker = await self._app.job_manager.register_worker()

    async def fill(self, count: int) -> None:
        await self._app.job_manager.batch_defer_jobs_async([self._job(n) for n in range(count)])

    async def enqueue(self, number: int) -> Any:
        return (await self._app.job_manager.defer_job_async(self._job(number))).id

    async def claim(self) -> list[tuple[Any, Any]]:
        job = await self._app.job_manager.fetch_job(None, self._worker)
        return [] if job is None else [(job.id, job)]

    async def finish(self, job: Any) -> None:
        await self._app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=False)

    async def left(self) -> int:
        rows = await self._app.connector.execute_query_all_async(
            "SELECT count(*) AS count FROM procrastinate_jobs WHERE status = 'todo'"
        )
        return int(rows[0]["count"])

    async def close(self) -> None:
        await self._app.close_async()

    @staticmethod
    def _job(number: int) -> Job:
        return Job(
            id=None,
            queue="bench",
            lock=None,
            queueing_lock=None,
            task_name="restart",
            task_kwargs={"agent": f"agent-{number}"},
            priority=0,
        )


class PgQueuer:
    """Its Queries; finished jobs move to its log, as its worker does."""

    channel = "ch_pgqueuer"

    async def open(self, dsn: str, batch: int) -> None:
        self._connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        self._queries = Queries.from_psycopg_connection(self._connection)
        if not await self._queries.has_table("pgqueuer"):
            await self._queries.install()
        self._batch = batch
        self._id = uuid4()

    async def fill(self, count: int) -> None:
        await self._queries.enqueue(["restart"] * count, [b"agent"] * count, [0] * count)

    async def enqueue(self, number: int) -> Any:
        return (await self._queries.enqueue("restart", f"agent-{number}".encode()))[0]

    async def claim(self) -> list[tuple[Any, Any]]:
        jobs = await self._queries.dequeue(
            self._batch,
            {"restart": EntrypointExecutionParameter(0)},
            self._id,
            None,
            timedelta(seconds=30),
        )
        return [(job.id, job) for job in jobs]

    async def finish(self, job: Any) -> None:
        await self._queries.log_jobs([(job, "successful", None)])

    async def left(self) -> int:
        sizes = await self._queries.queue_size()
        return sum(size.count for size in sizes if size.status == "queued")

    async def close(self) -> None:
        await self._connection.close()
