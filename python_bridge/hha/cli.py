"""The `hha` command: collects the sub-commands and turns errors into one clear message.

Exit codes: 0 done, 1 it failed (the reason is on stderr), 2 the command line was wrong,
130 interrupted.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import psycopg
import typer

from hha import __version__
from hha.commands import (
    alerts,
    ask,
    bridge,
    dashboard,
    demo,
    deploy,
    doctor,
    explain,
    gateway,
    interventions,
    logins,
    ping_urls,
    recoveries,
    report,
    status,
    up,
)
from hha.errors import HhaError, from_psycopg

app = typer.Typer(
    name="hha",
    help="HeartbeatHealthAgent: PostgreSQL watches your agents and heals them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"hha {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    is_verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is being done, to stderr.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.DEBUG if is_verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )


for _command in (
    up,
    demo,
    deploy,
    bridge,
    dashboard,
    gateway,
    status,
    explain,
    ask,
    alerts,
    recoveries,
    interventions,
    ping_urls,
    report,
    doctor,
    logins,
):
    _command.register(app)


def main() -> None:
    """Entry point of the console script. What PostgreSQL or we refuse is told without traceback."""
    try:
        app()
    except (HhaError, psycopg.Error) as error:
        known = error if isinstance(error, HhaError) else from_psycopg(error)
        typer.echo(f"hha: {known}", err=True)
        sys.exit(known.exit_code)
