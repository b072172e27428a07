"""Who is there: signing in with a login of the database, sessions, and tokens against forgery.

A session is a connection of the login's own. Its password is not kept; when the connection is
lost (a restart of the server), its owner signs in again.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row

from hha.database_link import complete_conninfo
from hha.errors import ConfigurationError, HhaError, NotAllowed, from_psycopg

COOKIE = "hha_session"
IDLE_SECONDS = 12 * 3600.0
ATTEMPTS = 5
ATTEMPT_WINDOW_SECONDS = 60.0

RIGHTS_SQL = """
SELECT
    current_user AS login,
    pg_has_role(current_user, 'health_analyst', 'USAGE') AS can_read,
    pg_has_role(current_user, 'health_operator', 'USAGE') AS can_operate
"""


CONFINED_SQL = "SELECT health_internal.own_tenants() IS NOT NULL AS is_confined"


class TooManyAttempts(HhaError):
    """The address has guessed too often of late."""


@dataclass(slots=True, eq=False)
class Session:
    """Somebody signed in. ``csrf`` must come with whatever changes something."""

    login: str
    can_operate: bool
    connection: psycopg.AsyncConnection[DictRow] = field(repr=False)
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    used_at: float = field(default_factory=time.monotonic)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def call(self, query: str, parameters: Mapping[str, Any]) -> list[DictRow]:
        """Run one statement with the rights of the login; raises a DatabaseError."""
        try:
            async with self.lock:
                cursor = await self.connection.execute(query.encode(), parameters)
                return await cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise from_psycopg(error) from error


class Doorkeeper:
    """Lets people in and remembers them, in this process only."""

    def __init__(self, dsn: str, sign_in_dsn: str, token: str | None) -> None:
        self._dsn = dsn
        self._sign_in_dsn = sign_in_dsn
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._attempts: dict[str, list[float]] = {}

    def find(self, key: str | None) -> Session | None:
        """The session of a cookie, if it is known, not idle for too long and connected."""
        session = self._sessions.get(key or "")
        if session is None or key is None:
            return None
        now = time.monotonic()
        if now - session.used_at > IDLE_SECONDS or session.connection.closed:
            del self._sessions[key]
            return None
        session.used_at = now
        return session

    async def sign_in(self, login: str, password: str, address: str) -> str:
        """Try a login of the database; returns the cookie's value.

        Raises TooManyAttempts, NotAllowed, or another DatabaseError when the server is away.
        """
        self._count_attempt(address)
        try:
            conninfo = make_conninfo(
                self._sign_in_dsn, user=login, password=password, passfile="/dev/null"
            )
        except psycopg.ProgrammingError:
            raise NotAllowed("login and password do not fit") from None
        session = await self._connect(conninfo)
        if not session.connection.pgconn.used_password:
            await session.connection.close()
            raise ConfigurationError(
                "PostgreSQL let the login in without asking for its password",
                hint="Name a server address that asks for one with --sign-in-dsn "
                "(pg_hba.conf: scram-sha-256).",
            )
        self._attempts.pop(address, None)
        return self._remember(session)

    async def sign_in_by_token(self, token: str, address: str) -> str:
        """Let the bearer of the link act with the rights of the dashboard itself."""
        self._count_attempt(address)
        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise NotAllowed("this link is not valid (any more)")
        session = await self._connect(self._dsn)
        self._attempts.pop(address, None)
        return self._remember(session)

    async def sign_out(self, key: str | None) -> None:
        """Forget a session and end its connection."""
        session = self._sessions.pop(key or "", None)
        if session is not None:
            await session.connection.close()

    async def close(self) -> None:
        """Forget everybody."""
        for key in list(self._sessions):
            await self.sign_out(key)

    def _remember(self, session: Session) -> str:
        key = secrets.token_urlsafe(32)
        self._sessions[key] = session
        return key

    async def _connect(self, conninfo: str) -> Session:
        try:
            connection = await psycopg.AsyncConnection.connect(
                complete_conninfo(conninfo, "hha dashboard, operator"),
                autocommit=True,
                row_factory=dict_row,
            )
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error) or "no password supplied" in str(error):
                raise NotAllowed("login and password do not fit") from None
            raise from_psycopg(error) from error
        cursor = await connection.execute(RIGHTS_SQL)
        rights = await cursor.fetchone()
        if rights is None or not rights["can_read"]:
            await connection.close()
            raise NotAllowed(
                "this login may not look at the monitor",
                hint="An administrator can GRANT health_analyst (to look) or health_operator "
                "(to act) to it.",
            )
        # What is shown is read by the page's own login: to this one it would show others' agents.
        confined = await (await connection.execute(CONFINED_SQL)).fetchone()
        if conninfo != self._dsn and confined is not None and confined["is_confined"]:
            await connection.close()
            raise NotAllowed(
                "this login sees the agents of some tenants only, and this page shows all",
                hint="Run a page for the tenant: hha dashboard with this login as its own.",
            )
        return Session(rights["login"], rights["can_operate"], connection)

    def _count_attempt(self, address: str) -> None:
        now = time.monotonic()
        recent = [at for at in self._attempts.get(address, []) if now - at < ATTEMPT_WINDOW_SECONDS]
        if len(recent) >= ATTEMPTS:
            raise TooManyAttempts(
                "too many attempts from your address", hint="Wait a minute, then try again."
            )
        self._attempts[address] = [*recent, now]
        if len(self._attempts) > 10_000:  # of many addresses: forget the oldest
            self._attempts.pop(next(iter(self._attempts)))
