"""`hha dashboard`: the page."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from hha.connection import DsnOption
from hha.dashboard.settings import DEFAULT_PORT


def register(app: typer.Typer) -> None:
    """Add ``hha dashboard``."""

    @app.command("dashboard")
    def dashboard(
        dsn: DsnOption = None,
        host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = DEFAULT_PORT,
        is_open: Annotated[
            bool, typer.Option("--open", help="Show everything to everybody, who may only look.")
        ] = False,
        sign_in_dsn: Annotated[
            str | None,
            typer.Option(
                "--sign-in-dsn",
                help="Server on which people's logins are tried, by password; default: the same.",
                show_default=False,
            ),
        ] = None,
        allowed_hosts: Annotated[
            list[str] | None,
            typer.Option("--allowed-host", help="Name under which people reach it; repeatable."),
        ] = None,
        metrics_agent_limit: Annotated[
            int,
            typer.Option(
                "--metrics-agents",
                min=0,
                help="Agents of which /metrics has series of their own, the first by agent_id.",
            ),
        ] = 0,
    ) -> None:
        """Serve the page: sign in with a login of the database."""
        import uvicorn

        from hha.connection import resolve_target
        from hha.dashboard.app import create_app
        from hha.dashboard.settings import DashboardSettings
        from hha.secret_files import read_secret
        from hha.serving import serve

        target = resolve_target(dsn)
        by_password = target.server.tcp_dsn if target.server else target.dsn
        settings = DashboardSettings(
            dsn=target.dsn,
            sign_in_dsn=sign_in_dsn or by_password,
            host=host,
            port=port,
            is_open=is_open,
            token=read_secret("HHA_DASHBOARD_TOKEN"),
            metrics_token=read_secret("HHA_METRICS_TOKEN"),
            metrics_agent_limit=metrics_agent_limit,
            allowed_hosts=tuple(allowed_hosts or ()),
        )
        is_verbose = logging.getLogger().level <= logging.DEBUG
        config = uvicorn.Config(
            create_app(settings),
            host=host,
            port=port,
            log_level="info" if is_verbose else "warning",
            access_log=is_verbose,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        serve(config)
