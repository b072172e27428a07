"""What a person sees of the fleet, on a terminal and in a pipe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from hha.fleet_table import plain_lines, render
from hha.snapshot import Snapshot
from hha.wording import duration

T0 = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def agent(agent_id: str, **changed: Any) -> dict[str, Any]:
    return {
        "agent_id": agent_id,
        "state": "running",
        "liveness": "alive",
        "status": "excellent",
        "score": 97.25,
        "heartbeat_consistency": 100.0,
        "performance_metrics": None,
        "error_rate": 100.0,
        "resource_efficiency": 90.0,
        "business_impact": None,
        "error_count": 0,
        "open_alert_count": 0,
        "seconds_since_heartbeat": 0.5,
        **changed,
    }


ALERT = {
    "alert_id": 4,
    "agent_id": "b",
    "rule": "unresponsive",
    "severity": "critical",
    "acknowledged_at": None,
    "seconds_open": 3.0,
}
ACTION = {
    "action_id": 2,
    "agent_id": "b",
    "issue_type": "agent_unresponsive",
    "action": "restart_agent",
    "state": "executing",
    "claimed_by": "bridge:main",
    "seconds_taken": 1.0,
}


def snapshot(fleet: list[Any], alerts: list[Any], recoveries: list[Any]) -> Snapshot:
    return Snapshot(T0, fleet, alerts, recoveries, {})


def test_the_first_lines_show_everything() -> None:
    lines = plain_lines(snapshot([agent("a")], [ALERT], [ACTION]), None)
    assert len(lines) == 3
    assert lines[0].startswith("12:00:00 agent a: running, alive, excellent, score 97.2")
    assert "critical unresponsive of b" in lines[1]
    assert lines[2].endswith("executing")


def test_later_lines_show_what_changed() -> None:
    before = snapshot([agent("a"), agent("b")], [ALERT], [ACTION])
    assert (
        plain_lines(snapshot([agent("a", score=96), agent("b")], [ALERT], [ACTION]), before) == []
    )
    after = snapshot(
        [agent("a"), agent("b", liveness="late")], [ALERT], [{**ACTION, "state": "succeeded"}]
    )
    lines = plain_lines(after, before)
    assert ["agent b" in lines[0], "succeeded" in lines[1], len(lines)] == [True, True, 2]


def test_names_of_agents_are_no_markup() -> None:
    console = Console(width=200, record=True)
    console.print(render(snapshot([agent("[red]x[/red]")], [ALERT], [ACTION])))
    assert "[red]x[/red]" in console.export_text()


def test_durations_read_well() -> None:
    assert [duration(value) for value in (None, 0.25, 99, 300, 7200, 259200)] == [
        "-",
        "0.2 s",
        "99 s",
        "5 min",
        "2 h",
        "3 d",
    ]
