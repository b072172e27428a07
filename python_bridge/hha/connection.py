"""Which PostgreSQL to talk to: `--dsn`, else HHA_DSN, else libpq's PG* variables, else embedded.

A password that the connection string does not give is read from the file named by
HHA_PASSWORD_FILE, else libpq looks for it (PGPASSWORD, PGPASSFILE).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Literal

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hha import embedded
from hha.errors import ConfigurationError, EmbeddedServerError
from hha.secret_files import read_secret

# Any of these says that the caller means a server of theirs. PGUSER or PGPASSWORD alone do not.
LIBPQ_VARIABLES = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGSERVICE": "service",
}

DsnOption = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="PostgreSQL to use, as a libpq connection string or URI. "
        "Without it HHA_DSN, else the PG* variables, else the embedded server.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Target:
    """A database to connect to; `server` is set when it is the embedded one."""

    dsn: str
    origin: Literal["option", "HHA_DSN", "environment", "embedded"]
    server: embedded.Server | None = None


def resolve_target(dsn: str | None = None, *, start_embedded: bool = False) -> Target:
    """Find the database to use; `start_embedded` starts the embedded server where it is meant.

    Raises ConfigurationError for a string that libpq does not understand or a password file that
    cannot be read, EmbeddedServerError when the embedded server is meant and does not run.
    """
    if dsn is not None:
        return Target(_with_password(_checked(dsn, "--dsn")), "option")
    if from_environment := os.environ.get("HHA_DSN"):
        return Target(_with_password(_checked(from_environment, "HHA_DSN")), "HHA_DSN")
    given = {
        keyword: value
        for name, keyword in LIBPQ_VARIABLES.items()
        if (value := os.environ.get(name))
    }
    if given:
        return Target(_with_password(make_conninfo("", **given)), "environment")
    server = embedded.start() if start_embedded else embedded.attach()
    if server is None:
        raise EmbeddedServerError(
            f"no embedded PostgreSQL runs below {embedded.default_home()}",
            hint="Start it with `hha up`, or name a running server with --dsn or HHA_DSN.",
        )
    return Target(server.dsn, "embedded", server)


def resolve_dsn(dsn: str | None = None) -> str:
    """The connection string of `resolve_target`, which never starts a server here."""
    return resolve_target(dsn).dsn


def _checked(dsn: str, origin: str) -> str:
    try:
        is_empty = not conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            f"{origin} is not a connection string: {str(error).strip()}",
            hint='Write "host=… dbname=… user=…" or "postgresql://user@host/dbname".',
        ) from error
    if is_empty:
        raise ConfigurationError(
            f"{origin} is empty",
            hint='Write "host=… dbname=… user=…", or leave it out for the embedded server.',
        )
    return dsn


def _with_password(dsn: str) -> str:
    password = read_secret("HHA_PASSWORD")
    if password is None or "password" in conninfo_to_dict(dsn):
        return dsn
    return make_conninfo(dsn, password=password)
