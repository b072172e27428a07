"""Reads the database for answers: read-only, briefly, and no more than a screenful."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from hha.answers.templates import Template, candidates
from hha.errors import from_psycopg
from hha.jsonable import to_json

STATEMENT_TIMEOUT_MS = 5_000
MOST_ROWS = 100
MOST_CHARACTERS = 8_000

#: Whether SQL of a language model may run as this login: it must not be able to become more.
#: set_config('role', …) inside a SELECT would let a superuser's statement do anything.
IS_CONFINED_SQL = """
SELECT NOT (
        me.rolsuper OR me.rolcreaterole OR me.rolcreatedb OR me.rolreplication OR me.rolbypassrls
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_roles AS other
        WHERE pg_has_role(me.oid, other.oid, 'MEMBER') AND other.oid <> me.oid
            AND other.rolname NOT IN ('health_analyst', 'health_agent', 'health_helper')
    ) AS is_confined
FROM pg_catalog.pg_roles AS me
WHERE me.rolname = session_user
"""

KNOWN_AGENT_SQL = """
SELECT agents.agent_id
FROM health.agents
WHERE agents.agent_id = ANY (%(words)s)
ORDER BY array_position(%(words)s, agents.agent_id::text)
LIMIT 1
"""


class Reader:
    """A connection for one question; `evidence` is what was read through it."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self.evidence: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo,
                row_factory=dict_row,
                autocommit=True,
                application_name="hha answers",
            )
            await self._connection.execute(
                "SELECT set_config('statement_timeout', %s, false)", (str(STATEMENT_TIMEOUT_MS),)
            )
            await self._connection.set_read_only(True)
        except psycopg.Error as error:
            raise from_psycopg(error) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._connection.close()

    async def find_agent(self, question: str) -> str | None:
        """The first known agent that the question names."""
        rows = await self._fetch(KNOWN_AGENT_SQL, {"words": candidates(question)})
        return str(rows[0]["agent_id"]) if rows else None

    async def is_confined(self) -> bool:
        """Whether this login may read views and no more, so that any SELECT is harmless."""
        rows = await self._fetch(IS_CONFINED_SQL, {})
        return bool(rows and rows[0]["is_confined"])

    async def lines(self, template: Template, agent_id: str | None) -> list[str]:
        """The lines of a template. Raises a DatabaseError."""
        parameters = {"agent_id": agent_id}
        rows = await self._fetch(template.query, parameters)
        self._note(template.name, parameters, len(rows))
        return [str(row["line"]) for row in rows]

    async def select(self, sql: str) -> str:
        """The rows of any SELECT as JSON, cut off where there are many. Raises a DatabaseError.

        Only for a login that is confined. As the body of a subquery, prepared, in a read-only
        transaction, it can be one query and nothing else.
        """
        body = sql.strip().removesuffix(";").replace("%", "%%")
        rows = await self._fetch(
            f"SELECT * FROM (\n{body}\n) AS answer LIMIT {MOST_ROWS}",  # noqa: S608 (see above)
            {},
        )
        self._note(sql, {}, len(rows))
        return to_json(rows)[:MOST_CHARACTERS]

    async def _fetch(self, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            async with self._connection.transaction():
                cursor = await self._connection.execute(query.encode(), parameters, prepare=True)
                return await cursor.fetchall()
        except psycopg.Error as error:
            raise from_psycopg(error) from error

    def _note(self, query: str, parameters: dict[str, Any], row_count: int) -> None:
        self.evidence.append({"query": query, "parameters": parameters, "rows": row_count})
