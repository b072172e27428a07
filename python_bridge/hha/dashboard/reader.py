"""What the page reads: views and functions of schema `health`, by a small read-only pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from hha.database_link import complete_conninfo
from hha.errors import DatabaseUnavailable, from_psycopg

Row = dict[str, Any]

# Compiling takes longer than any of these questions.
_OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=15s -c jit=off"


class Reader:
    """Runs questions; raises a DatabaseError, DatabaseUnavailable while the server is away."""

    def __init__(self, dsn: str) -> None:
        self.conninfo = complete_conninfo(dsn, "hha dashboard")
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[DictRow]] = AsyncConnectionPool(
            make_conninfo(self.conninfo, options=_OPTIONS),
            min_size=1,
            max_size=4,
            open=False,
            timeout=5.0,
            kwargs={"autocommit": True, "row_factory": dict_row},
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        """Begin to connect; a server that is away is waited for by the questions."""
        await self._pool.open()

    async def close(self) -> None:
        """End all connections."""
        await self._pool.close()

    async def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of one question as dictionaries."""
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(query.encode(), parameters)
                return await cursor.fetchall()
        except PoolTimeout as error:
            raise DatabaseUnavailable("the database does not answer") from error
        except psycopg.Error as error:
            raise from_psycopg(error) from error

    async def row(self, query: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """The first row, None without one."""
        rows = await self.rows(query, parameters)
        return rows[0] if rows else None
