"""What the gateway asks of the database: two functions of schema `health`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hha.database_link import DatabaseLink, Row
from hha.errors import InvalidInput

LONGEST_RETRY_SECONDS = 2.0

PINGS_SQL = "SELECT health.record_pings(%s) AS outcomes"
HEARTBEATS_SQL = "SELECT * FROM health.record_heartbeats(%s)"


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """Heartbeats of one request: the members of a JSON array, without its brackets."""

    members: str
    count: int


class Recorder:
    """One connection that commits groups of pings and of heartbeats."""

    def __init__(self, dsn: str) -> None:
        self._link = DatabaseLink(dsn, application_name="hha gateway")
        self._link.backoff.limit(LONGEST_RETRY_SECONDS)

    async def close(self) -> None:
        """End the connection."""
        await self._link.close()

    async def check(self) -> None:
        """Raise a DatabaseError while the database is away."""
        await self._link.fetch("SELECT 1")

    async def record_pings(self, documents: Sequence[str]) -> list[str]:
        """Commit pings, JSON objects; for each ``recorded`` or ``not_found``."""
        (row,) = await self._link.fetch(PINGS_SQL, (f"[{','.join(documents)}]",))
        outcomes: list[str] = row["outcomes"]
        return outcomes

    async def record_heartbeats(self, requests: Sequence[Heartbeats]) -> list[list[Row]]:
        """Commit the heartbeats of each request, or none of them; its problems, none when written.

        Raises InvalidInput where it cannot be told whose the problems are: write them one by one.
        """
        together = ",".join(request.members for request in requests if request.count)
        problems = await self._link.fetch(HEARTBEATS_SQL, (f"[{together}]",))
        if problems and len(requests) > 1:
            raise InvalidInput("one of several requests is refused")
        return [problems for _ in requests]
