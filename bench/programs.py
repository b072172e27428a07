"""Server programs that a bench starts: each on a free port, ended afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from servers.base import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """A server program that answers."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening(command: Callable[[int], list[str]], **environment: str) -> Iterator[Program]:
    """Run the command for a port until the end, from when it answers there."""
    port = free_port()
    process = subprocess.Popen(command(port), env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{command(port)[0]} does not answer on port {port}")
            time.sleep(0.05)
        yield Program(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
