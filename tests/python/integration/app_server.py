"""The page or the gateway in a thread of the test, on a free port of this machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from servers.waiting import until


@dataclass(slots=True)
class AppServer:
    """Serves an application until it is stopped; ``url`` is its address."""

    app: Any
    port: int = 0
    grace_seconds: int = 5
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        config = uvicorn.Config(
            self.app,
            port=self.port,
            log_level="warning",
            timeout_graceful_shutdown=self.grace_seconds,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive(), "it answers")
        assert self._server.started, "it ended by itself"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """End it as a signal would."""
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()
