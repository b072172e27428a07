"""The monitor itself: its ticks, its watch over series, its foresight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from hha.dashboard.metrics.making import counter, gauge, number
from hha.dashboard.reader import Row

SCHEDULERS = ("pg_cron", "bridge", "none")

# Columns of engine_health: name, help.
ENGINE_COUNTERS = {
    "tick_id": ("hha_engine_ticks", "Ticks since installation."),
    "folded_total": ("hha_engine_folded_rows", "Rows read since installation."),
    "judged_total": ("hha_engine_judgements", "Assessments of agents since installation."),
    "skipped_series_total": (
        "hha_engine_skipped_metric_values",
        "Metric values left out because their agent had too many series.",
    ),
    "skipped_minutes_total": (
        "hha_series_skipped_points",
        "Minutes of series given up because they had waited too long.",
    ),
    "gap_count": ("hha_monitor_gaps", "Times in which the monitor itself was blind."),
    "blind_seconds": ("hha_monitor_blind_seconds", "How long it was blind in all, seconds."),
}
ENGINE_GAUGES = {
    "database_time": ("hha_database_time_seconds", "The database's clock, Unix time."),
    "last_tick_time": (
        "hha_engine_last_tick_timestamp_seconds",
        "When the last tick began, by the database's clock, Unix time.",
    ),
    "tick_period_seconds": ("hha_engine_tick_period_seconds", "How often it should tick, seconds."),
    "attached_session_count": ("hha_attached_sessions", "Agents attached by a session."),
    "watched_series_count": ("hha_series_watched", "Series watched for anomalies."),
    "waiting_minute_count": ("hha_series_waiting_points", "Minutes of series not judged yet."),
    "series_lag_seconds": (
        "hha_series_lag_seconds",
        "By how much the watch over series is behind, seconds.",
    ),
    "snapshot_holder_age": (
        "hha_oldest_snapshot_age_transactions",
        "Age of a snapshot held for more than a minute: it keeps tables from staying small.",
    ),
}
PHASES = {"judge": "last_tick_ms", "act": "last_act_ms", "watch": "last_series_ms"}
FAILURES = {"tick": "last_error", "watch": "last_series_error"}


def of_engine(row: Row) -> Iterator[Metric]:
    """Families of one row of engine_health with the clock and the gaps."""
    for column, (name, description) in ENGINE_COUNTERS.items():
        yield CounterMetricFamily(name, description, value=number(row[column] or 0))
    for column, (name, description) in ENGINE_GAUGES.items():
        if row[column] is not None:
            yield GaugeMetricFamily(name, description, value=number(row[column]))
    yield gauge(
        "hha_engine_phase_seconds",
        "How long a phase of the last tick took; watch: when it last had work.",
        "phase",
        ((phase, _seconds(row, column)) for phase, column in PHASES.items()),
    )
    yield gauge(
        "hha_engine_failing",
        "1 while a phase fails, else 0.",
        "phase",
        ((phase, row[column] is not None) for phase, column in FAILURES.items()),
    )
    yield gauge(
        "hha_engine_scheduler",
        "1 for who ticks, else 0.",
        "scheduler",
        ((scheduler, row["scheduler"] == scheduler) for scheduler in SCHEDULERS),
    )


def _seconds(row: Mapping[str, object], column: str) -> float | None:
    """A column of milliseconds as seconds, None without a value."""
    return None if row[column] is None else number(row[column]) / 1000


def of_foresight(rows: list[Row]) -> Iterator[Metric]:
    """Families of the parts of run_foresight."""
    parts = [(row["part"], row) for row in rows]
    yield counter(
        "hha_foresight_runs",
        "Calls of a part.",
        "part",
        ((part, row["run_count"]) for part, row in parts),
    )
    yield counter(
        "hha_foresight_errors",
        "Calls of a part that failed.",
        "part",
        ((part, row["error_count"]) for part, row in parts),
    )
    yield gauge(
        "hha_foresight_last_run_timestamp_seconds",
        "When a part was last called, Unix time.",
        "part",
        ((part, row["last_run_at"]) for part, row in parts),
    )
    yield gauge(
        "hha_foresight_seconds",
        "How long the last call of a part took.",
        "part",
        ((part, row["seconds"]) for part, row in parts),
    )
