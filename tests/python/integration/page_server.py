"""A dashboard that a test can reach, on a free port of this machine."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from hha.dashboard.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hha.dashboard.settings import DashboardSettings


@contextlib.contextmanager
def page_server(settings: DashboardSettings) -> Iterator[str]:
    """Serves it until the end; its address."""
    config = uvicorn.Config(
        create_app(settings),
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
