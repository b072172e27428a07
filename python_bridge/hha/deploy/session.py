"""The session that a deployment runs in: scripts in, the role and settings as before afterwards."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from hha.deploy.plan import Change
from hha.deploy.registry import Connection
from hha.errors import ScriptError, from_psycopg

logger = logging.getLogger(__name__)


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """A connection in autocommit mode: the scripts bring transactions of their own."""
    try:
        connection = psycopg.connect(dsn, autocommit=True, application_name="hha deploy")
    except psycopg.Error as error:
        raise from_psycopg(error) from error
    connection.add_notice_handler(
        lambda notice: logger.debug(
            "%s", notice.message_primary, extra={"action": "notice", "severity": notice.severity}
        )
    )
    with connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise from_psycopg(error) from error


def run_script(connection: Connection, script: bytes) -> None:
    """Run a script; afterwards the role and the settings of the session are those of before.

    The script is sent as bytes without parameters, so that it may hold several statements.
    """
    connection.execute(script)
    if connection.info.transaction_status == TransactionStatus.INTRANS:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    _reset(connection)


def _reset(connection: Connection) -> None:
    connection.execute("RESET SESSION AUTHORIZATION")
    connection.execute("RESET ROLE")
    connection.execute("RESET ALL")


def commit(connection: Connection) -> None:
    """Commit what a script left open."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connection.commit()
    _reset(connection)


def take_back(connection: Connection) -> None:
    """Take back what a script left open; the connection may be gone by now."""
    if connection.closed:
        return
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connection.rollback()
    _reset(connection)


def script_error(action: str, change: Change, error: psycopg.Error, script: bytes) -> ScriptError:
    """Say which line of which script PostgreSQL refused, and why."""
    known = from_psycopg(error)
    position = error.diag.statement_position
    place = ""
    if position is not None:
        text = script.decode(errors="replace")[: int(position)]
        place = f", line {text.count(chr(10)) + 1}"
    return ScriptError(f'{action} of "{change.name}"{place} failed: {known}', hint=None)
