"""How one gateway is run."""

from __future__ import annotations

from dataclasses import dataclass, field

from hha.errors import ConfigurationError
from hha.gateway.pings import is_ping_id
from hha.secret_files import read_secret

DEFAULT_PORT = 8421
TOKEN = "HHA_GATEWAY_TOKEN"  # noqa: S105 (the name of a variable)
PING_KEY = "HHA_PING_KEY"


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What it writes to, and what it lets in.

    Whoever sends ``token`` may post heartbeats; without one nobody may. Slugs are accepted after
    ``ping_key``, or, where ``has_open_slugs``, alone. At most ``capacity`` pings wait to be
    written, ``batch_size`` in one transaction.
    """

    dsn: str
    token: str | None = field(default=None, repr=False)
    ping_key: str | None = field(default=None, repr=False)
    has_open_slugs: bool = False
    capacity: int = 4096
    batch_size: int = 1000

    def __post_init__(self) -> None:
        if self.ping_key is not None and (is_ping_id(self.ping_key) or "/" in self.ping_key):
            raise ConfigurationError(
                f"{PING_KEY} is a UUID or holds a slash, so that addresses could not be told apart",
                hint="Take 22 random letters and digits, as Healthchecks does.",
            )
        if self.ping_key is not None and self.has_open_slugs:
            raise ConfigurationError(
                f"slugs are to be accepted both without a key and after {PING_KEY}",
                hint=f"Leave out --open-slugs, or unset {PING_KEY}.",
            )


def settings_from_environment(dsn: str, *, has_open_slugs: bool) -> GatewaySettings:
    """Settings with the secrets that the environment, or files it names, hold."""
    return GatewaySettings(
        dsn,
        token=read_secret(TOKEN),
        ping_key=read_secret(PING_KEY),
        has_open_slugs=has_open_slugs,
    )
