"""`hha bridge`: restart agents and deliver messages as the database asks."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hha.commands.asking import JsonOption, ask
from hha.connection import DsnOption
from hha.errors import HhaError
from hha.jsonable import to_json

if TYPE_CHECKING:
    from hha.bridge import BridgeConfig

LIVENESS_SQL = "SELECT fleet.liveness FROM health.fleet WHERE fleet.agent_id = %(worker)s"


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
        is_alive: Annotated[
            bool,
            typer.Option("--alive", help="Only ask whether this bridge beats; exit 1 if not."),
        ] = False,
        is_json: JsonOption = False,
    ) -> None:
        """Restart agents and deliver messages as the database asks, until SIGTERM or Ctrl-C."""
        from hha.bridge import load_config, run_bridge
        from hha.bridge.logs import log_to_stderr
        from hha.connection import resolve_target

        loaded = load_config(config, name=name)
        if is_check:
            _show(config, loaded, is_json=is_json)
            return
        if is_alive:
            _require_alive(dsn, loaded.worker, is_json=is_json)
            return
        log_to_stderr(is_verbose=logging.getLogger().level <= logging.DEBUG)
        asyncio.run(run_bridge(loaded, resolve_target(dsn).dsn))


def _show(path: Path, config: BridgeConfig, *, is_json: bool) -> None:
    if is_json:
        names = {"agents": [*config.agents], "channels": [*config.channels]}
        typer.echo(to_json({"config": path, "worker": config.worker, **names}))
        return
    typer.echo(f"{path} is valid: {config.worker}")
    typer.echo(f"agents: {', '.join(config.agents) or 'none'}")
    typer.echo(f"channels: {', '.join(config.channels)}")


def _require_alive(dsn: str | None, worker: str, *, is_json: bool) -> None:
    rows = ask(dsn, LIVENESS_SQL, {"worker": worker})
    liveness = rows[0]["liveness"] if rows else "never_seen"
    if is_json:
        typer.echo(to_json({"worker": worker, "liveness": liveness}))
    else:
        typer.echo(f"{worker} is {liveness}")
    if liveness not in ("alive", "starting"):
        raise HhaError(f"{worker} does not beat", hint="Start it, or look at its log.")
