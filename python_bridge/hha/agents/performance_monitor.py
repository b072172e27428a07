"""The host's and the database's own performance, as an agent: `PerformanceMonitor`.

    python -m hha.agents.performance_monitor --interval 10 --heartbeat-interval 10

Every reading becomes series of health.performance_metrics (`host_…`, `database_…`), and the
newest one attributes of the heartbeats. The columns cpu_usage_percent and memory_usage_mb remain
this process's own: a busy host is no reason to restart its monitor.
"""

from __future__ import annotations

import os
import time
from typing import Any

import psutil

from hha.agent import BaseAgent
from hha.errors import DatabaseUnavailable

MB = 2**20

# Sessions of others show their state only to members of pg_read_all_stats (or pg_monitor).
DATABASE_QUERY = """
SELECT
    s.xact_commit + s.xact_rollback AS transactions,
    s.xact_rollback AS rollbacks,
    s.blks_hit AS blocks_hit,
    s.blks_read AS blocks_read,
    s.deadlocks AS deadlocks,
    s.temp_bytes AS temp_bytes,
    pg_database_size(s.datid) / 1048576.0 AS size_mb,
    a.session_count,
    a.active_count,
    a.idle_in_transaction_count,
    a.waiting_for_lock_count,
    a.longest_transaction_seconds
FROM pg_stat_database AS s
CROSS JOIN (
    SELECT
        count(*) AS session_count,
        count(*) FILTER (WHERE state = 'active') AS active_count,
        count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction_count,
        count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_lock_count,
        extract(epoch FROM max(clock_timestamp() - xact_start)) AS longest_transaction_seconds
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
) AS a
WHERE s.datname = current_database()
"""


class PerformanceMonitor(BaseAgent):
    """Reads the host (psutil) and the database (pg_stat views) each `interval` seconds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.host: dict[str, float] = {}
        self.database: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self._read_at = 0.0

    def get_capabilities(self) -> list[str]:
        return ["host_metrics", "database_metrics"]

    async def initialize_agent(self) -> None:
        psutil.cpu_percent()  # the first answer means nothing

    async def do_work(self) -> int:
        self.host = read_host()
        await self._read_database()
        return len(self.host) + len(self.database)

    async def get_performance_metrics(self) -> dict[str, Any]:
        return await super().get_performance_metrics() | self.host | self.database

    async def _read_database(self) -> None:
        """Gauges, and rates over the time since the reading before; none while it is away."""
        self.database = {}
        if self.shared_state is None:
            return
        try:
            rows = await self.shared_state.fetch(DATABASE_QUERY)
        except DatabaseUnavailable:
            self._before = {}
            return
        now = {name: float(value) for name, value in rows[0].items() if value is not None}
        clock = time.monotonic()
        rates = self._rates(now, clock - self._read_at) if self._before else {}
        self._before, self._read_at = now, clock
        gauges = (
            "size_mb",
            "session_count",
            "active_count",
            "idle_in_transaction_count",
            "waiting_for_lock_count",
            "longest_transaction_seconds",
        )
        self.database = rates | {f"database_{name}": now[name] for name in gauges if name in now}

    def _rates(self, now: dict[str, float], seconds: float) -> dict[str, float]:
        """Changes of the counters; {} after a reset of the statistics."""
        grown = {
            name: now[name] - self._before[name]
            for name in ("transactions", "rollbacks", "blocks_hit", "blocks_read")
        }
        if seconds <= 0 or min(grown.values()) < 0:
            return {}
        rates = {
            "database_transactions_per_second": grown["transactions"] / seconds,
            "database_rollbacks_per_second": grown["rollbacks"] / seconds,
        }
        if blocks := grown["blocks_hit"] + grown["blocks_read"]:
            rates["database_cache_hit_percent"] = 100.0 * grown["blocks_hit"] / blocks
        return {name: round(value, 3) for name, value in rates.items()}


def read_host() -> dict[str, float]:
    """CPU since the reading before, memory, swap, disk of / (percent), load, processes."""
    memory = psutil.virtual_memory()
    readings: dict[str, float] = {
        "host_cpu_percent": psutil.cpu_percent(),
        "host_memory_used_mb": round((memory.total - memory.available) / MB, 1),
        "host_memory_total_mb": round(memory.total / MB, 1),
        "host_memory_percent": memory.percent,
        "host_swap_percent": psutil.swap_memory().percent,
        "host_disk_percent": psutil.disk_usage("/").percent,
        "host_process_count": float(len(psutil.pids())),
        "host_load_1m": os.getloadavg()[0],
    }
    return {name: float(value) for name, value in readings.items()}


if __name__ == "__main__":
    PerformanceMonitor.run_forever(agent_id="performance_monitor", interval=10.0)
