"""``hha doctor``: is everything as it should be, and if not, what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psycopg
import typer
from rich.console import Console
from rich.text import Text

from hha.commands.asking import JsonOption
from hha.connection import DsnOption, resolve_dsn
from hha.diagnosis import Finding, diagnose
from hha.diagnosis.finding import Level
from hha.errors import from_psycopg
from hha.jsonable import to_json

if TYPE_CHECKING:
    from hha.bridge import BridgeConfig

STYLES: dict[Level, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def register(app: typer.Typer) -> None:
    """Add ``hha doctor``."""

    @app.command("doctor")
    def doctor(
        dsn: DsnOption = None,
        config: Annotated[
            Path | None,
            typer.Option("--config", help="A bridge's configuration, to be looked at as well."),
        ] = None,
        is_json: JsonOption = False,
    ) -> None:
        """Check server, schema, schedule, logins, queues, clocks, secrets; exit 1 on a failure."""
        from hha.diagnosis.local import check_config, check_secrets

        findings: list[Finding] = []
        loaded = None
        if config is not None:
            findings, loaded = check_config(config)
        findings += check_secrets(loaded)
        findings += asyncio.run(_diagnose(resolve_dsn(dsn), loaded))
        if is_json:
            typer.echo(to_json([finding.to_json() for finding in findings]))
        else:
            _show(findings)
        if any(finding.level == "fail" for finding in findings):
            raise typer.Exit(1)


async def _diagnose(dsn: str, config: BridgeConfig | None) -> list[Finding]:
    try:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            return await diagnose(connection, config)
    except psycopg.Error as error:
        raise from_psycopg(error) from error


def _show(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        line = Text.assemble(
            (f"{finding.level:<5}", STYLES[finding.level]),
            f"{finding.check:<{width}}  {finding.fact}",
        )
        console.print(line)
        if finding.advice:
            console.print(Text(f"{'':<{width + 7}}{finding.advice}", style="dim"))
    counts = Counter(finding.level for finding in findings)
    console.print(", ".join(f"{counts[level]} {level}" for level in STYLES))
