"""What every test server can do, and helpers the three kinds share."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The one database of a server in which pg_cron can be created.
CRON_DATABASE = "hha_cron"

#: Durability is not what the tests test; a broken machine loses only a temporary folder.
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}


class ServerUnavailableError(Exception):
    """This machine cannot run the server asked for. The message says why and what to do."""


class Server(ABC):
    """A running PostgreSQL of the tests' own.

    ``kind``           'container', 'debian' or 'embedded'
    ``bin_dir``        folder of pg_dump and psql of the server's version on this machine, or
                       None (container: they are inside; use :meth:`run_tool`)
    ``has_pg_cron``    pg_cron can be created, in :data:`CRON_DATABASE` only
    ``port``           of 127.0.0.1, where it listens
    ``has_plpgsql_check``  plpgsql_check can be created
    """

    kind: str
    bin_dir: Path | None = None
    has_pg_cron: bool = False
    port: int
    _password: str

    def dsn(self, dbname: str = "postgres", *, user: str | None = None) -> str:
        """A connection string for the superuser, with the password, or for ``user``."""
        return make_conninfo(
            host="127.0.0.1",
            port=self.port,
            dbname=dbname,
            user=user or "postgres",
            password=None if user else self._password,
        )

    @abstractmethod
    def run_tool(self, name: str, *arguments: str, dbname: str, stdin: str | None = None) -> str:
        """Run a client program of the server's own version; returns what it prints.

        Raises subprocess.CalledProcessError with its ``stderr`` when it fails.
        """

    @abstractmethod
    def stop(self, mode: str = "fast") -> None:
        """Shut the server down ('fast' or 'immediate'); its data stays."""

    @abstractmethod
    def start(self) -> None:
        """Start it again after :meth:`stop`, at the same address."""

    @abstractmethod
    def close(self) -> None:
        """Stop it and remove everything it left on the machine."""

    def restart(self, mode: str = "fast") -> None:
        """Stop and start at the same address; 'immediate' is a crash with recovery."""
        self.stop(mode)
        self.start()

    @property
    def major_version(self) -> int:
        """15, 17, 18 …"""
        return int(self.value("SELECT current_setting('server_version_num')::int / 10000"))

    @property
    def has_pgtap(self) -> bool:
        """Whether CREATE EXTENSION pgtap works."""
        return self._has_extension("pgtap")

    @property
    def has_plpgsql_check(self) -> bool:
        """Whether CREATE EXTENSION plpgsql_check works."""
        return self._has_extension("plpgsql_check")

    def _has_extension(self, name: LiteralString) -> bool:
        query = "SELECT count(*) FROM pg_available_extensions WHERE name = %s"
        return bool(self.value(query, (name,)))

    @contextmanager
    def connect(self, dbname: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """An autocommit connection as superuser."""
        with psycopg.connect(self.dsn(dbname), autocommit=True) as connection:
            yield connection

    def value(self, query: LiteralString, parameters: tuple[object, ...] = ()) -> Any:
        """The single value of a query in the database 'postgres'."""
        with self.connect() as connection:
            row = connection.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def create_database(self, dbname: str, *, template: str = "template0") -> None:
        """Create a database in UTF8 with the C.UTF-8 locale, or as a clone of ``template``."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(dbname), sql.Identifier(template)
                )
            )

    def drop_database(self, dbname: str) -> None:
        """Drop a database and whoever is still connected to it; none there is no error."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(dbname))
            )

    def wait_until_ready(self, *, timeout_seconds: float = 60.0) -> None:
        """Return when the server answers; ServerUnavailableError after the time-out."""
        deadline = time.monotonic() + timeout_seconds
        dsn = make_conninfo(self.dsn(), connect_timeout=2)
        while True:
            try:
                psycopg.connect(dsn).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    message = f"the {self.kind} PostgreSQL does not answer: {error}"
                    raise ServerUnavailableError(message) from error
                time.sleep(0.05)
            else:
                return


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment.

    Below those the system gives to clients: while a server is stopped, one of these may be taken by
    any connection, even by one to the very same port.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    message = "no TCP port of 127.0.0.1 between 20000 and 32000 is free"
    raise ServerUnavailableError(message)


def open_temporary_root() -> Path:
    """The temporary folder, or another one if a server's own user could not enter it."""
    for candidate in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        lineage = [candidate, *candidate.parents]
        if candidate.is_dir() and all(folder.stat().st_mode & 0o001 for folder in lineage):
            return candidate
    message = "no temporary folder is open to the server's user; set TMPDIR to one that is (0755)"
    raise ServerUnavailableError(message)


def run_checked(
    command: list[str], *, stdin: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """subprocess.run with captured text; a failure carries the program's own words."""
    try:
        return subprocess.run(
            command, input=stdin, check=True, capture_output=True, text=True, **options
        )
    except subprocess.CalledProcessError as error:
        error.add_note(f"{command[0]} said: {error.stderr.strip() or error.stdout.strip()}")
        raise
