"""Waiting: bells, back-off and the request to stop, shared by all loops of the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

import psycopg

from hha.errors import DatabaseUnavailable, from_psycopg

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_LAST_SECONDS = 5.0


class Bell:
    """Wakes one loop. Rings before it waits are not lost, several count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, `seconds` at most. True if it rang."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        rang = self._event.is_set()
        self._event.clear()
        return rang


class Stop:
    """The request to end, once made never taken back."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._bells: list[Bell] = []

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self) -> None:
        self._event.set()
        for bell in self._bells:
            bell.ring()

    def bell(self) -> Bell:
        """A bell that rings at the request to stop as well."""
        bell = Bell()
        self._bells.append(bell)
        return bell

    async def wait(self) -> None:
        await self._event.wait()

    async def pause(self, seconds: float) -> None:
        """Sleep, or return early at the request to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


@dataclass(slots=True)
class Backoff:
    """Delays that double from 0.2 s to 5 s, each between half and all of it, at random."""

    _ceiling: float = field(default=BACKOFF_FIRST_SECONDS)

    def next_seconds(self) -> float:
        ceiling = self._ceiling
        self._ceiling = min(2 * ceiling, BACKOFF_LAST_SECONDS)
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads retries

    def reset(self) -> None:
        self._ceiling = BACKOFF_FIRST_SECONDS


@dataclass(slots=True)
class Counters:
    """What this bridge has done since it started; sent with its heartbeat."""

    delivery_count: int = 0
    recovery_count: int = 0
    reconnect_count: int = 0
    tick_count: int = 0
    error_count: int = 0

    def note_error(self, reason: BaseException) -> None:
        """Count what failed, unless the database is away: no bridge is ill of that."""
        if not is_away(reason):
            self.error_count += 1


def is_away(reason: BaseException) -> bool:
    """Whether a call failed because the database cannot be reached."""
    if isinstance(reason, psycopg.Error):
        return isinstance(from_psycopg(reason), DatabaseUnavailable)
    return isinstance(reason, TimeoutError)
