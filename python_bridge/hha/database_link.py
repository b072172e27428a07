"""One connection to the database that mends itself: `DatabaseLink`.

It connects when first used, notices a connection that died while idle before it is used again
(so that no statement runs twice), gives up on an answer after `call_timeout` seconds and waits
between attempts to connect, 0.5 s doubling to 30 s with jitter. A process forked from this one
closes its copies of the sockets: a lock or session never outlives its owner in a child.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import socket
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from hha.errors import ConfigurationError, DatabaseError, DatabaseUnavailable, from_psycopg

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[Row]

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
READ_ONLY = "25006"  # the server became a standby: the next connection may find the primary

# A dead network must not hold a session for the two hours that kernels wait by default.
DEFAULTS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}

_open_connections: weakref.WeakSet[Connection] = weakref.WeakSet()


def _close_inherited_sockets() -> None:
    for connection in list(_open_connections):
        if not connection.closed:
            os.close(connection.pgconn.socket)
    _open_connections.clear()


os.register_at_fork(after_in_child=_close_inherited_sockets)


class Backoff:
    """Seconds to wait before the next attempt: doubling, with jitter, up to a limit."""

    def __init__(
        self, first: float = FIRST_DELAY_SECONDS, longest: float = LONGEST_DELAY_SECONDS
    ) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next_delay(self) -> float:
        """The delay after one more failure."""
        delay = min(self._next, self._longest) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter, no secret)
        self._next = min(self._next * 2, self._longest)
        return delay

    def limit(self, longest: float) -> None:
        """From now on wait at most `longest` seconds."""
        self._longest = longest

    def reset(self) -> None:
        """The attempt succeeded."""
        self._next = self._first


def complete_conninfo(dsn: str, application_name: str) -> str:
    """`dsn` with keep-alives, a connect time-out and a name, where it does not set its own.

    Raises ConfigurationError when `dsn` is not a connection string.
    """
    try:
        given = conninfo_to_dict(dsn)
        defaults = {name: value for name, value in DEFAULTS.items() if name not in given}
        return make_conninfo(dsn, fallback_application_name=application_name[:63], **defaults)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            f"not a connection string: {str(error).strip()}",
            hint="Give a URI such as postgresql://user@host:5432/dbname or key=value pairs.",
        ) from error


async def connect(conninfo: str) -> Connection:
    """Open an autocommit connection fit for poolers; raises DatabaseUnavailable."""
    try:
        connection: Connection = await psycopg.AsyncConnection.connect(
            conninfo, autocommit=True, prepare_threshold=None, row_factory=dict_row
        )
    except (psycopg.Error, OSError) as error:
        raise DatabaseUnavailable(f"cannot connect: {str(error).strip()}") from error
    _open_connections.add(connection)
    return connection


def _has_input(connection: Connection) -> bool:
    """Whether an idle connection has something to read: nearly always its end."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))


def _shut(connection: Connection) -> None:
    """End a connection whose server does not answer; whoever waits on it gets an error."""
    if not connection.closed:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)


class DatabaseLink:
    """One connection, one statement at a time, reopened when lost.

    Every method raises a `DatabaseError`; `DatabaseUnavailable` means that the same call may
    succeed later, and while the link waits for its next attempt it is raised at once.
    """

    def __init__(self, dsn: str, *, application_name: str, call_timeout: float = 10.0) -> None:
        self.conninfo = complete_conninfo(dsn, application_name)
        self._call_timeout = call_timeout
        self._connection: Connection | None = None
        self._owner_pid = os.getpid()
        self._lock = asyncio.Lock()
        self.backoff = Backoff()
        self._retry_at = 0.0
        self._last_failure = ""

    async def fetch(self, query: str, params: Sequence[Any] | None = None) -> list[Row]:
        """Run one statement and return its rows as dictionaries ([] when it has none)."""
        async with self._statement() as connection:
            cursor = await connection.execute(query.encode(), params)
            return await cursor.fetchall() if cursor.description else []

    async def run_many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of `rows` in one round trip."""
        async with self._statement() as connection, connection.cursor() as cursor:
            await cursor.executemany(query.encode(), rows)

    def abandon(self) -> None:
        """Wait no longer for the answer that is due, if any: its caller gets an error."""
        if self._connection is not None and self._lock.locked():
            _shut(self._connection)

    async def close(self) -> None:
        """Close the connection; the link may be used again afterwards."""
        connection, self._connection = self._connection, None
        if connection is not None and self._owner_pid == os.getpid():
            await connection.close()

    @asynccontextmanager
    async def _statement(self) -> AsyncIterator[Connection]:
        async with self._lock:
            connection = await self._ready_connection()
            watchdog = asyncio.get_running_loop().call_later(self._call_timeout, _shut, connection)
            try:
                yield connection
            except psycopg.Error as error:
                raise await self._translated(error, connection) from error
            finally:
                watchdog.cancel()

    async def _translated(self, error: psycopg.Error, connection: Connection) -> DatabaseError:
        if connection.closed or error.sqlstate == READ_ONLY:
            await self.close()
            return DatabaseUnavailable(str(error).strip(), sqlstate=error.sqlstate)
        return from_psycopg(error)

    async def _ready_connection(self) -> Connection:
        connection = self._connection
        if connection is not None:
            if self._owner_pid == os.getpid() and await self._is_sound(connection):
                return connection
            await self.close()
        if (wait := self._retry_at - time.monotonic()) > 0:
            raise DatabaseUnavailable(f"{self._last_failure} (next attempt in {wait:.1f} s)")
        try:
            connection = await connect(self.conninfo)
        except DatabaseUnavailable as error:
            self._last_failure = error.message
            self._retry_at = time.monotonic() + self.backoff.next_delay()
            raise
        self.backoff.reset()
        self._connection, self._owner_pid = connection, os.getpid()
        return connection

    async def _is_sound(self, connection: Connection) -> bool:
        if connection.closed:
            return False
        if not _has_input(connection):
            return True
        watchdog = asyncio.get_running_loop().call_later(self._call_timeout, _shut, connection)
        try:  # A notice or a changed setting also waits to be read; only asking tells.
            await connection.execute(b"SELECT 1")
        except psycopg.Error:
            return False
        finally:
            watchdog.cancel()
        return True
