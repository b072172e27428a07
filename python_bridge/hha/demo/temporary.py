"""What the demo uses and removes again: a folder, and a database on a server that was named."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that is removed afterwards. Root's is open to the account that runs PostgreSQL."""
    home = Path(tempfile.mkdtemp(prefix="hha-demo-"))
    try:
        if os.geteuid() == 0:
            home.chmod(0o755)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.asynccontextmanager
async def temporary_database(dsn: str) -> AsyncIterator[str]:
    """A database of the demo's own on the server of ``dsn``, dropped afterwards."""
    name = f"hha_demo_{os.getpid()}_{int(time.time())}"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
        )
        try:
            yield make_conninfo(dsn, dbname=name)
        finally:
            await connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
