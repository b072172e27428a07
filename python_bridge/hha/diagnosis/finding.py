"""One line of the doctor's report, and how its checks read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

Row = dict[str, Any]
Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty when nothing)."""

    check: str
    level: Level
    fact: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as a plain dictionary."""
        return asdict(self)


async def read_rows(
    connection: AsyncConnection[Any], query: str | sql.Composed, *values: Any
) -> list[Row]:
    """Run a query and return its rows as dictionaries."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values or None)
        return await cursor.fetchall()


async def read_engine(connection: AsyncConnection[Any]) -> Row | None:
    """The one row of health.engine_health."""
    rows = await read_rows(connection, "SELECT * FROM health.engine_health")
    return rows[0] if rows else None
