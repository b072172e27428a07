"""What a run cost: seconds, processor seconds of PostgreSQL, bytes of WAL; medians of runs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg


def value(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    """The single value of a query."""
    row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def process_seconds(pid: int, *, with_children: bool = False) -> float:
    """Processor seconds of a process, its reaped children too if asked; 0 if it is not here."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    if "postgres" not in text:
        return 0.0
    fields = text.rpartition(")")[2].split()
    ticks = [int(number) for number in fields[11 : 15 if with_children else 13]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def server_seconds(connection: psycopg.Connection[Any]) -> float:
    """Processor seconds of the whole server so far: living processes and those that ended."""
    postmaster = _parent(value(connection, "SELECT pg_backend_pid()"))
    if not postmaster:
        return 0.0
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
    pids = children.read_text(encoding="utf-8").split() if children.exists() else []
    total = process_seconds(postmaster, with_children=True)
    return total + sum(process_seconds(int(pid)) for pid in pids)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1]) if "postgres" in text else 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run cost."""

    seconds: float
    cpu_seconds: float
    wal_bytes: int


def measure(connection: psycopg.Connection[Any], work: Callable[[], object]) -> Sample:
    """Run ``work`` on this autocommit connection; cost of this backend and WAL of the server."""
    pid = value(connection, "SELECT pg_backend_pid()")
    wal = wal_position(connection)
    cpu = process_seconds(pid)
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    cpu = process_seconds(pid) - cpu
    return Sample(seconds, cpu, wal_position(connection) - wal)


def wal_position(connection: psycopg.Connection[Any]) -> int:
    """Bytes of WAL written since the cluster was made."""
    return int(value(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


def typical(samples: Sequence[Sample]) -> Sample:
    """The median of each measure."""
    return Sample(
        median(sample.seconds for sample in samples),
        median(sample.cpu_seconds for sample in samples),
        int(median(sample.wal_bytes for sample in samples)),
    )
