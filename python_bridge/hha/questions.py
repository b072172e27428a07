"""What analysts ask the database in Python: the reading half of `SharedState`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hha.database_link import DatabaseLink, Row


class Questions:
    """Lists of dictionaries, one per row of a view, with the role health_analyst.

    Every method raises a DatabaseError; DatabaseUnavailable means: ask again later.
    """

    def __init__(self, link: DatabaseLink) -> None:
        self._reader = link

    async def get_registered_agents(self) -> list[Row]:
        """One dictionary per agent, as in the view health.fleet."""
        return await self.fetch("SELECT * FROM health.fleet ORDER BY agent_id")

    async def get_recent_heartbeats(self, agent_id: str, minutes: float = 10) -> list[Row]:
        """The agent's heartbeats of the last `minutes`, newest first."""
        return await self.fetch(
            "SELECT * FROM health.recent_heartbeats WHERE agent_id = %s"
            " AND received_at >= clock_timestamp() - %s ORDER BY received_at DESC",
            (agent_id, timedelta(minutes=minutes)),
        )

    async def get_performance_metrics(self, agent_id: str, hours: float = 1) -> list[Row]:
        """The agent's series of the last `hours`, newest first."""
        return await self.fetch(
            "SELECT agent_id, metric_name, metric_value, unit, recorded_at, received_at"
            " FROM health.performance_metrics WHERE agent_id = %s"
            " AND received_at >= clock_timestamp() - %s ORDER BY received_at DESC",
            (agent_id, timedelta(hours=hours)),
        )

    async def get_system_events(self, event_type: str | None = None, hours: float = 1) -> list[Row]:
        """Events of the last `hours`, newest first; of one type, or of all with None."""
        return await self.fetch(
            "SELECT agent_id, event_type, severity, event_data, occurred_at, received_at"
            " FROM health.system_events WHERE (%s::text IS NULL OR event_type = %s)"
            " AND received_at >= clock_timestamp() - %s ORDER BY received_at DESC",
            (event_type, event_type, timedelta(hours=hours)),
        )

    async def fetch(self, query: str, params: Sequence[Any] | None = None) -> list[Row]:
        """Any other question; raises a DatabaseError, DatabaseUnavailable among them."""
        return await self._reader.fetch(query, params)
