"""A gateway on a database of its own, as a real server on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from app_server import AppServer

from hha.gateway.app import create_app

if TYPE_CHECKING:
    from hha.gateway.settings import GatewaySettings

TOKEN = "a token of the tests"


class RunningGateway(AppServer):
    """A gateway in a thread."""

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(create_app(settings))

    def client(self, **options: Any) -> httpx.Client:
        """A client of it; without certificates, which take longest to load."""
        return httpx.Client(base_url=self.url, timeout=30, verify=False, **options)
