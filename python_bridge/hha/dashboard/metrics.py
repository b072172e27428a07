"""`/metrics`: the views as Prometheus reads them. One question per family, asked at each scrape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hha.dashboard.reader import Reader, Row

__all__ = ["CONTENT_TYPE", "exposition"]

AGENTS_SQL = """
SELECT
    fleet.agent_id, fleet.agent_type, fleet.policy_class, fleet.status, fleet.liveness, fleet.score
FROM health.fleet
ORDER BY fleet.agent_id
LIMIT %(limit)s
"""

FLEET_SQL = """
SELECT coalesce(fleet.liveness, 'never_seen') AS liveness, coalesce(fleet.status, 'none') AS status,
    count(*) AS number
FROM health.fleet
GROUP BY 1, 2
"""

ALERTS_SQL = """
SELECT alerts.rule, alerts.severity, (alerts.acknowledged_at IS NOT NULL)::text AS is_acknowledged,
    count(*) AS number
FROM health.open_alerts AS alerts
GROUP BY 1, 2, 3
"""

RECOVERIES_SQL = """
SELECT actions.state, count(*) AS number FROM health.recovery_actions AS actions GROUP BY 1
"""

DELIVERIES_SQL = """
SELECT messages.channel, messages.state, count(*) AS number
FROM health.deliveries AS messages
GROUP BY 1, 2
"""

ENGINE_SQL = "SELECT * FROM health.engine_health"

# Above it a series per agent would burden whoever scrapes; the fleet's numbers stay.
MOST_AGENTS = 2000

# Columns of engine_health: name, whether it only grows, help.
ENGINE = {
    "seconds_since_tick": ("hha_engine_seconds_since_tick", False, "Time since the last tick."),
    "last_tick_ms": ("hha_engine_tick_milliseconds", False, "How long the last fold took."),
    "last_act_ms": ("hha_engine_act_milliseconds", False, "How long the last act took."),
    "tick_period_seconds": ("hha_engine_tick_period_seconds", False, "How often it should tick."),
    "folded_total": ("hha_engine_folded_rows", True, "Rows read so far."),
    "judged_total": ("hha_engine_judged_agents", True, "Judgements so far."),
    "pending_recovery_count": ("hha_pending_recoveries", False, "Recoveries waiting for a bridge."),
    "pending_delivery_count": ("hha_pending_deliveries", False, "Messages not yet delivered."),
    "oldest_pending_delivery_seconds": (
        "hha_oldest_pending_delivery_seconds",
        False,
        "Age of the oldest of them.",
    ),
    "attached_session_count": ("hha_attached_sessions", False, "Agents attached by a session."),
}


class _Answers(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _counted(name: str, description: str, labels: list[str], rows: list[Row]) -> Metric:
    family = GaugeMetricFamily(name, description, labels=labels)
    for row in rows:
        family.add_metric([str(row[label] or "") for label in labels], float(row["number"]))
    return family


def _of_agents(rows: list[Row]) -> Metric:
    labels = ["agent_id", "agent_type", "policy_class", "liveness", "status"]
    family = GaugeMetricFamily("hha_agent_score", "Health score, 0 to 100.", labels=labels)
    for row in rows:
        if row["score"] is not None:
            family.add_metric([str(row[label] or "") for label in labels], float(row["score"]))
    return family


def _of_engine(row: Row) -> list[Metric]:
    made: list[Metric] = []
    for column, (name, is_counter, description) in ENGINE.items():
        if row.get(column) is not None:
            kind = CounterMetricFamily if is_counter else GaugeMetricFamily
            made.append(kind(name, description, value=float(row[column])))
    ticker = GaugeMetricFamily("hha_engine_scheduler", "1 for who ticks.", labels=["scheduler"])
    ticker.add_metric([str(row["scheduler"])], 1)
    return [*made, ticker]


async def exposition(reader: Reader) -> bytes:
    """The text of one scrape; raises a DatabaseError while the database is away."""
    agents, fleet, alerts, recoveries, deliveries, engine = await asyncio.gather(
        reader.rows(AGENTS_SQL, {"limit": MOST_AGENTS}),
        reader.rows(FLEET_SQL),
        reader.rows(ALERTS_SQL),
        reader.rows(RECOVERIES_SQL),
        reader.rows(DELIVERIES_SQL),
        reader.rows(ENGINE_SQL),
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        _Answers(
            [
                _of_agents(agents),
                _counted("hha_agents", "Agents known.", ["liveness", "status"], fleet),
                _counted(
                    "hha_open_alerts",
                    "Open alerts.",
                    ["rule", "severity", "is_acknowledged"],
                    alerts,
                ),
                _counted("hha_recoveries", "Recoveries kept.", ["state"], recoveries),
                _counted("hha_deliveries", "Messages kept.", ["channel", "state"], deliveries),
                *_of_engine(engine[0]),
            ]
        )
    )
    return generate_latest(registry)
