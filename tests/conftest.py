"""Databases for the tests.

The schema is deployed once per session into a template; a test that asks for
``deployed_database`` gets a clone of it (some 50 ms), dropped afterwards.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# tests/servers is a package of its own, also used by ci/ and the Makefile.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from servers import KINDS, Server, ServerUnavailableError, start
from servers.base import CRON_DATABASE
from servers.tap import install_pgtap

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from types import FrameType

TEMPLATE_DATABASE = "hha_template"
PGTAP_TEMPLATE_DATABASE = "hha_template_pgtap"

#: A test that waits for ever fails after this; `hha demo` alone may take 90 s.
LONGEST_TEST_SECONDS = 180

#: Of every login the tests make; their servers listen on 127.0.0.1 only, for as long as they run.
LOGIN_PASSWORD = "a password of the tests"

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --server."""
    parser.addoption(
        "--server",
        choices=KINDS,
        default="auto",
        help="PostgreSQL to test against; auto: a container where a Docker engine answers, "
        "else Debian's packages in a private cluster",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Say which server was asked for."""
    return f"server: {config.getoption('--server')}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that hangs, with the line it hangs in, instead of hanging the run."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        message = f"{item.name} took more than {LONGEST_TEST_SECONDS} s"
        raise TimeoutError(message)

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(LONGEST_TEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The PostgreSQL of this run; see servers.base.Server for what it can do."""
    try:
        running = start(pytestconfig.getoption("--server"))
    except ServerUnavailableError as error:
        pytest.exit(str(error), returncode=2)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """DSN, as superuser, of a database with nothing in it."""
    name = f"hha_empty_{next(_numbers)}"
    server.create_database(name)
    yield server.dsn(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
def template_database(server: Server) -> str:
    """Name of the database that the schema was deployed into once. Clone it, do not use it."""
    from hha.deploy import deploy

    server.create_database(TEMPLATE_DATABASE)
    deploy(server.dsn(TEMPLATE_DATABASE))
    return TEMPLATE_DATABASE


@pytest.fixture
def deployed_database(server: Server, template_database: str) -> Iterator[str]:
    """DSN, as superuser, of a fresh clone of the deployed schema."""
    name = f"hha_test_{next(_numbers)}"
    server.create_database(name, template=template_database)
    yield server.dsn(name)
    server.drop_database(name)


@pytest.fixture
def login(server: Server) -> Iterator[Callable[..., str]]:
    """Makes logins: ``login(dsn, "health_bridge")`` is ``dsn`` for a new one with that role only.

    ``agents``: ids the login may write for. The logins go at the end.
    """
    import psycopg
    from psycopg import sql
    from psycopg.conninfo import make_conninfo

    made: dict[str, str] = {}

    def make(dsn: str, *roles: str, agents: Sequence[str] = ()) -> str:
        name = f"hha_login_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(name), LOGIN_PASSWORD
                )
            )
            made[name] = dsn
            for role in roles:
                connection.execute(
                    sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name))
                )
            for agent_id in agents:
                connection.execute(
                    "INSERT INTO health.agent_logins (login_name, agent_id) VALUES (%s, %s)",
                    (name, agent_id),
                )
        return make_conninfo(
            dsn, user=name, password=LOGIN_PASSWORD, passfile=os.devnull, application_name=name
        )

    yield make
    for name, dsn in made.items():
        with psycopg.connect(dsn, autocommit=True) as connection:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture(scope="session")
def pgtap_template_database(server: Server, template_database: str) -> str:
    """Name of a deployed template with pgTAP in the schema ``tap``, open to every role."""
    if not server.has_pgtap:
        pytest.skip("pgTAP is not on this machine; as root: ci/install_packages.sh server")
    server.create_database(PGTAP_TEMPLATE_DATABASE, template=template_database)
    with server.connect(PGTAP_TEMPLATE_DATABASE) as connection:
        install_pgtap(connection)
    return PGTAP_TEMPLATE_DATABASE


@pytest.fixture
def pgtap_database(server: Server, pgtap_template_database: str) -> Iterator[str]:
    """DSN of a deployed clone with pgTAP; search_path is tap, public."""
    from psycopg.conninfo import make_conninfo

    name = f"hha_pgtap_{next(_numbers)}"
    server.create_database(name, template=pgtap_template_database)
    yield make_conninfo(server.dsn(name), options="-c search_path=tap,public")
    server.drop_database(name)


@pytest.fixture
def cron_database(server: Server) -> Iterator[str]:
    """DSN of a deployed database in which pg_cron was created before deploying.

    pg_cron lives in one database of a server, which cannot be a template; tests that need it
    get that database, emptied, one after the other.
    """
    from hha.deploy import deploy

    if not server.has_pg_cron:
        pytest.skip(f"the {server.kind} server has no pg_cron")
    server.drop_database(CRON_DATABASE)
    server.create_database(CRON_DATABASE)
    server.restart()  # pg_cron 1.4 ends for good with the database it was connected to
    dsn = server.dsn(CRON_DATABASE)
    with server.connect(CRON_DATABASE) as connection:
        connection.execute("CREATE EXTENSION pg_cron")
    deploy(dsn)
    yield dsn
    server.drop_database(CRON_DATABASE)
    server.create_database(CRON_DATABASE)
