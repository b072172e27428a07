"""What the benches share: a private server, the deployed schema, measures, tables.

A bench prints every figure beside its baseline from the same run: medians of several runs, and
the processor time PostgreSQL used beside the clock, because the machine may be shared.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

# tests/servers, as conftest.py finds it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers import Server, ServerUnavailableError, start
from servers.debian import installed_version

from hha.deploy import deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

REPOSITORY = Path(__file__).resolve().parents[1]
BENCHMARKS = REPOSITORY / "docs" / "benchmarks.md"
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
        for key, value in conninfo_to_dict(self.dsn(dbname, user)).items():
            if value is not None:
                environment[names.get(key, f"PG{key.upper()}")] = str(value)
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


def value(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    """The single value of a query."""
    row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def process_seconds(pid: int, *, with_children: bool = False) -> float:
    """Processor seconds of a process, its reaped children too if asked; 0 if it is not here."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    if "postgres" not in text:
        return 0.0
    fields = text.rpartition(")")[2].split()
    ticks = [int(number) for number in fields[11 : 15 if with_children else 13]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def server_seconds(connection: psycopg.Connection[Any]) -> float:
    """Processor seconds of the whole server so far: living processes and those that ended."""
    postmaster = _parent(value(connection, "SELECT pg_backend_pid()"))
    if not postmaster:
        return 0.0
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
    pids = children.read_text(encoding="utf-8").split() if children.exists() else []
    total = process_seconds(postmaster, with_children=True)
    return total + sum(process_seconds(int(pid)) for pid in pids)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1]) if "postgres" in text else 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run cost."""

    seconds: float
    cpu_seconds: float
    wal_bytes: int


def measure(connection: psycopg.Connection[Any], work: Callable[[], object]) -> Sample:
    """Run ``work`` on this autocommit connection; cost of this backend and WAL of the server."""
    pid = value(connection, "SELECT pg_backend_pid()")
    wal = wal_position(connection)
    cpu = process_seconds(pid)
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    cpu = process_seconds(pid) - cpu
    return Sample(seconds, cpu, wal_position(connection) - wal)


def wal_position(connection: psycopg.Connection[Any]) -> int:
    """Bytes of WAL written since the cluster was made."""
    return int(value(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


def typical(samples: Sequence[Sample]) -> Sample:
    """The median of each measure."""
    return Sample(
        median(sample.seconds for sample in samples),
        median(sample.cpu_seconds for sample in samples),
        int(median(sample.wal_bytes for sample in samples)),
    )


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach; ``is_met`` None where this run was too small to tell."""

    what: str
    wanted: str
    reached: str
    is_met: bool | None


@dataclass(slots=True)
class Table:
    """Rows of text under a title; ``note`` says what was measured and how."""

    title: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    def text(self) -> str:
        """Aligned for a terminal: the first column left, the others right."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        printed = [
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        printed.insert(1, "-" * max(map(len, printed)))
        return "\n".join(["", self.title, *([self.note] if self.note else []), *printed])

    def markdown(self) -> str:
        """The same for docs/benchmarks.md."""
        rule = ["---", *(["---:"] * (len(self.header) - 1))]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.header, rule, *self.rows)]
        parts = [f"**{self.title}**", *([self.note] if self.note else []), "\n".join(lines)]
        return "\n\n".join(parts)


def goals_table(goals: Sequence[Goal]) -> Table:
    """One row per goal, said honestly."""
    words = {True: "met", False: "MISSED", None: "not measured"}
    rows = [[goal.what, goal.wanted, goal.reached, words[goal.is_met]] for goal in goals]
    return Table("Goals", ["goal", "wanted", "reached", ""], rows)


def report(
    options: argparse.Namespace,
    name: str,
    bench: Bench,
    tables: Sequence[Table],
    goals: Sequence[Goal],
    figures: dict[str, Any],
) -> None:
    """Print; write JSON and the documentation where asked."""
    every_table = [*tables, goals_table(goals)]
    for table in every_table:
        print(table.text(), flush=True)
    if options.json:
        document = {
            "bench": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "is_quick": options.quick,
            "server": bench.description,
            "figures": figures,
            "goals": [asdict(goal) for goal in goals],
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if options.write_docs:
        write_docs(name, bench.description, every_table)


def write_docs(
    name: str, description: str, tables: Sequence[Table], document: Path = BENCHMARKS
) -> None:
    """Put the tables between the two lines of ``document`` that name them."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = document.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"{document} lacks the lines {begin} and {end}")
    body = "\n\n".join([f"{description}.", *(table.markdown() for table in tables)])
    document.write_text(f"{before}{begin}\n{body}\n{end}{after}", encoding="utf-8")


def ratio(numerator: float, denominator: float) -> str:
    """As '0.74 x'."""
    return f"{numerator / denominator:.2f} x" if denominator else "-"
