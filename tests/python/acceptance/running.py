"""Runs the command ``hha`` as a person would: a process group of its own, output read by line."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

LIBPQ_PREFIXES = ("PG", "HHA_")


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """This environment without what would point hha elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(LIBPQ_PREFIXES)}
    return kept | {"HHA_HOME": str(home), "TMPDIR": str(home.parent), **more}


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder with a short name, which the account that runs PostgreSQL can enter."""
    folder = Path(tempfile.mkdtemp(prefix="hha-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Command:
    """``hha`` with its output as it comes; killed with all it started should a test fail."""

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hha.child", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._incoming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._incoming.put(line.rstrip("\n"))
        self._incoming.put(None)

    def wait_for_line(self, part: str, seconds: float = 60) -> str:
        """The first line, from now on, that contains ``part``."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._incoming.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line with {part!r}; there were:\n{self.output}")
            self.lines.append(line)
            if part in line:
                return line

    def descendants(self) -> list[psutil.Process]:
        """Every process below the command, the bridge and its agents."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for_descendants(self, count: int, seconds: float = 60) -> list[psutil.Process]:
        """The same, once there are so many: agents are started one after the other."""
        deadline = time.monotonic() + seconds
        while len(found := self.descendants()) < count:
            assert time.monotonic() < deadline, f"{found} is all that runs below it"
            time.sleep(0.05)
        return found

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ctrl-C: the signal goes to the whole process group."""
        os.killpg(self.process.pid, number)

    def wait(self, seconds: float = 60) -> int:
        """The exit code; the rest of the output is in ``output`` afterwards."""
        code = self.process.wait(timeout=seconds)
        self._reader.join(timeout=60)
        while not self._incoming.empty():
            if (line := self._incoming.get()) is not None:
                self.lines.append(line)
        return code

    @property
    def output(self) -> str:
        """What was read so far."""
        return "\n".join(self.lines)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                for process in (*self.descendants(), self.process):
                    process.kill()
                self.process.wait()
