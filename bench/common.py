"""What the benches share: a private server with the deployed schema; measures, tables.

A bench prints every figure beside its baseline from the same run: medians of several runs, and
the processor time PostgreSQL used beside the clock, because the machine may be shared.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from measures import Sample, measure, process_seconds, server_seconds, typical, value, wal_position
from tables import Goal, Table, goals_table, ratio, report, write_docs

# tests/servers, as conftest.py finds it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers import Server, ServerUnavailableError, start
from servers.debian import installed_version

from hha.deploy import deploy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "REPOSITORY",
    "Bench",
    "Goal",
    "Sample",
    "Table",
    "goals_table",
    "measure",
    "parser",
    "process_seconds",
    "ratio",
    "report",
    "running",
    "server_seconds",
    "typical",
    "value",
    "wal_position",
    "write_docs",
]

REPOSITORY = Path(__file__).resolve().parents[1]
TEMPLATE = "hha_bench_template"

#: Durable, as in production. Autovacuum is off so that it hits no run at random: tables that are
#: updated in place must stay small by HOT pruning alone.
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "wal_buffers": "64MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "autovacuum": "off",
}


def parser(description: str) -> argparse.ArgumentParser:
    """The options every bench has."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument(
        "--server",
        choices=("debian", "embedded"),
        default="debian" if installed_version() is not None else "embedded",
        help="the private server to start (default: Debian's packages where installed)",
    )
    result.add_argument(
        "--dsn",
        help="use a running server instead, as superuser and with its own settings; databases and "
        "logins hha_bench_* are made and dropped, the schema's roles stay",
    )
    result.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    result.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    result.add_argument(
        "--write-docs", action="store_true", help="rewrite the tables in docs/benchmarks.md"
    )
    return result


@dataclass(slots=True)
class Bench:
    """A server with the schema in a template database."""

    superuser_dsn: str
    bin_dirs: list[Path]
    description: str
    logins: dict[str, str] = field(default_factory=dict)
    server: Server | None = None

    def dsn(self, dbname: str = "postgres", user: str | None = None) -> str:
        """For the superuser, or for a login made by :meth:`create_login`."""
        if user is None:
            return make_conninfo(self.superuser_dsn, dbname=dbname)
        return make_conninfo(
            self.superuser_dsn, dbname=dbname, user=user, password=self.logins[user]
        )

    def connect(self, dbname: str, user: str | None = None) -> psycopg.Connection[Any]:
        """An autocommit connection."""
        return psycopg.connect(self.dsn(dbname, user), autocommit=True)

    def create_login(self, role: str) -> str:
        """A login with one of the schema's roles and nothing else; its name."""
        name = f"hha_bench_{role}_{len(self.logins)}"
        password = secrets.token_urlsafe(12)
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                    sql.Identifier(name), sql.Literal(password), sql.Identifier(role)
                )
            )
        self.logins[name] = password
        return name

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A fresh database with the schema; dropped afterwards."""
        self._recreate(name, TEMPLATE)
        try:
            yield name
        finally:
            self._drop(name)

    def prepare(self) -> None:
        """Deploy the schema into the template database."""
        self._recreate(TEMPLATE, "template0")
        deploy(self.dsn(TEMPLATE))

    def clean_up(self) -> None:
        """Drop what was made; needed only on a server that stays."""
        self._drop(TEMPLATE)
        with self.connect("postgres") as connection:
            for name in self.logins:
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))

    def pgbench(self) -> str:
        """The program's path: any version will do."""
        folders = [*self.bin_dirs, *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
        path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
        found = shutil.which("pgbench", path=path)
        if found is None:
            sys.exit("pgbench is missing; as root: ci/install_packages.sh server")
        return found

    def run_pgbench(self, dbname: str, user: str | None, script: Path, *options: str) -> str:
        """Run a script of pgbench; what it prints."""
        environment = dict(os.environ)
        names = {"dbname": "PGDATABASE", "passfile": "PGPASSFILE"}
        for key, given in conninfo_to_dict(self.dsn(dbname, user)).items():
            if given is not None:
                environment[names.get(key, f"PG{key.upper()}")] = str(given)
        done = subprocess.run(
            [self.pgbench(), "--no-vacuum", "--file", str(script), *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"pgbench failed: {done.stderr.strip()}")
        return done.stdout

    def _recreate(self, name: str, template: str) -> None:
        self._drop(name)
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def _drop(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def running(options: argparse.Namespace, **settings: str) -> Iterator[Bench]:
    """The server the options ask for, with the schema in its template database.

    A private server also has the given settings, and may be stopped by the bench.
    """
    server: Server | None = None
    if options.dsn:
        bench = Bench(options.dsn, [], "")
    else:
        try:
            server = start(options.server)
        except ServerUnavailableError as error:
            sys.exit(str(error))
        bench = Bench(server.dsn(), [server.bin_dir] if server.bin_dir else [], "", server=server)
    try:
        if server is not None:
            with server.connect() as connection:
                for name, value in (SETTINGS | settings).items():
                    connection.execute(
                        sql.SQL("ALTER SYSTEM SET {} = {}").format(
                            sql.Identifier(name), sql.Literal(value)
                        )
                    )
            server.restart()
            bench.superuser_dsn = _by_socket(server.dsn())
        bench.description = _describe(bench)
        print(bench.description, flush=True)
        bench.prepare()
        yield bench
        if server is None:
            bench.clean_up()
    finally:
        if server is not None:
            server.close()


def _by_socket(dsn: str) -> str:
    """The same through the Unix socket where we may use it: less noise than TCP."""
    with psycopg.connect(dsn) as connection:
        folder = value(connection, "SHOW unix_socket_directories").split(",")[0].strip()
    candidate = make_conninfo(dsn, host=folder)
    try:
        psycopg.connect(candidate).close()
    except psycopg.OperationalError:
        return dsn
    return candidate


def _describe(bench: Bench) -> str:
    with bench.connect("postgres") as connection:
        version = value(connection, "SHOW server_version").split()[0]
        names = [name for name in SETTINGS if name != "synchronous_commit"]
        shown = [f"{name} {value(connection, f'SHOW {name}')}" for name in names]
    return f"PostgreSQL {version}, {os.cpu_count()} cores; " + ", ".join(shown)
