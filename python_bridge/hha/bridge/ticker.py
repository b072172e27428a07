"""Calls the engine when it is due or when the bell rings, and its housekeeping where no cron does.

Whether a tick is due is the database's own answer (health.engine_health.is_tick_due); of two
tickers one works and the other returns at once.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import psycopg

from hha.bridge.database import DATABASE_ERRORS, EngineHealth, HealthDatabase
from hha.bridge.pace import Backoff, Bell, Counters, Stop

logger = logging.getLogger(__name__)

_SHORTEST_SECONDS_BETWEEN_TICKS = 0.05
_SMALLEST_REST = 0.25  # of a period, after a tick however long
_HOUSEKEEPING_SECONDS = 60.0


class Ticker:
    """Ticks on a connection of its own, so that it can tell its own notifications from others'."""

    def __init__(
        self, database: HealthDatabase, stop: Stop, bell: Bell, counters: Counters
    ) -> None:
        self._database = database
        self._stop = stop
        self._bell = bell
        self._counters = counters
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
                self._counters.error_count += 1
                logger.warning("tick failed: %s", reason, extra={"action": "tick"})
                await self._stop.pause(backoff.next_seconds())

    async def _tick_on(
        self, connection: psycopg.AsyncConnection[dict[str, Any]], backoff: Backoff
    ) -> None:
        rang = False
        while not self._stop.requested:
            # Who rang waits for the tick: it is not asked for first whether one is due.
            health = None if rang else await self._database.engine_health()
            if health is None or health.is_tick_due:
                since_last = time.monotonic() - self._last_tick
                if since_last < _SHORTEST_SECONDS_BETWEEN_TICKS:
                    await self._stop.pause(_SHORTEST_SECONDS_BETWEEN_TICKS - since_last)
                self._last_tick = time.monotonic()
                await connection.execute("CALL health.run_tick()")
                self._counters.tick_count += 1
                health = await self._database.engine_health()
            backoff.reset()
            rang = await self._bell.wait(seconds_until_tick(health))


def seconds_until_tick(health: EngineHealth) -> float:
    """A period from the beginning of the last tick, whoever made it, but at least a quarter.

    Counted from its end, a tick that takes half a second would make a period of 1 s one of 1.5 s.
    By the database's own clock, and so never early: a grace of one period, begun by one tick, is
    over at the next.
    """
    period = health.tick_period_seconds
    if health.seconds_since_tick is None:
        return period
    rest = period - health.seconds_since_tick
    return min(period, max(rest, _SMALLEST_REST * period))


async def keep_house(database: HealthDatabase, stop: Stop, counters: Counters) -> None:
    """CALL health.run_housekeeping() and run_rollups() each minute unless pg_cron does."""
    backoff = Backoff()
    while not stop.requested:
        try:
            health = await database.engine_health()
            if health.scheduler != "pg_cron":
                await database.run_housekeeping()
                await database.run_rollups()
            backoff.reset()
            await stop.pause(_HOUSEKEEPING_SECONDS)
        except DATABASE_ERRORS as reason:
            counters.error_count += 1
            logger.warning("housekeeping failed: %s", reason, extra={"action": "housekeeping"})
            await stop.pause(backoff.next_seconds())
