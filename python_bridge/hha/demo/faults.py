"""The faults the demo injects, each a signal to one real process."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to one agent's process, and the issue type the monitor should see in it.

    ``options`` are the agent's command-line options that make the signal mean the fault.
    """

    name: str
    agent_id: str
    signal: signal.Signals
    issue_types: frozenset[str]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that was carried out: which process, and when by the database's clock."""

    fault: Fault
    process_id: int
    injected_at: datetime


FAULTS = (
    Fault(
        "kill -9",
        "file_hasher:killed",
        signal.SIGKILL,
        frozenset({"agent_unresponsive"}),
    ),
    Fault(
        "hang (SIGSTOP)",
        "file_hasher:hung",
        signal.SIGSTOP,
        frozenset({"agent_unresponsive"}),
    ),
    Fault(
        "throws errors",
        "file_hasher:failing",
        signal.SIGUSR1,
        frozenset({"high_error_rate"}),
        ("--fault", "errors"),
    ),
    Fault(
        "leaks memory",
        "file_hasher:leaking",
        signal.SIGUSR1,
        frozenset({"resource_exhaustion"}),
        ("--fault", "leak", "--memory-limit-mb", "200"),
    ),
)


def inject(fault: Fault, process_id: int, at: datetime) -> Injection:
    """Send the fault's signal to the process; ``at`` is the database's time just before."""
    os.kill(process_id, fault.signal)
    return Injection(fault, process_id, at)
