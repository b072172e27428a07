"""A gateway on a database of its own, as a real server on loopback."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from hha.gateway.app import create_app
from hha.gateway.settings import GatewaySettings

TOKEN = "a token of the tests"


@dataclass(slots=True)
class RunningGateway:
    """A gateway in a thread; ``url`` is its address."""

    settings: GatewaySettings
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        config = uvicorn.Config(
            create_app(self.settings), port=0, log_level="warning", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def client(self, **options: Any) -> httpx.Client:
        """A client of it; without certificates, which take longest to load."""
        return httpx.Client(base_url=self.url, timeout=30, verify=False, **options)

    def stop(self) -> None:
        """End it as a signal would."""
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()
