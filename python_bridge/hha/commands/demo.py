"""``hha demo``: faults in real processes, and how the monitor finds and cures them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from hha.demo.report import show
from hha.demo.run import Outcome, run_demo
from hha.stack.processes import stop_requested


def register(app: typer.Typer) -> None:
    """Add ``hha demo``."""

    @app.command("demo")
    def demo(
        dsn: Annotated[
            str | None,
            typer.Option(
                "--dsn",
                metavar="DSN",
                help="A server on which to create, and drop again, a database for the demo; "
                "without it a temporary embedded PostgreSQL.",
                show_default=False,
            ),
        ] = None,
    ) -> None:
        """Kill, hang, break and leak; exit 0 if all of it was cured and nothing else touched."""
        outcome = asyncio.run(_run(dsn))
        show(outcome, Console())
        if not outcome.is_success:
            raise typer.Exit(1)


async def _run(dsn: str | None) -> Outcome:
    with stop_requested() as stop:
        return await run_demo(dsn, stop, typer.echo)
