"""The fleet of the demo: what is run, and when it counts as healthy."""

from __future__ import annotations

from collections.abc import Iterable

from hha.demo.faults import FAULTS
from hha.snapshot import Row
from hha.stack.agents import AgentSpec

GOOD_STATUS = frozenset({"excellent", "good"})
BRIDGE_NAME = "demo"
BRIDGE_AGENT = f"bridge:{BRIDGE_NAME}"

PACE = ("--interval", "1", "--heartbeat-interval", "1")
UNTOUCHED = ("file_hasher:steady_1", "file_hasher:steady_2", "file_hasher:steady_3")


def demo_agents() -> list[AgentSpec]:
    """PerformanceMonitor, three hashers that are left alone and one for each fault."""
    hasher = "hha.agents.file_hasher"
    agents = [AgentSpec("performance_monitor", "hha.agents.performance_monitor", PACE)]
    agents += [AgentSpec(agent_id, hasher, PACE) for agent_id in UNTOUCHED]
    agents += [AgentSpec(fault.agent_id, hasher, (*PACE, *fault.options)) for fault in FAULTS]
    return agents


def not_ready(fleet: Iterable[Row], expected: Iterable[str]) -> list[str]:
    """What keeps the expected agents from being all alive and excellent or good."""
    rows = {row["agent_id"]: row for row in fleet}
    reasons = []
    for agent_id in expected:
        row = rows.get(agent_id)
        if row is None:
            reasons.append(f"{agent_id} has not registered")
        elif row["liveness"] != "alive" or row["status"] not in GOOD_STATUS:
            reasons.append(f"{agent_id} is {row['liveness']}, {row['status']}")
    return reasons
