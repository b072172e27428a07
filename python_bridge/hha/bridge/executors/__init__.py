"""How an agent is restarted on this host. One file per kind; this one is the contract and the list.

A new kind is one module with a `parse(section, folder) -> Executor factory` and a line in
`EXECUTORS`. An executor receives the name of an action and nothing else from the database: what
that action does on this host comes from the bridge's own configuration.
"""

from __future__ import annotations

from hha.bridge.executors import process
from hha.bridge.executors.contract import (
    Executor,
    ExecutorContext,
    ExecutorFactory,
    ExecutorParser,
    ExecutorResult,
    ProcessExit,
)

EXECUTORS: dict[str, ExecutorParser] = {"process": process.parse}

__all__ = [
    "EXECUTORS",
    "Executor",
    "ExecutorContext",
    "ExecutorFactory",
    "ExecutorParser",
    "ExecutorResult",
    "ProcessExit",
]
