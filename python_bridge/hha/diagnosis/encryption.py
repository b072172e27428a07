"""How this connection travels."""

from __future__ import annotations

import ipaddress
from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding


async def check_encryption(connection: AsyncConnection[Any]) -> list[Finding]:
    """A connection that leaves the private network is encrypted."""
    address = connection.info.hostaddr
    if connection.pgconn.ssl_in_use:
        return [Finding("encryption", "ok", "this connection uses TLS")]
    if not is_public(address):
        return [Finding("encryption", "ok", "no TLS, within this machine or a private network")]
    advice = "Add sslmode=verify-full to the connection string, or sslmode=require at least."
    fact = f"what goes to {address} can be read on its way"
    return [Finding("encryption", "warn", fact, advice)]


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's; a socket has none."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
