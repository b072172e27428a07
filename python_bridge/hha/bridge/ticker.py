"""Calls the engine when it is due or when the bell rings, and its housekeeping where no cron does.

When a tick is due is the database's own answer (health.seconds_until_tick), to be asked again when
it says so; of two tickers one works and the other returns at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import psycopg

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase
from hha.bridge.pace import Backoff, Bell, Counters, Stop
from hha.bridge.traces import Traces

logger = logging.getLogger(__name__)

_SHORTEST_SECONDS_BETWEEN_TICKS = 0.05
_HOUSEKEEPING_SECONDS = 60.0
#: How often is asked whether a model is to be trained; the database says once a day.
_RETRAINING_SECONDS = 600.0


class Ticker:
    """Ticks on a connection of its own, so that it can tell its own notifications from others'."""

    def __init__(
        self,
        database: HealthDatabase,
        stop: Stop,
        bell: Bell,
        counters: Counters,
        traces: Traces | None = None,
    ) -> None:
        self._database = database
        self._stop = stop
        self._bell = bell
        self._counters = counters
        self._traces = traces or Traces()
        self._own_pid = 0
        self._last_tick = float("-inf")

    def wake(self, notifying_pid: int) -> None:
        """Tick soon, unless the bell was rung by our own tick, which would never end."""
        if notifying_pid == 0 or notifying_pid != self._own_pid:
            self._bell.ring()

    async def run(self) -> None:
        backoff = Backoff()
        while not self._stop.requested:
            try:
                async with await self._database.connect() as connection:
                    self._own_pid = connection.info.backend_pid
                    await self._tick_on(connection, backoff)
            except DATABASE_ERRORS as reason:
                self._counters.note_error(reason)
                logger.warning("tick failed: %s", reason, extra={"action": "tick"})
                await self._stop.pause(backoff.next_seconds())

    async def _tick_on(
        self, connection: psycopg.AsyncConnection[dict[str, Any]], backoff: Backoff
    ) -> None:
        rang = False
        while not self._stop.requested:
            # Who rang waits for the tick: it is not asked for first whether one is due.
            seconds = 0.0 if rang else await self._database.seconds_until_tick()
            if seconds <= 0:
                since_last = time.monotonic() - self._last_tick
                if since_last < _SHORTEST_SECONDS_BETWEEN_TICKS:
                    await self._stop.pause(_SHORTEST_SECONDS_BETWEEN_TICKS - since_last)
                self._last_tick = time.monotonic()
                with self._traces.span("tick", {"hha.rang": rang}):
                    await connection.execute("CALL health.run_tick()")
                self._counters.tick_count += 1
                seconds = await self._database.seconds_until_tick()
            backoff.reset()
            rang = await self._bell.wait(max(0.0, seconds))


async def keep_house(database: HealthDatabase, stop: Stop, counters: Counters) -> None:
    """CALL what is due each minute, housekeeping to foresight, unless pg_cron does."""
    backoff = Backoff()
    while not stop.requested:
        try:
            if await database.scheduler() != "pg_cron":
                await database.run_housekeeping()
                await database.run_rollups()
                await database.run_foresight()
            backoff.reset()
            await stop.pause(_HOUSEKEEPING_SECONDS)
        except DATABASE_ERRORS as reason:
            counters.note_error(reason)
            logger.warning("housekeeping failed: %s", reason, extra={"action": "housekeeping"})
            await stop.pause(backoff.next_seconds())


async def keep_models(database: HealthDatabase, stop: Stop, counters: Counters) -> None:
    """CALL retraining, unless pg_cron does; beside housekeeping, which must not wait for it."""
    backoff = Backoff()
    while not stop.requested:
        try:
            if await database.scheduler() != "pg_cron":
                training = asyncio.create_task(database.retrain_failure_models())
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait((training, stopping), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if not training.done():
                    # Nothing is lost: a training is one transaction, and due until it ends.
                    training.cancel()
                    await asyncio.wait((training,))
                    return
                training.result()
            backoff.reset()
            await stop.pause(_RETRAINING_SECONDS)
        except DATABASE_ERRORS as reason:
            counters.note_error(reason)
            logger.warning("retraining failed: %s", reason, extra={"action": "retraining"})
            await stop.pause(backoff.next_seconds())
