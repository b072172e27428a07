"""``hha explain``: why an agent has the score it has."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import psycopg
import typer
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hha.connection import DsnOption, resolve_dsn
from hha.errors import HhaError, from_psycopg
from hha.jsonable import to_json

EXPLAIN_SQL = """
SELECT component, weight, raw_inputs, value, contribution, gate, policy_version
FROM health.explain(%(agent_id)s)
"""


def register(app: typer.Typer) -> None:
    """Add ``hha explain``."""

    @app.command("explain")
    def explain(
        agent_id: Annotated[str, typer.Argument(help="The agent's id, as in hha status.")],
        dsn: DsnOption = None,
        is_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """Show how each component contributes to an agent's score."""
        rows = asyncio.run(_read(resolve_dsn(dsn), agent_id))
        total = sum(float(row["contribution"] or 0) for row in rows)
        if is_json:
            typer.echo(to_json({"agent_id": agent_id, "score": total, "components": rows}))
            return
        console = Console()
        if not console.is_terminal:
            console.width = max(console.width, 160)
        console.print(_table(agent_id, rows, total))


async def _read(dsn: str, agent_id: str) -> list[dict[str, Any]]:
    try:
        async with (
            await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(EXPLAIN_SQL, {"agent_id": agent_id})
            rows = await cursor.fetchall()
    except psycopg.Error as error:
        raise from_psycopg(error) from error
    if not rows:
        raise HhaError(
            f'there is no assessment of agent "{agent_id}"',
            hint="hha status lists the agents; a new one is judged after its first heartbeat.",
        )
    return rows


def _inputs(value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else json.dumps(value)
    return "\n".join(f"{name} = {_short(item)}" for name, item in value.items())


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _number(value: Any, digits: int = 2) -> str:
    return "-" if value is None else f"{float(value):.{digits}f}"


def _table(agent_id: str, rows: list[dict[str, Any]], total: float) -> Table:
    versions = sorted({str(row["policy_version"]) for row in rows if row["policy_version"]})
    table = Table(
        title=Text(f"{agent_id}: score {total:.2f} by policy version {', '.join(versions) or '-'}"),
        title_justify="left",
        show_lines=True,
        show_footer=True,
    )
    table.add_column("component", "sum", no_wrap=True)
    table.add_column("weight", justify="right")
    table.add_column("value", justify="right")
    table.add_column("contribution", f"{total:.2f}", justify="right")
    table.add_column("gate")
    table.add_column("read from")
    for row in rows:
        table.add_row(
            Text(str(row["component"])),
            _number(row["weight"]),
            _number(row["value"]),
            _number(row["contribution"]),
            Text(str(row["gate"] or "")),
            Text(_inputs(row["raw_inputs"])),
        )
    return table
