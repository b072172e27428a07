"""How one dashboard is run."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

DEFAULT_PORT = 8420


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """Where it listens, what it reads from and who may look.

    ``sign_in_dsn`` is the server people's logins are tried on, by password; ``token`` lets the
    bearer of the link act with the rights of ``dsn`` itself and is meant for one person's own
    machine; whoever sends ``metrics_token`` may scrape, with series of each of the first
    ``metrics_agent_limit`` agents. ``is_open`` shows everything to everybody, who may then change
    nothing.
    """

    dsn: str
    sign_in_dsn: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    is_open: bool = False
    token: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    metrics_agent_limit: int = 0
    allowed_hosts: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def trusted_hosts(self) -> list[str]:
        """Host names a request may be addressed to: anything else may be a rebound name."""
        if self.is_loopback:
            return ["localhost", "127.0.0.1", "[::1]", *self.allowed_hosts]
        return [self.host, *self.allowed_hosts] if self.allowed_hosts else ["*"]
