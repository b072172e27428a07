"""Waiting for the end of a process that need not be a child of ours."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
from collections.abc import Callable

import psutil

from hha.bridge.executors.contract import ProcessExit
from hha.bridge.executors.record import ProcessRecord, RecordFile

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_EARLY_EXIT_SECONDS = 0.2


async def wait_for_exit(process: psutil.Process) -> None:
    """Return when the process has ended (a zombie has). Uses a pidfd where the system has them."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        while _runs(process):  # noqa: ASYNC110 - nothing here could set an event
            await asyncio.sleep(_POLL_SECONDS)
        return
    try:
        if not _runs(process):
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


async def ends_early(process: psutil.Process) -> bool:
    """Whether a process does not survive the next moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_EARLY_EXIT_SECONDS):
            await wait_for_exit(process)
            return True
    return False


class ExitWatches:
    """Notices the end of an agent's processes, and tells whether the end was asked for."""

    def __init__(
        self, agent_id: str, file: RecordFile, on_unexpected: Callable[[ProcessExit], None]
    ) -> None:
        self._agent_id = agent_id
        self._file = file
        self._on_unexpected = on_unexpected
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: set[str] = set()

    def add(
        self,
        record: ProcessRecord,
        process: psutil.Process,
        child: subprocess.Popen[bytes] | None,
    ) -> None:
        """Watch over a process from now on, once; `child` where it is one of ours."""
        if record.token in self._watched:
            return
        self._watched.add(record.token)
        task = asyncio.get_running_loop().create_task(
            self._await_exit(record, process, child), name=f"watch {self._agent_id}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: self._watched.discard(record.token))

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _await_exit(
        self,
        record: ProcessRecord,
        process: psutil.Process,
        child: subprocess.Popen[bytes] | None,
    ) -> None:
        await wait_for_exit(process)
        exit_code = child.wait() if child else None
        now = self._file.read()
        is_expected = now is None or now.token != record.token or now.is_stopping
        logger.log(
            logging.INFO if is_expected else logging.WARNING,
            "process ended",
            extra={
                "action": "exit",
                "agent_id": self._agent_id,
                "pid": record.pid,
                "exit_code": exit_code,
                "is_expected": is_expected,
            },
        )
        if not is_expected:
            self._on_unexpected(ProcessExit(self._agent_id, record.pid, exit_code))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
