"""What bench/ping.py compares the gateway with: one INSERT and COMMIT for each ping.

The same server program, framework and login, a pool of eight connections, no checks: what one
would write first. HHA_DSN names the database, the argument the port.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import uvicorn
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

INSERT = "INSERT INTO health.ingest_heartbeats (agent_id, signal) VALUES (%s, 'beat')"

pool = AsyncConnectionPool(
    os.environ["HHA_DSN"], min_size=8, max_size=8, open=False, kwargs={"autocommit": True}
)


async def ping(request: Request) -> PlainTextResponse:
    """Write one row; the address names the agent."""
    async with pool.connection() as connection:
        await connection.execute(INSERT, (request.path_params["agent_id"],))
    return PlainTextResponse("OK")


@contextlib.asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with pool:
        yield


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[Route("/ping/{agent_id}", ping)], lifespan=lifespan),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
    )
