"""A dashboard that a test can reach, on a free port of this machine."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from app_server import AppServer

from hha.dashboard.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hha.dashboard.settings import DashboardSettings


@contextlib.contextmanager
def page_server(settings: DashboardSettings) -> Iterator[str]:
    """Serves it until the end; its address."""
    server = AppServer(create_app(settings), settings.port, grace_seconds=1)
    try:
        yield server.url
    finally:
        server.stop()
