"""One run of a command: its end, its time-out, and the last of what it printed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from hha.bridge.executors.exit_watch import wait_for_exit

_KEPT_BYTES = 8192
_READS_AT_ONCE = 16  # as much as a pipe holds, twice
_END_SECONDS = 3.0


class CommandRun:
    """A started command, in a session of its own. Raises OSError when it cannot be started."""

    def __init__(self, argv: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> None:
        self.output = b""
        self._began = time.monotonic()
        self._child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    async def wait(self, timeout_seconds: float) -> int | None:
        """The exit code; None when it ran longer and was ended, as it also is when we are."""
        pipe = self._child.stdout
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        loop = asyncio.get_running_loop()

        def read() -> None:
            # Not until it is empty: a command that floods would have the loop for itself.
            with contextlib.suppress(BlockingIOError):
                for _ in range(_READS_AT_ONCE):
                    chunk = os.read(pipe.fileno(), _KEPT_BYTES)
                    self.output = (self.output + chunk)[-_KEPT_BYTES:]
                    if not chunk:
                        loop.remove_reader(pipe.fileno())  # everybody closed it
                        break

        process = psutil.Process(self.pid)
        loop.add_reader(pipe.fileno(), read)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await wait_for_exit(process)
        finally:
            exit_code = self._child.poll()
            if exit_code is None:  # too long, or we are cancelled
                await end_group(process)
            # What it left running may hold the pipe open: take what is there, and go.
            read()
            loop.remove_reader(pipe.fileno())
            pipe.close()
            self._child.poll()
        return exit_code


async def end_group(leader: psutil.Process) -> None:
    """End a command and its process group: SIGTERM, after 3 s (or when we are ended) SIGKILL."""
    try:
        _signal_group(leader, signal.SIGTERM)
        await _wait_a_little(leader)
    finally:
        _signal_group(leader, signal.SIGKILL)
    await _wait_a_little(leader)


async def _wait_a_little(process: psutil.Process) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await wait_for_exit(process)


def _signal_group(leader: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error, OSError):
        # Once the leader is gone from the table its number may be another's.
        if leader.is_running() and os.getpgid(leader.pid) == leader.pid:
            os.killpg(leader.pid, number)
