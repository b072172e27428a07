"""Serves an application by uvicorn until it is stopped, and tells the service manager about it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import typer
import uvicorn

from hha.supervision import Supervisor


class SupervisedServer(uvicorn.Server):
    """uvicorn that is ready once it listens and keeps the watchdog quiet until it ends."""

    def __init__(self, config: uvicorn.Config, supervisor: Supervisor) -> None:
        super().__init__(config)
        self._supervisor = supervisor
        self._watchdog: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._supervisor.ready()
            self._watchdog = asyncio.create_task(self._supervisor.keep_alive(), name="watchdog")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the end is intended, then end."""
        self._supervisor.stopping()
        await super().shutdown(sockets)
        if self._watchdog is not None:
            self._watchdog.cancel()


def serve(config: uvicorn.Config) -> None:
    """Serve until SIGTERM or Ctrl-C; exit code 3 where uvicorn could not start and said why."""
    server = SupervisedServer(config, Supervisor.from_environment())
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(3)
