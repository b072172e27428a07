"""The session whose death tells the database that this agent has died: `Attachment`.

`health.attach()` takes a session-level advisory lock, which PostgreSQL releases within
milliseconds of the end of the process. The session does nothing else. Losing it only hastens
suspicion, so an agent works without it.
"""

from __future__ import annotations

import asyncio
import logging

import psycopg

from hha.database_link import Backoff, Connection, connect
from hha.errors import DatabaseError, DatabaseUnavailable, UnexpectedDatabaseError, from_psycopg

logger = logging.getLogger(__name__)


class Attachment:
    """Holds `SELECT health.attach(agent_id)` on a connection of its own, again after each loss.

    A refusal (a pooler stands between, the schema is older) is logged once as a warning and
    tried again, at most every 20 to 40 seconds.
    """

    def __init__(self, conninfo: str, agent_id: str) -> None:
        self._conninfo = conninfo
        self._agent_id = agent_id
        self._has_warned = False
        self.is_held = asyncio.Event()

    async def hold(self) -> None:
        """Attach and stay attached until cancelled."""
        backoff = Backoff()
        while True:
            try:
                connection = await connect(self._conninfo)
            except DatabaseUnavailable:  # whoever sends the heartbeats says so already
                await asyncio.sleep(backoff.next_delay())
                continue
            try:
                await self._attach(connection)
                backoff.reset()
                self.is_held.set()
                await self._wait_for_end(connection)
            except DatabaseError as error:
                self._warn_once(error)
            finally:
                self.is_held.clear()
                await connection.close()
            await asyncio.sleep(backoff.next_delay())

    async def _attach(self, connection: Connection) -> None:
        try:
            cursor = await connection.execute("SELECT pg_backend_pid() AS pid")
            row = await cursor.fetchone()
            if row is None or row["pid"] != connection.info.backend_pid:
                raise UnexpectedDatabaseError(
                    "a connection pooler stands between this agent and the database",
                    hint="Use a direct connection, or rely on heartbeats alone.",
                )
            for _ in range(2):  # the second call proves that the session is still the same
                await connection.execute("SELECT health.attach(%s)", (self._agent_id,))
        except psycopg.Error as error:
            raise from_psycopg(error) from error
        logger.info(
            "attached: the end of this process is seen at once",
            extra={"action": "attach", "agent_id": self._agent_id},
        )

    async def _wait_for_end(self, connection: Connection) -> None:
        """Return when the connection is lost; nothing is ever sent on it."""
        try:
            async for _ in connection.notifies():
                pass
        except psycopg.Error:
            logger.info(
                "attached session lost, attaching again",
                extra={"action": "attach_lost", "agent_id": self._agent_id},
            )

    def _warn_once(self, error: DatabaseError) -> None:
        if isinstance(error, DatabaseUnavailable):
            return
        level = logging.DEBUG if self._has_warned else logging.WARNING
        self._has_warned = True
        logger.log(
            level,
            "not attached, heartbeats alone will tell: %s",
            str(error).replace("\n", "; "),
            extra={"action": "attach_refused", "agent_id": self._agent_id},
        )
