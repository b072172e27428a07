"""``hha add-login``: a login of the database for a bridge, a page, a person or an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg import sql

from hha.commands.asking import JsonOption
from hha.connection import DsnOption, resolve_dsn
from hha.errors import ConfigurationError, from_psycopg
from hha.jsonable import to_json
from hha.secret_files import read_secret_file

ROLES = (
    "health_agent",
    "health_gateway",
    "health_bridge",
    "health_analyst",
    "health_operator",
    "health_admin",
    "health_rules",
)

EXISTING_SQL = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = %s"

AGENT_SQL = """
INSERT INTO health.agent_logins (login_name, agent_id) VALUES (%s, %s) ON CONFLICT DO NOTHING
"""


def register(app: typer.Typer) -> None:
    """Add ``hha add-login``."""

    @app.command("add-login")
    def add_login(
        name: Annotated[str, typer.Argument(help="Name of the login.")],
        role: Annotated[str, typer.Argument(help=f"What it may do: {', '.join(ROLES)}.")],
        password_file: Annotated[
            Path | None,
            typer.Option(
                "--password-file", help="File with its password; without it you are asked."
            ),
        ] = None,
        agents: Annotated[
            list[str] | None,
            typer.Option("--agent", help="An agent's id it may write for; repeatable."),
        ] = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Make a login with one role of the monitor, or give it this password and role too.

        Needs a superuser, or the login that deployed. The password itself is not sent.
        """
        if role not in ROLES:
            raise ConfigurationError(
                f'"{role}" is no role for a login', hint=f"Take one of {', '.join(ROLES)}."
            )
        password = (
            typer.prompt("Password", hide_input=True, confirmation_prompt=True)
            if password_file is None
            else read_secret_file(password_file, "--password-file")
        )
        try:
            with psycopg.connect(resolve_dsn(dsn), application_name="hha") as connection:
                is_new = _make(connection, name, role, password)
                if agents:
                    _allow_agents(connection, name, agents)
        except psycopg.Error as error:
            raise from_psycopg(error) from error
        if is_json:
            typer.echo(to_json({"login": name, "role": role, "agents": agents, "is_new": is_new}))
        else:
            typer.echo(f'login "{name}" {"was made" if is_new else "is changed"}: {role}')


def _make(connection: psycopg.Connection[tuple[bool]], name: str, role: str, password: str) -> bool:
    """Make or change the login; whether it is new. The statement holds a hash, for the log's sake.

    Raises ConfigurationError for a superuser, whose password is none of ours.
    """
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    found = connection.execute(EXISTING_SQL, (name,)).fetchone()
    if found is not None and found[0]:
        raise ConfigurationError(
            f'"{name}" is a superuser', hint="Take another name: such a login needs no more rights."
        )
    statement = (
        "CREATE ROLE {} LOGIN PASSWORD {}" if found is None else "ALTER ROLE {} LOGIN PASSWORD {}"
    )
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), hashed.decode()))
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))
    return found is None


def _allow_agents(
    connection: psycopg.Connection[tuple[bool]], name: str, agents: list[str]
) -> None:
    """Write who the login may write for, as the owner where this login may not by itself."""
    may = connection.execute("SELECT has_table_privilege('health.agent_logins', 'INSERT')")
    if may.fetchone() != (True,):
        connection.execute("SET LOCAL ROLE health_owner")
    with connection.cursor() as cursor:
        cursor.executemany(AGENT_SQL, [(name, agent_id) for agent_id in agents])
