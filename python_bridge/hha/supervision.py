"""What a service manager is told of this process: systemd's notifications (sd_notify(3)).

The protocol is a few lines to the datagram socket that NOTIFY_SOCKET names. Elsewhere nothing is
told and nothing is missed.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Whom to tell, and how often it wants to hear that the event loop still turns."""

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def from_environment(cls) -> Supervisor:
        """Take NOTIFY_SOCKET and WATCHDOG_* out of the environment: they are not for children."""
        address = os.environ.pop("NOTIFY_SOCKET", None)
        period = os.environ.pop("WATCHDOG_USEC", "")
        pid = os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        is_watched = address and period.isdigit() and int(period) > 0 and pid == str(os.getpid())
        return cls(address or None, int(period) / 1e6 if is_watched else None)

    def tell(self, *states: str) -> None:
        """Send such states as "READY=1" or "STATUS=…". A supervisor that is gone is not missed."""
        if self.address is None:
            return
        address = self.address
        if address.startswith("@"):  # Linux's abstract name space
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.setblocking(False)
                sending.sendto("\n".join(states).encode(), address)
        except OSError:
            return

    def ready(self) -> None:
        """The service does its work from now on."""
        self.tell("READY=1")

    def stopping(self) -> None:
        """The end has begun and is intended."""
        self.tell("STOPPING=1")

    async def keep_alive(self) -> None:
        """Tell three times a period that the event loop turns, until cancelled."""
        while self.watchdog_seconds is not None:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_seconds / 3)
