"""Ending a process and everything it has started."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time

import psutil

from hha.bridge.executors.exit_watch import wait_for_exit
from hha.bridge.executors.record import ProcessRecord, find_family, find_main

_KILL_WAIT_SECONDS = 5.0


class StopError(RuntimeError):
    """A process is still there after SIGKILL; a second copy must not be started beside it."""


async def end_family(record: ProcessRecord, *, timeout_seconds: float) -> str:
    """SIGTERM, and SIGCONT for one that hangs stopped; after the time-out SIGKILL.

    Says how the process ended: 'was not running', 'terminated' or 'killed'. Raises StopError.
    """
    how = "was not running"
    was_running = find_main(record) is not None
    for number, wait_seconds in (
        (signal.SIGTERM, timeout_seconds),
        (signal.SIGKILL, _KILL_WAIT_SECONDS),
    ):
        deadline = time.monotonic() + wait_seconds
        # Again and again: a process may have started another between the look and the signal.
        while family := await asyncio.to_thread(find_family, record):
            if was_running:
                how = "terminated" if number == signal.SIGTERM else "killed"
            _signal_all(family, number)
            await _wait_for_all(family, deadline)
            if time.monotonic() >= deadline:
                break
        if not family:
            return how
    family = await asyncio.to_thread(find_family, record)
    if family:
        pids = ", ".join(str(process.pid) for process in family)
        raise StopError(f"still there after SIGKILL: process {pids}")
    return how


def _signal_all(family: list[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        with contextlib.suppress(psutil.Error, OSError):
            process.send_signal(number)
            if number == signal.SIGTERM:
                process.send_signal(signal.SIGCONT)


async def _wait_for_all(family: list[psutil.Process], deadline: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            await asyncio.gather(*(wait_for_exit(process) for process in family))
