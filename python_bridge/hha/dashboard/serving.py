"""Serves an application by uvicorn, and tells the service manager how it fares."""

from __future__ import annotations

import asyncio
import socket

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
