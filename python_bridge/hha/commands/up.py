"""``hha up``: the whole monitor with sample agents, in one terminal, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import typer
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.live import Live

from hha import embedded
from hha.commands.progress import StepProgress
from hha.connection import DsnOption
from hha.deploy import deploy
from hha.fleet_table import plain_lines, render
from hha.snapshot import Snapshot, read_snapshot
from hha.stack.agents import AgentSpec, write_config
from hha.stack.folder import Folder, folder_for, named_dsn, owned
from hha.stack.processes import (
    bridge_failure,
    bridge_process,
    dashboard_process,
    embedded_server,
    gateway_process,
    stop_requested,
)

REFRESH_SECONDS = 1.0
PACE = ("--interval", "2", "--heartbeat-interval", "5")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the monitor runs: how to reach it, and the embedded server if it is one."""

    dsn: str
    server: embedded.Server | None


def sample_agents(server: embedded.Server | None) -> list[AgentSpec]:
    """The agents ``hha up`` runs: one that watches this host, two that hash files, one that answers
    questions and one that reads LangSmith where the environment has its key."""
    # By its socket the embedded server lets its own user in as any role.
    helper = () if server is None else ("--dsn", make_conninfo(server.dsn, user="health_helper"))
    return [
        AgentSpec("performance_monitor", "hha.agents.performance_monitor", PACE),
        AgentSpec("file_hasher_1", "hha.agents.file_hasher", PACE),
        AgentSpec("file_hasher_2", "hha.agents.file_hasher", PACE),
        AgentSpec(
            "ai_help",
            "hha.agents.ai_help",
            ("--interval", "1", "--heartbeat-interval", "5", *helper),
            ("OPENAI_", "HHA_AI_"),
        ),
        AgentSpec(
            "langsmith_bridge",
            "hha.agents.langsmith_bridge",
            ("--interval", "30", "--heartbeat-interval", "5"),
            ("LANGSMITH_",),
        ),
    ]


def register(app: typer.Typer) -> None:
    """Add ``hha up``."""

    @app.command("up")
    def up(dsn: DsnOption = None) -> None:
        """Start PostgreSQL, the bridge, the page and sample agents, and show them until Ctrl-C."""
        asyncio.run(run_up(dsn))


async def run_up(dsn: str | None) -> None:
    """Run until SIGINT or SIGTERM, then stop what was started here."""
    given = named_dsn(dsn)
    folder = folder_for(embedded.default_home(), given)
    with stop_requested() as stop:
        async with place(folder, given) as at:
            agents = sample_agents(at.server)
            _introduce(at, folder)
            if stop.is_set():
                return
            with StepProgress(is_silent=True) as progress:
                changes = await asyncio.to_thread(deploy, at.dsn, report=progress)
            typer.echo(f"schema: {len(changes)} changes deployed" if changes else "schema: newest")
            rules_dsn = (
                None
                if at.server is None
                else make_conninfo(at.server.dsn, user="health_rules_runner")
            )
            write_config(folder, agents, "main", rules_dsn=rules_dsn)
            async with (
                bridge_process(folder, at.dsn, agents) as bridge,
                dashboard_process(folder, at.dsn, at.server.tcp_dsn if at.server else None) as link,
                gateway_process(folder, at.dsn) as gateway,
            ):
                typer.echo(f"page: {link}")
                typer.echo(f"pings: {gateway}/ping/… (hha ping-url AGENT --base {gateway})")
                typer.echo(f"heartbeats: POST {gateway}/api/heartbeats ({folder.gateway_token})")
                await watch(at.dsn, stop, bridge, folder)
                typer.echo("stopping the bridge and its agents")
        typer.echo("stopped")


@contextlib.asynccontextmanager
async def place(folder: Folder, given: str | None) -> AsyncIterator[Place]:
    """Hold the folder, and reach the server: the one that was named, else the embedded one."""
    with owned(folder) as ownership:
        if given is not None:
            yield Place(given, None)
            return
        async with embedded_server(folder.path.parent, ownership) as server:
            yield Place(server.dsn, server)


def psql_lines(at: Place) -> list[str]:
    """How to connect with psql."""
    if at.server is None:
        return ["psql: connect as you told hha to (--dsn, HHA_DSN or PG* variables)"]
    program = at.server.bin_dir / "psql"
    psql = str(program) if program.exists() else "psql"
    return [
        f"psql, socket: {psql} '{at.server.dsn}'",
        f"psql, TCP:    {psql} '{at.server.tcp_dsn}'",
    ]


def _introduce(at: Place, folder: Folder) -> None:
    if at.server is not None:
        how = "started" if at.server.is_started_here else "attached to the running server"
        typer.echo(f"embedded PostgreSQL: {how}, data in {at.server.data_dir}")
    for line in psql_lines(at):
        typer.echo(line)
    typer.echo(f"log of the bridge: {folder.log}")


async def watch(
    dsn: str, stop: asyncio.Event, bridge: asyncio.subprocess.Process, folder: Folder
) -> None:
    """Show the fleet until ``stop`` is set. Raises HhaError when the bridge ends by itself."""
    console = Console()
    live = Live(console=console, auto_refresh=False) if console.is_terminal else None
    with live or contextlib.nullcontext():
        previous: Snapshot | None = None
        connection: psycopg.AsyncConnection[object] | None = None
        try:
            while not stop.is_set():
                if bridge.returncode is not None:
                    raise bridge_failure(folder, bridge.returncode)
                try:
                    if connection is None or connection.closed:
                        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
                    snapshot = await read_snapshot(connection)
                except psycopg.OperationalError as error:
                    _say(live, f"the database does not answer: {error}")
                else:
                    if live is not None:
                        view = render(snapshot, "Ctrl-C stops everything", console.width)
                        live.update(view, refresh=True)
                    else:
                        for line in plain_lines(snapshot, previous):
                            typer.echo(line)
                    previous = snapshot
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), REFRESH_SECONDS)
        finally:
            if connection is not None:
                await connection.close()


def _say(live: Live | None, line: str) -> None:
    if live is not None:
        live.console.print(line, markup=False)
    else:
        typer.echo(line)
