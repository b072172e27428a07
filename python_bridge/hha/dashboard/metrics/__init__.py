"""`/metrics`: the views as Prometheus reads them, asked anew at each scrape.

Names follow Prometheus' advice: base units in the name, counters end in _total, timestamps rather
than ages. Series are bounded by what people configure (channels, rules, bridges), never by the
number of agents, unless ``agent_limit`` asks for that. Where a value is known to be possible its
series stands there as 0, so that it does not begin with the first trouble.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

import hha
from hha.dashboard.metrics import questions as ask
from hha.dashboard.metrics.engine import of_engine, of_foresight
from hha.dashboard.metrics.fleet import of_agents, of_alerts, of_fleet
from hha.dashboard.metrics.work import of_bridges, of_deliveries, of_recoveries
from hha.dashboard.reader import Reader

__all__ = ["exposition"]


class _Answers(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def exposition(
    reader: Reader, accept: str = "", *, agent_limit: int = 0
) -> tuple[bytes, str]:
    """The text of one scrape and its media type, OpenMetrics where `accept` names it.

    Raises a DatabaseError while the database is away.
    """
    (
        fleet,
        alerts,
        deliveries,
        recoveries,
        totals,
        bridges,
        engine,
        foresight,
    ) = await asyncio.gather(
        reader.rows(ask.FLEET),
        reader.rows(ask.ALERTS),
        reader.rows(ask.DELIVERIES),
        reader.rows(ask.RECOVERIES),
        reader.rows(ask.RECOVERY_TOTALS),
        reader.rows(ask.BRIDGES),
        reader.rows(ask.ENGINE),
        reader.rows(ask.FORESIGHT),
    )
    families = [
        *of_fleet(fleet),
        *of_alerts(alerts),
        *of_deliveries(deliveries),
        *of_recoveries(recoveries, totals[0]),
        *of_bridges(bridges),
        *of_engine(engine[0]),
        *of_foresight(foresight),
        InfoMetricFamily("hha_build", "What runs the page.", value={"version": hha.__version__}),
    ]
    if agent_limit:
        agents = await reader.rows(ask.AGENTS, {"limit": agent_limit})
        families += of_agents(agents, sum(row["agent_count"] for row in fleet))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Answers(families))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type
