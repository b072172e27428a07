"""Tells the database about supervised processes that ended unasked. It decides what follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase, is_worth_retrying
from hha.bridge.executors import ProcessExit
from hha.bridge.pace import Backoff, Counters

logger = logging.getLogger(__name__)

_LIMIT = 1000


class ExitReports:
    """A queue of exits that waits while the database is away; beyond 1000 it drops the newest."""

    def __init__(
        self,
        database: HealthDatabase,
        counters: Counters,
        on_reported: Callable[[], None],
    ) -> None:
        self._database = database
        self._counters = counters
        self._on_reported = on_reported
        self._exits: asyncio.Queue[ProcessExit] = asyncio.Queue(_LIMIT)

    def add(self, process_exit: ProcessExit) -> None:
        try:
            self._exits.put_nowait(process_exit)
        except asyncio.QueueFull:
            logger.exception("exit report dropped", extra={"agent_id": process_exit.agent_id})

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            await self._report(await self._exits.get())

    async def _report(self, process_exit: ProcessExit) -> None:
        backoff = Backoff()
        data: dict[str, object] = {
            "agent_id": process_exit.agent_id,
            "pid": process_exit.pid,
            "exit_code": process_exit.exit_code,
        }
        while True:
            try:
                # The bridge's own event: as the agent's it would count among the agent's errors,
                # and the restarted process would answer for the end of the one before it.
                await self._database.log_own_event("process_exit", data)
            except DATABASE_ERRORS as reason:
                self._counters.note_error(reason)
                logger.warning(
                    "cannot report an exit: %s",
                    reason,
                    extra={"action": "report_exit", "agent_id": process_exit.agent_id},
                )
                if not is_worth_retrying(reason):
                    return
                await asyncio.sleep(backoff.next_seconds())
            else:
                self._on_reported()
                return
