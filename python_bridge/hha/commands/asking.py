"""What the short commands share: one statement, its rows as a table or as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import psycopg
import typer
from psycopg.rows import dict_row
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hha.connection import resolve_dsn
from hha.errors import from_psycopg
from hha.jsonable import to_json

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who does it; default: the database's login.")
]
WIDE = 160


def ask(dsn: str | None, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run one statement; raises a DatabaseError."""
    try:
        with psycopg.connect(
            resolve_dsn(dsn), autocommit=True, row_factory=dict_row, application_name="hha"
        ) as connection:
            return connection.execute(query.encode(), parameters).fetchall()
    except psycopg.Error as error:
        raise from_psycopg(error) from error


def show(rows: Sequence[Mapping[str, Any]], *, is_json: bool, title: str, nothing: str) -> None:
    """Print rows; ``nothing`` is said where there are none."""
    if is_json:
        typer.echo(to_json(list(rows)))
        return
    if not rows:
        typer.echo(nothing)
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_plain(value)) for value in row.values()))
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = max(console.width, WIDE)
    console.print(table)


def _plain(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)
