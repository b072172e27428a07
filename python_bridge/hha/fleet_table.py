"""Draws a snapshot: Rich tables on a terminal, plain lines of what changed elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hha.snapshot import Row, Snapshot
from hha.wording import duration, number

COMPONENTS = {
    "heartbeat_consistency": "beat",
    "performance_metrics": "perf",
    "error_rate": "err",
    "resource_efficiency": "res",
    "business_impact": "biz",
}

WIDE = 110

STATUS_STYLES = {
    "excellent": "green",
    "good": "green",
    "fair": "yellow",
    "poor": "red",
    "critical": "bold red",
}

LIVENESS_STYLES = {
    "alive": "green",
    "starting": "cyan",
    "never_seen": "dim",
    "stopped": "dim",
    "in_maintenance": "blue",
    "late": "yellow",
    "unresponsive": "bold red",
}

SEVERITY_STYLES = {
    "info": "cyan",
    "warning": "yellow",
    "critical": "red",
    "emergency": "bold red",
}

RECOVERY_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "escalated": "bold red",
    "cancelled": "dim",
}


def styled(value: Any, styles: dict[str, str]) -> Text:
    """A word in the colour of its meaning; unknown words stay uncoloured."""
    word = "-" if value is None else str(value)
    return Text(word, style=styles.get(word, ""))


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def fleet_table(fleet: Iterable[Row], width: int = WIDE) -> Table:
    """One row per agent: state, liveness, status, score; its five components where there is room.

    ``width`` is the terminal's, in characters.
    """
    components = COMPONENTS if width >= WIDE else {}
    table = _table("Fleet")
    table.add_column("agent", no_wrap=True)
    for heading in ("state", "liveness", "status"):
        table.add_column(heading, no_wrap=True)
    for heading in ("score", *components.values(), "beat ago", "alerts"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in fleet:
        table.add_row(
            Text(str(row["agent_id"])),
            Text(str(row["state"] or "-")),
            styled(row["liveness"], LIVENESS_STYLES),
            styled(row["status"], STATUS_STYLES),
            number(row["score"]),
            *(number(row[name]) for name in components),
            duration(row["seconds_since_heartbeat"]),
            str(row["open_alert_count"] or 0),
        )
    return table


def alerts_table(alerts: Iterable[Row]) -> Table:
    """One row per open alert, the newest first."""
    table = _table("Open alerts")
    table.add_column("alert", justify="right")
    for heading in ("agent", "rule", "severity"):
        table.add_column(heading, no_wrap=True)
    table.add_column("open for", justify="right")
    table.add_column("acknowledged")
    for row in alerts:
        table.add_row(
            str(row["alert_id"]),
            Text(str(row["agent_id"] or "the engine")),
            Text(str(row["rule"])),
            styled(row["severity"], SEVERITY_STYLES),
            duration(row["seconds_open"]),
            "yes" if row["acknowledged_at"] else "no",
        )
    return table


def recoveries_table(recoveries: Iterable[Row]) -> Table:
    """One row per recovery action, the newest first."""
    table = _table("Recoveries")
    table.add_column("action", justify="right")
    for heading in ("agent", "issue", "step", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("took", justify="right")
    for row in recoveries:
        table.add_row(
            str(row["action_id"]),
            Text(str(row["agent_id"])),
            Text(str(row["issue_type"])),
            Text(str(row["action"])),
            styled(row["state"], RECOVERY_STYLES),
            duration(row["seconds_taken"]),
        )
    return table


def engine_line(engine: Row) -> str:
    """One line about who ticks and how long ago."""
    if not engine or engine.get("last_tick_at") is None:
        return "engine: no tick yet"
    parts = [
        f"last tick {duration(engine.get('seconds_since_tick'))} ago",
        f"period {duration(engine.get('tick_period_seconds'))}",
        f"scheduled by {engine.get('scheduler')}",
        f"took {number(engine.get('last_tick_ms'))} ms",
        f"{engine.get('pending_recovery_count') or 0} recoveries pending",
        f"{engine.get('pending_delivery_count') or 0} messages pending",
    ]
    return "engine: " + ", ".join(parts)


def render(snapshot: Snapshot, footer: str = "", width: int = WIDE) -> Group:
    """Everything as one Rich renderable; empty alerts and recoveries take one line each."""
    parts: list[RenderableType] = [fleet_table(snapshot.fleet, width), ""]
    if snapshot.alerts:
        parts.append(alerts_table(snapshot.alerts))
    else:
        parts.append(Text("No open alerts", style="green"))
    parts.append("")
    if snapshot.recoveries:
        parts.append(recoveries_table(snapshot.recoveries))
    else:
        parts.append(Text("No recoveries", style="dim"))
    parts += ["", Text(engine_line(snapshot.engine), style="dim")]
    if footer:
        parts.append(Text(footer, style="dim"))
    return Group(*parts)


def _fleet_key(row: Row) -> tuple[Any, ...]:
    return row["state"], row["liveness"], row["status"], row["open_alert_count"]


def _state_before(action: Row, last_action: int) -> str | None:
    """The state an action was in when it is not in the previous snapshot: none, or its own."""
    return None if action["action_id"] > last_action else str(action["state"])


def agent_line(row: Row) -> str:
    """One agent in one line."""
    return (
        f"agent {row['agent_id']}: {row['state'] or 'no state'}, {row['liveness']},"
        f" {row['status'] or 'not judged'}, score {number(row['score'])},"
        f" beat {duration(row['seconds_since_heartbeat'])} ago,"
        f" open alerts {row['open_alert_count'] or 0}"
    )


def alert_line(row: Row) -> str:
    """One alert in one line."""
    whose = row["agent_id"] or "the engine"
    return f"alert {row['alert_id']}: {row['severity']} {row['rule']} of {whose}"


def recovery_line(row: Row) -> str:
    """One recovery in one line."""
    return (
        f"recovery {row['action_id']}: {row['action']} of {row['agent_id']}"
        f" for {row['issue_type']}: {row['state']}"
    )


def plain_lines(snapshot: Snapshot, previous: Snapshot | None) -> list[str]:
    """What changed since ``previous`` (everything when there is none), one fact per line."""
    stamp = snapshot.taken_at.strftime("%H:%M:%S")
    old_fleet = {row["agent_id"]: _fleet_key(row) for row in previous.fleet} if previous else {}
    # Rows older than the newest one known only come back into a list that is cut off.
    last_alert = max((row["alert_id"] for row in previous.alerts), default=0) if previous else 0
    old_actions = (
        {row["action_id"]: row["state"] for row in previous.recoveries} if previous else {}
    )
    last_action = max(old_actions, default=0)
    lines = [
        agent_line(row)
        for row in snapshot.fleet
        if old_fleet.get(row["agent_id"]) != _fleet_key(row)
    ]
    lines += [alert_line(row) for row in reversed(snapshot.alerts) if row["alert_id"] > last_alert]
    lines += [
        recovery_line(row)
        for row in reversed(snapshot.recoveries)
        if old_actions.get(row["action_id"], _state_before(row, last_action)) != row["state"]
    ]
    return [f"{stamp} {line}" for line in lines]
