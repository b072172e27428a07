"""How an agent is restarted. One file per kind; this one is the contract and the list.

A new kind is one module with a `parse(section) -> ExecutorFactory` and a line in `EXECUTORS`. What
an executor receives from the database chooses among what the bridge's own configuration holds.
"""

from __future__ import annotations

from hha.bridge.executors import docker, http, kubernetes, process, supervisord, systemd
from hha.bridge.executors.contract import (
    Executor,
    ExecutorContext,
    ExecutorFactory,
    ExecutorParser,
    ExecutorResult,
    ProcessExit,
)

EXECUTORS: dict[str, ExecutorParser] = {
    "docker": docker.parse,
    "http": http.parse,
    "kubernetes": kubernetes.parse,
    "process": process.parse,
    "supervisord": supervisord.parse,
    "systemd": systemd.parse,
}

__all__ = [
    "EXECUTORS",
    "Executor",
    "ExecutorContext",
    "ExecutorFactory",
    "ExecutorParser",
    "ExecutorResult",
    "ProcessExit",
]
