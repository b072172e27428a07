"""What this process takes from its host: `ProcessUsage`."""

from __future__ import annotations

import os
import time

import psutil

SHORTEST_SAMPLE_SECONDS = 0.2


class ProcessUsage:
    """CPU and memory of one process, this one by default."""

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)
        self._sampled_at = time.monotonic()
        self._sampled_cpu_seconds = self._cpu_seconds()
        self._cpu_percent = 0.0

    def cpu_percent(self) -> float:
        """CPU since the sample before, percent of the whole host, 0..100.

        A question within 0.2 s of the last sample gets the last answer.
        """
        elapsed = time.monotonic() - self._sampled_at
        if elapsed >= SHORTEST_SAMPLE_SECONDS:
            used = self._cpu_seconds()
            share = (used - self._sampled_cpu_seconds) / elapsed / (os.cpu_count() or 1)
            self._cpu_percent = round(min(max(100.0 * share, 0.0), 100.0), 2)
            self._sampled_cpu_seconds = used
            self._sampled_at = time.monotonic()
        return self._cpu_percent

    def memory_mb(self) -> float:
        """Resident memory in MB (2^20 bytes)."""
        return round(float(self._process.memory_info().rss) / 2**20, 2)

    def thread_count(self) -> int:
        """Threads of the process."""
        return int(self._process.num_threads())

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
