"""``hha ack``: take an open alert, so that nobody else is called for it."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer

from hha.connection import DsnOption, resolve_dsn
from hha.errors import from_psycopg

ACKNOWLEDGE_SQL = "SELECT health.acknowledge_alert(%s, coalesce(%s, current_user), %s)"


def register(app: typer.Typer) -> None:
    """Add ``hha ack``."""

    @app.command("ack")
    def ack(
        alert_id: Annotated[int, typer.Argument(help="The alert's number, as in its message.")],
        by: Annotated[
            str | None, typer.Option("--by", help="Who takes it; default: the database's login.")
        ] = None,
        note: Annotated[str | None, typer.Option("--note", help="What to remember of it.")] = None,
        dsn: DsnOption = None,
    ) -> None:
        """Acknowledge an open alert: its messages not yet sent are cancelled."""
        try:
            with psycopg.connect(resolve_dsn(dsn), autocommit=True) as connection:
                connection.execute(ACKNOWLEDGE_SQL, (alert_id, by, note))
        except psycopg.Error as error:
            raise from_psycopg(error) from error
        typer.echo(f"alert {alert_id} is acknowledged")
