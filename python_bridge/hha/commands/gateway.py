"""`hha gateway`: heartbeats by HTTP."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from hha.connection import DsnOption
from hha.gateway.settings import DEFAULT_PORT, TOKEN

SHUTDOWN_SECONDS = 15


def register(app: typer.Typer) -> None:
    """Add ``hha gateway``."""

    @app.command("gateway")
    def gateway(
        dsn: DsnOption = None,
        host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = DEFAULT_PORT,
        has_open_slugs: Annotated[
            bool,
            typer.Option("--open-slugs", help="Accept /ping/SLUG from everybody, without a key."),
        ] = False,
    ) -> None:
        """Take pings (/ping/UUID, as Healthchecks does) and POST /api/heartbeats.

        HHA_GATEWAY_TOKEN, or HHA_GATEWAY_TOKEN_FILE, is what senders of /api/heartbeats must know;
        without it they are refused. HHA_PING_KEY accepts /ping/KEY/SLUG.
        """
        import uvicorn

        from hha.connection import resolve_dsn
        from hha.gateway.app import create_app
        from hha.gateway.settings import settings_from_environment
        from hha.serving import serve

        settings = settings_from_environment(resolve_dsn(dsn), has_open_slugs=has_open_slugs)
        heartbeats = "accepted" if settings.token else f"refused, {TOKEN} is not set"
        typer.echo(f"pings: http://{host}:{port}/ping/…; /api/heartbeats: {heartbeats}")
        is_verbose = logging.getLogger().level <= logging.DEBUG
        config = uvicorn.Config(
            create_app(settings),
            host=host,
            port=port,
            log_level="info" if is_verbose else "warning",
            access_log=is_verbose,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            server_header=False,
        )
        serve(config)
