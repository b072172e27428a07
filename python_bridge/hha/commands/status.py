"""``hha status``: fleet, open alerts, recoveries and engine, once."""

from __future__ import annotations

import asyncio
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from hha.connection import DsnOption, resolve_dsn
from hha.errors import from_psycopg
from hha.fleet_table import engine_line, plain_lines, render
from hha.jsonable import to_json
from hha.snapshot import Snapshot, read_snapshot


def register(app: typer.Typer) -> None:
    """Add ``hha status``."""

    @app.command("status")
    def status(
        dsn: DsnOption = None,
        is_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """Show the fleet, open alerts, recoveries and the engine."""
        snapshot = asyncio.run(_read(resolve_dsn(dsn)))
        if is_json:
            typer.echo(to_json(snapshot.to_json()))
            return
        console = Console()
        if console.is_terminal:
            console.print(render(snapshot, width=console.width))
            return
        for line in plain_lines(snapshot, None):
            typer.echo(line)
        typer.echo(engine_line(snapshot.engine))


async def _read(dsn: str) -> Snapshot:
    try:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            return await read_snapshot(connection, limit=20)
    except psycopg.Error as error:
        raise from_psycopg(error) from error
