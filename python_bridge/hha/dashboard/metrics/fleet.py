"""Agents and their alerts, as sums over the fleet; per agent only where asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from hha.dashboard.metrics.making import gauge, number, summed
from hha.dashboard.reader import Row

LIVENESS = (
    *("never_seen", "starting", "alive", "late", "unresponsive", "stopped"),
    "in_maintenance",
)
STATUS = ("excellent", "good", "fair", "poor", "critical", "none")
SEVERITIES = ("info", "warning", "critical", "emergency")
NOT_AT_WORK = ("never_seen", "stopped", "in_maintenance")
COMPONENTS = (
    *("heartbeat_consistency", "performance_metrics", "error_rate"),
    *("resource_efficiency", "business_impact"),
)


def of_fleet(rows: list[Row]) -> Iterator[Metric]:
    """Families of the fleet, whose rows are sums by liveness and status."""
    yield gauge(
        "hha_agents",
        "Agents known, by liveness.",
        "liveness",
        summed(rows, "liveness", "agent_count", LIVENESS).items(),
    )
    yield gauge(
        "hha_agents_by_status",
        "Agents known, by status; none: before the first heartbeat.",
        "status",
        summed(rows, "status", "agent_count", STATUS).items(),
    )
    at_work = [row for row in rows if row["liveness"] not in NOT_AT_WORK]
    scores = [row["score_min"] for row in at_work if row["score_min"] is not None]
    if scores:
        mean = _mean(at_work, "score")
        yield GaugeMetricFamily(
            "hha_fleet_score_mean", "Mean score of agents at work, 0 to 100.", value=mean
        )
        yield GaugeMetricFamily(
            "hha_fleet_score_min", "Lowest score of an agent at work, 0 to 100.", value=min(scores)
        )
    yield gauge(
        "hha_fleet_component_score_mean",
        "Mean of a part of the score over agents at work that have it, 0 to 100.",
        "component",
        ((component, _mean(at_work, component)) for component in COMPONENTS),
    )


def _mean(rows: list[Row], column: str) -> float | None:
    count = sum(row[f"{column}_count"] for row in rows)
    total = sum(row[f"{column}_sum"] or 0 for row in rows)
    return number(total) / count if count else None


def of_agents(rows: list[Row], agent_count: float) -> Iterator[Metric]:
    """Families with series of each of these agents."""
    info = InfoMetricFamily("hha_agent", "What kind of agent it is.", labels=["agent_id"])
    for row in rows:
        kind = {key: row[key] or "" for key in ("agent_type", "policy_class")}
        info.add_metric([row["agent_id"]], kind)
    yield info
    yield gauge(
        "hha_agent_score",
        "Health score of an agent, 0 to 100.",
        "agent_id",
        ((row["agent_id"], row["score"]) for row in rows),
    )
    yield gauge(
        "hha_agent_last_heartbeat_timestamp_seconds",
        "Latest heartbeat of an agent, by the database's clock, Unix time.",
        "agent_id",
        ((row["agent_id"], row["last_heartbeat_at"]) for row in rows),
    )
    yield GaugeMetricFamily(
        "hha_agents_without_series",
        "Agents beyond the limit of series per agent.",
        value=max(0.0, agent_count - len(rows)),
    )


def of_alerts(rows: list[Row]) -> Iterator[Metric]:
    """Families of open alerts, whose rows are counts by rule, severity and whether taken."""
    opened = GaugeMetricFamily(
        "hha_open_alerts",
        "Open alerts; acknowledged: somebody has it.",
        labels=["severity", "acknowledged"],
    )
    totals = {(severity, taken): 0.0 for severity in SEVERITIES for taken in ("false", "true")}
    for row in rows:
        if row["alert_count"]:
            totals[row["severity"], row["is_acknowledged"]] += row["alert_count"]
    for labels, total in totals.items():
        opened.add_metric(labels, total)
    yield opened
    yield gauge(
        "hha_open_alerts_by_rule",
        "Open alerts, by the rule that opened them.",
        "rule",
        summed(rows, "rule", "alert_count", ()).items(),
    )
