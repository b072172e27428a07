"""Skytools' PgQ behind the calls of queue_adapters.py, by whole batches and by single events.

One consumer takes all events between two ticks as a batch. They are neither leased nor shared, so
that a second worker has nothing to claim. PgQ's daemon would tick a few times a second and it
notifies nobody: here each claim ticks and each single event notifies.
"""

from __future__ import annotations

from typing import Any

import psycopg


class PgQ:
    """A batch is finished as a whole: a consumer that dies in it handles all of it again."""

    channel = "pgq_bench"
    extension = "pgq"

    async def open(self, dsn: str, batch: int) -> None:
        self._connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        self._batch: Any = None
        self._open_events = 0
        async with self._connection.transaction():
            await self._connection.execute("CREATE EXTENSION IF NOT EXISTS pgq")
            cursor = await self._connection.execute("SELECT pgq.create_queue('bench') = 1")
            is_first = await cursor.fetchone() == (True,)
            # A tick for each call that finds an event, as often as it is asked.
            await self._connection.execute(
                "SELECT pgq.set_queue_config('bench', 'ticker_max_count', '1'),"
                " pgq.set_queue_config('bench', 'ticker_max_lag', '0')"
            )
            # The first comer fills the queue, the second is its consumer.
            if not is_first:
                cursor = await self._connection.execute(
                    "SELECT pgq.register_consumer('bench', 'worker') = 1"
                )
            self._is_consumer = not is_first and await cursor.fetchone() == (True,)

    async def fill(self, count: int) -> None:
        await self._connection.execute(
            "SELECT count(pgq.insert_event('bench', 'restart', 'agent-' || n))"
            " FROM generate_series(1, %s::integer) AS n",
            (count,),
        )

    async def enqueue(self, number: int) -> Any:
        cursor = await self._connection.execute(
            "SELECT pgq.insert_event('bench', 'restart', %s), pg_notify('pgq_bench', '')",
            (f"agent-{number}",),
        )
        row = await cursor.fetchone()
        assert row is not None
        return row[0]

    async def claim(self) -> list[tuple[Any, Any]]:
        """The next batch that is not empty."""
        while self._is_consumer:
            if self._batch is not None:
                await self.finish_batch()
            await self._connection.execute("SELECT pgq.ticker('bench')")
            cursor = await self._connection.execute("SELECT pgq.next_batch('bench', 'worker')")
            row = await cursor.fetchone()
            if row is None or row[0] is None:
                break
            self._batch = row[0]
            if events := await self.events():
                self._open_events = len(events)
                return [(event[0], event[0]) for event in events]
        return []

    async def events(self) -> list[Any]:
        """Those of the batch."""
        cursor = await self._connection.execute(
            "SELECT ev_id, ev_data FROM pgq.get_batch_events(%s)", (self._batch,)
        )
        return await cursor.fetchall()

    async def finish(self, job: Any) -> None:
        """The batch is finished with its last event, in one row."""
        self._open_events -= 1
        if not self._open_events:
            await self.finish_batch()

    async def finish_batch(self) -> None:
        await self._connection.execute("SELECT pgq.finish_batch(%s)", (self._batch,))
        self._batch = None

    async def left(self) -> int:
        cursor = await self._connection.execute(
            "SELECT pending_events FROM pgq.get_consumer_info('bench', 'worker')"
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def close(self) -> None:
        await self._connection.close()


class PgQEvents(PgQ):
    """Each event is also recorded as done, in a commit of its own, and not handled twice.

    PgQ's documentation asks this of consumers whose work leaves the database, as sending does, and
    has an extension for it, pgq_ext, which Debian does not package: here is a table of the same
    columns and key.
    """

    async def open(self, dsn: str, batch: int) -> None:
        await super().open(dsn, batch)
        await self._connection.execute(
            "CREATE TABLE IF NOT EXISTS done_events (consumer text, batch_id bigint,"
            " event_id bigint, PRIMARY KEY (consumer, batch_id, event_id))"
        )

    async def events(self) -> list[Any]:
        """Those of the batch that no consumer before has done."""
        cursor = await self._connection.execute(
            "SELECT ev_id, ev_data FROM pgq.get_batch_events(%s) WHERE ev_id NOT IN"
            " (SELECT event_id FROM done_events WHERE consumer = 'worker' AND batch_id = %s)",
            (self._batch, self._batch),
        )
        return await cursor.fetchall()

    async def finish(self, job: Any) -> None:
        await self._connection.execute(
            "INSERT INTO done_events VALUES ('worker', %s, %s)", (self._batch, job)
        )
        await super().finish(job)

    async def finish_batch(self) -> None:
        """What was recorded of it is needed no longer."""
        async with self._connection.transaction():
            await self._connection.execute(
                "DELETE FROM done_events WHERE consumer = 'worker' AND batch_id = %s",
                (self._batch,),
            )
            await super().finish_batch()
