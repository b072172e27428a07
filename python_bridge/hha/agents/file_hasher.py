"""A small worker that does real work: SHA-256 of the files below a folder.

    python -m hha.agents.file_hasher --agent-id hasher-1 --interval 1 --heartbeat-interval 1

For demonstrations it can be made faulty, and then really is: `errors` hashes a file that does
not exist, `leak` allocates memory up to --memory-limit-mb and keeps it. The fault begins
--fault-after seconds after the start, or when the process gets SIGUSR1; a restarted process is
sound again until then.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import os
import signal
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hha.agent import BaseAgent
from hha.agent_cli import positive_seconds

LEAK_STEPS = 8  # rounds of work until the limit is reached


def endless_files(folder: Path) -> Iterator[Path]:
    """Regular files below `folder`, over and over; ends when there is none."""
    while True:
        has_any = False
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                if path.is_file():
                    has_any = True
                    yield path
        if not has_any:
            return


class FileHasher(BaseAgent):
    """Hashes `batch_size` files each `interval` seconds."""

    def __init__(
        self,
        *args: Any,
        folder: str | Path | None = None,
        batch_size: int = 20,
        fault: str | None = None,
        fault_after: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.folder = Path(folder or sysconfig.get_path("stdlib"))
        if not self.folder.is_dir():
            raise ValueError(f"{self.folder} is not a folder: give one with files to hash")
        if batch_size < 1:
            raise ValueError(f"batch size is {batch_size}: give at least 1 file a round")
        if fault not in (None, "errors", "leak"):
            raise ValueError(f"fault is '{fault}': give errors or leak")
        if fault == "leak" and self.memory_limit_mb is None:
            raise ValueError("fault leak needs a limit to grow to: give --memory-limit-mb")
        self.batch_size = batch_size
        self.fault = fault
        self._fault_at = float("inf") if fault_after is None else time.monotonic() + fault_after
        self._files: Iterator[Path] = iter(())
        self._leaked: list[bytes] = []
        self.hashed_bytes = 0

    @property
    def is_faulty(self) -> bool:
        """Whether the configured fault has begun."""
        return self.fault is not None and time.monotonic() >= self._fault_at

    def start_fault(self) -> None:
        """Begin the configured fault now."""
        if self.fault is None:
            self.logger.warning("no fault configured", extra=self._about("fault_ignored"))
        self._fault_at = time.monotonic()

    def get_capabilities(self) -> list[str]:
        return ["sha256"]

    async def initialize_agent(self) -> None:
        self._files = endless_files(self.folder)

    async def do_work(self) -> int:
        batch = list(itertools.islice(self._files, self.batch_size))
        if self.is_faulty and self.fault == "errors":
            batch = [self.folder / "this-file-does-not-exist"]
        elif self.is_faulty:
            self._leak()
        self.hashed_bytes += sum(await asyncio.to_thread(self._hash_all, batch))
        return len(batch)

    async def get_performance_metrics(self) -> dict[str, Any]:
        return await super().get_performance_metrics() | {"hashed_bytes": self.hashed_bytes}

    @staticmethod
    def _hash_all(paths: list[Path]) -> list[int]:
        sizes = []
        for path in paths:
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")
                sizes.append(file.tell())
        return sizes

    def _leak(self) -> None:
        """Take one more step towards the limit; the bytes are written, so they are resident."""
        limit = self.memory_limit_mb or 0.0
        room = limit - self.get_memory_usage()
        if room >= 1.0:
            step = min(room, limit / LEAK_STEPS)
            self._leaked.append(b"\x01" * int(step * 2**20))

    def install_signal_handlers(self, loop: asyncio.AbstractEventLoop) -> None:
        super().install_signal_handlers(loop)
        loop.add_signal_handler(signal.SIGUSR1, self.start_fault)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--folder", help="whose files are hashed; default: Python's standard library")
        add("--batch-size", type=int, metavar="FILES", help="files a round, default 20")
        add("--fault", choices=("errors", "leak"), help="what goes wrong when the fault begins")
        add("--fault-after", type=positive_seconds, metavar="SECONDS", help="default: SIGUSR1 only")


if __name__ == "__main__":
    FileHasher.run_forever(agent_id="file_hasher", interval=1.0)
