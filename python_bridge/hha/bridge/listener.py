"""The doorbell: LISTEN on a connection of its own, and ring the bells of those who wait.

A notification says only 'look'. What to do stands in the tables, and whoever misses one looks at
its next poll anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase
from hha.bridge.pace import Backoff, Counters, Stop

logger = logging.getLogger(__name__)

_LOOK_AT_STOP_SECONDS = 1.0


async def listen(
    database: HealthDatabase, stop: Stop, counters: Counters, on_wakeup: Callable[[int], None]
) -> None:
    """Call `on_wakeup(pid of the notifying backend)` per notification until asked to stop.

    After each (re)connection `on_wakeup(0)` is called once LISTEN is in force, for what was missed.
    """
    backoff = Backoff()
    has_listened = False
    while not stop.requested:
        try:
            async with await database.connect() as connection:
                await connection.execute("LISTEN health_wakeup")
                if has_listened:
                    counters.reconnect_count += 1
                logger.info("listening", extra={"action": "listen", "is_again": has_listened})
                has_listened = True
                backoff.reset()
                on_wakeup(0)
                # Nothing else may run on this connection: it would swallow notifications.
                while not stop.requested:
                    async for notification in connection.notifies(
                        timeout=_LOOK_AT_STOP_SECONDS, stop_after=1
                    ):
                        on_wakeup(notification.pid)
        except DATABASE_ERRORS as reason:
            counters.note_error(reason)
            seconds = backoff.next_seconds()
            logger.warning(
                "database is away: %s",
                str(reason).strip() or type(reason).__name__,
                extra={"action": "listen", "retry_seconds": round(seconds, 2)},
            )
            await stop.pause(seconds)
