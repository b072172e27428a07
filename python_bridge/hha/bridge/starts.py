"""What a bridge starts with itself, unless the database holds something against it.

Where the database cannot be asked at the start, everything is started: agents must not depend on
their monitor. What it holds back is asked about again until it may start, or somebody else did it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase
from hha.bridge.executors import Executor
from hha.bridge.items import Obstacle
from hha.bridge.pace import Counters, Stop

logger = logging.getLogger(__name__)


class Starts:
    """Opens the executors: `begin` once, then `run` for those that had to wait."""

    def __init__(
        self,
        database: HealthDatabase,
        executors: Mapping[str, Executor],
        stop: Stop,
        counters: Counters,
        *,
        poll_seconds: float,
    ) -> None:
        self._database = database
        self._executors = executors
        self._stop = stop
        self._counters = counters
        self._poll_seconds = poll_seconds
        self._began = time.monotonic()
        self._waiting: dict[str, str] = {}  # why, as it was last logged

    async def begin(self) -> None:
        """Adopt what runs, ask about the rest, start what may be started."""
        self._began = time.monotonic()
        agent_ids = tuple(self._executors)
        is_waiting = await asyncio.gather(
            *(executor.open(may_start=False) for executor in self._executors.values())
        )
        self._waiting = {
            agent_id: "" for agent_id, waits in zip(agent_ids, is_waiting, strict=True) if waits
        }
        if self._waiting:
            await self._start(await self._ask(otherwise=[]))

    async def run(self) -> None:
        """Start what waits as soon as nothing is against it any more, until asked to stop."""
        while self._waiting:
            await self._stop.pause(self._poll_seconds)
            if self._stop.requested:
                return
            unchanged = [Obstacle(agent_id, "", why) for agent_id, why in self._waiting.items()]
            await self._start(await self._ask(otherwise=unchanged))

    async def _ask(self, *, otherwise: Sequence[Obstacle]) -> Sequence[Obstacle]:
        try:
            return await self._database.obstacles_to_start(
                tuple(self._waiting), time.monotonic() - self._began
            )
        except DATABASE_ERRORS as reason:
            self._counters.note_error(reason)
            logger.warning(
                "the database cannot be asked what to start, %s: %s",
                "what waits goes on waiting" if otherwise else "everything is started",
                reason,
                extra={"action": "start"},
            )
            return otherwise

    async def _start(self, obstacles: Sequence[Obstacle]) -> None:
        against = {obstacle.agent_id: obstacle for obstacle in obstacles}
        free = [agent_id for agent_id in self._waiting if agent_id not in against]
        for agent_id in free:
            if self._waiting.pop(agent_id):
                self._log(agent_id, "nothing is against its start any more", "start")
        for agent_id, obstacle in against.items():
            if obstacle.kind == "running":
                del self._waiting[agent_id]
                self._log(agent_id, f"not started: {obstacle.reason}", "leave")
            elif self._waiting[agent_id] != obstacle.reason:
                self._waiting[agent_id] = obstacle.reason
                self._log(agent_id, f"not started yet: {obstacle.reason}", "hold", logging.WARNING)
        await asyncio.gather(*(self._executors[agent_id].open() for agent_id in free))

    def _log(self, agent_id: str, message: str, action: str, level: int = logging.INFO) -> None:
        logger.log(level, "%s", message, extra={"action": action, "agent_id": agent_id})
