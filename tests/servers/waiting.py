"""Waiting for what comes by itself. The time-out only ends a test that would never pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.02

T = TypeVar("T")


def until(
    condition: Callable[[], T],
    what: str | Callable[[], object] = "",
    *,
    seconds: float = PATIENCE_SECONDS,
    despite: type[Exception] | tuple[type[Exception], ...] = (),
) -> T:
    """Ask until the answer is true, and return it. Fails with ``what`` was waited for.

    ``despite``: errors that mean no more than that it is not there yet.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := condition():
                return answer
        except despite:
            pass
        assert time.monotonic() < deadline, _did_not_happen(what)
        time.sleep(PAUSE_SECONDS)


async def until_async(
    condition: Callable[[], T],
    what: str | Callable[[], object] = "",
    *,
    seconds: float = PATIENCE_SECONDS,
) -> T:
    """The same beside other tasks of the event loop."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, _did_not_happen(what)
        await asyncio.sleep(PAUSE_SECONDS)
    return answer


def _did_not_happen(what: str | Callable[[], object]) -> str:
    return f"did not happen: {what() if callable(what) else what}"
