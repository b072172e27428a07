"""Has the database evaluate the alert rules of users when they are due.

Each time in a session of its own, with a login that can do nothing else: a rule's functions run
in it. One that refuses to be cancelled holds only that session, which the database ends.
"""

from __future__ import annotations

import asyncio
import logging

import psycopg

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase, with_defaults
from hha.bridge.pace import Backoff, Counters, Stop, is_away

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_SHORTEST_SECONDS = 0.2
_PATIENCE_SECONDS = 11.0  # the database gives a rule 10 s before it ends its session


class RuleRunner:
    """Calls health.evaluate_rules() with the login of `dsn`."""

    def __init__(
        self, database: HealthDatabase, dsn: str, worker: str, stop: Stop, counters: Counters
    ) -> None:
        self._database = database
        self._dsn = with_defaults(dsn, f"{worker} rules")
        self._stop = stop
        self._counters = counters

    async def run(self) -> None:
        """Evaluate what is due until asked to stop."""
        backoff = Backoff()
        while not self._stop.requested:
            try:
                seconds = await self._database.seconds_until_rules_are_due()
                if seconds is not None and seconds <= 0:
                    await self._evaluate()
                    seconds = _SHORTEST_SECONDS
                backoff.reset()
                pause = _LOOK_SECONDS if seconds is None else min(seconds, _LOOK_SECONDS)
                await self._stop.pause(max(pause, _SHORTEST_SECONDS))
            except DATABASE_ERRORS as reason:
                self._counters.note_error(reason)
                logger.warning("rules were not evaluated: %s", reason, extra={"action": "rules"})
                # A login that may not evaluate rules will not be allowed to a second later.
                is_soon = isinstance(reason, psycopg.Error) and is_away(reason)
                await self._stop.pause(backoff.next_seconds() if is_soon else _LOOK_SECONDS)

    async def _evaluate(self) -> None:
        # Not cancelled from here: psycopg would wait for the rule that does not let itself be.
        call = asyncio.create_task(self._call())
        done, _ = await asyncio.wait({call}, timeout=_PATIENCE_SECONDS)
        while not done:
            ended = await self._database.end_overrunning_rules()
            logger.warning("ended sessions of rules", extra={"action": "rules", "count": ended})
            done, _ = await asyncio.wait({call}, timeout=_PATIENCE_SECONDS)
        await call

    async def _call(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, prepare_threshold=None
        ) as connection:
            await connection.execute("CALL health.evaluate_rules()")
