"""What is done for agents: messages, recoveries, and the bridges that carry them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from hha.dashboard.metrics.making import counter, gauge, number, summed
from hha.dashboard.reader import Row

OPEN_STATES = ("pending", "claimed", "executing", "verifying")
HOLDS = ("freeze", "maintenance", "monitor_gap", "parent", "storm", "concurrency")
ENDED_STATES = ("delivered", "dead", "cancelled")


def of_deliveries(rows: list[Row]) -> Iterator[Metric]:
    """Families of messages; a row is a channel."""
    for name, description, column in (
        ("hha_deliveries_waiting", "Messages not yet delivered.", "waiting_count"),
        (
            "hha_deliveries_overdue_seconds",
            "For how long the first of them could have been delivered; absent: none waits.",
            "overdue_seconds",
        ),
        (
            "hha_delivery_mean_seconds",
            "From queueing to delivered, mean of the last 5 minutes; absent: there were none.",
            "mean_seconds",
        ),
        ("hha_delivery_max_seconds", "The longest of those.", "max_seconds"),
    ):
        yield gauge(name, description, "channel", ((row["channel"], row[column]) for row in rows))
    ended = CounterMetricFamily(
        "hha_deliveries",
        "Messages done with: delivered, dead (given up) or cancelled.",
        labels=["channel", "state"],
    )
    for row in rows:
        for state in ENDED_STATES:
            ended.add_metric([row["channel"], state], row[state])
    yield ended


def of_recoveries(rows: list[Row], totals: Row) -> Iterator[Metric]:
    """Families of recoveries: those under way by state and brake, and totals."""
    yield gauge(
        "hha_recoveries_in_progress",
        "Recoveries under way, by state.",
        "state",
        summed(rows, "state", "action_count", OPEN_STATES).items(),
    )
    yield gauge(
        "hha_recoveries_held",
        "Recoveries that a brake holds.",
        "hold",
        summed([row for row in rows if row["hold"]], "hold", "action_count", HOLDS).items(),
    )
    yield CounterMetricFamily(
        "hha_recoveries_finished", "Recoveries that ended.", value=totals["finished"]
    )
    yield CounterMetricFamily(
        "hha_recoveries_succeeded",
        "Those after which heartbeats proved the agent well.",
        value=totals["succeeded"],
    )
    for name, description, column in (
        (
            "hha_recovery_mean_seconds",
            "From queueing to verified, mean of the last hour; absent: there were none.",
            "mean_seconds",
        ),
        (
            "hha_recoveries_overdue_seconds",
            "For how long a bridge could have claimed the first that waits; absent: none waits.",
            "overdue_seconds",
        ),
    ):
        if totals[column] is not None:
            yield GaugeMetricFamily(name, description, value=number(totals[column]))


def of_bridges(rows: list[Row]) -> Iterator[Metric]:
    """Families of bridges; a row is one."""
    yield GaugeMetricFamily(
        "hha_bridges_up", "Bridges that beat.", value=sum(row["is_up"] for row in rows)
    )
    families: tuple[tuple[Callable[..., Metric], str, str, str], ...] = (
        (gauge, "hha_bridge_up", "1 while the bridge beats, else 0.", "is_up"),
        (
            gauge,
            "hha_bridge_last_heartbeat_timestamp_seconds",
            "Its latest heartbeat, by the database's clock, Unix time.",
            "last_heartbeat_at",
        ),
        (
            counter,
            "hha_bridge_work_items",
            "Messages and recoveries it has done since it started.",
            "work_items_processed",
        ),
        (counter, "hha_bridge_errors", "What failed since it started.", "error_count"),
        (gauge, "hha_bridge_memory_bytes", "Memory it uses.", "memory_bytes"),
        (
            gauge,
            "hha_bridge_cpu_ratio",
            "CPU it uses, share of the host, mean of 10 minutes.",
            "cpu_ratio",
        ),
    )
    for kind, name, description, column in families:
        yield kind(name, description, "bridge", [(row["bridge"], row[column]) for row in rows])
