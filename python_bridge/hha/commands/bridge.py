"""`hha bridge`: restart agents and deliver messages as the database asks."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from hha.connection import DsnOption


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""

    @app.command("bridge")
    def bridge(
        config: Annotated[
            Path, typer.Option("--config", help="Configuration (TOML): agents and channels.")
        ],
        dsn: DsnOption = None,
        name: Annotated[
            str | None,
            typer.Option("--name", help="Name of this bridge, in place of the configured one."),
        ] = None,
        is_check: Annotated[
            bool, typer.Option("--check", help="Only read the configuration and say what it holds.")
        ] = False,
    ) -> None:
        """Restart agents and deliver messages as the database asks, until SIGTERM or Ctrl-C."""
        from hha.bridge import load_config, run_bridge
        from hha.bridge.logs import log_to_stderr
        from hha.connection import resolve_target

        loaded = load_config(config, name=name)
        if is_check:
            typer.echo(f"{config} is valid: {loaded.worker}")
            typer.echo(f"agents: {', '.join(loaded.agents) or 'none'}")
            typer.echo(f"channels: {', '.join(loaded.channels)}")
            return
        log_to_stderr(is_verbose=logging.getLogger().level <= logging.DEBUG)
        asyncio.run(run_bridge(loaded, resolve_target(dsn).dsn))
