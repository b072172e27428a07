"""The bridge's own heartbeat: the bridge is an agent like any other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from collections.abc import Collection

import psutil

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase
from hha.bridge.pace import Backoff, Counters

logger = logging.getLogger(__name__)

_PERIOD_SECONDS = 10.0
_GOODBYE_SECONDS = 3.0


class Heartbeat:
    """Sends health.bridge_heartbeat every 10 s. `is_known` is set once the database knows us.

    With the first beat, and the first after the database was away (it may be another one by now),
    it says which agents this bridge manages.
    """

    def __init__(
        self, database: HealthDatabase, counters: Counters, agent_ids: Collection[str] = ()
    ) -> None:
        self._database = database
        self._counters = counters
        self._agent_ids = tuple(agent_ids)
        self._run_id = uuid.uuid4().hex
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only sets the starting point
        self.is_known = asyncio.Event()

    async def run(self) -> None:
        """Beat until cancelled."""
        backoff = Backoff()
        has_announced = False
        while True:
            try:
                await self._database.bridge_heartbeat(self._metrics("running"))
                self.is_known.set()
                if not has_announced:
                    await self._database.announce_agents(self._agent_ids)
                    has_announced = True
                backoff.reset()
                await asyncio.sleep(_PERIOD_SECONDS)
            except DATABASE_ERRORS as reason:
                has_announced = False
                self._counters.note_error(reason)
                logger.warning("heartbeat failed: %s", reason, extra={"action": "heartbeat"})
                await asyncio.sleep(backoff.next_seconds())

    async def say_goodbye(self) -> None:
        """Tell the database that the end is intended, if it listens."""
        with contextlib.suppress(*DATABASE_ERRORS):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._database.bridge_heartbeat(self._metrics("stopped"))

    def _metrics(self, state: str) -> dict[str, object]:
        counters = self._counters
        processor_count = os.cpu_count() or 1
        return {
            "state": state,
            "run_id": self._run_id,
            "work_items_processed": counters.delivery_count + counters.recovery_count,
            "error_count": counters.error_count,
            "cpu_usage_percent": min(100.0, self._process.cpu_percent() / processor_count),
            "memory_usage_mb": round(self._process.memory_info().rss / 1_000_000, 1),
            "deliveries": counters.delivery_count,
            "recoveries": counters.recovery_count,
            "reconnects": counters.reconnect_count,
            "ticks": counters.tick_count,
        }
