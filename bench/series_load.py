"""The watch over series under too much: a backlog, and an agent that makes up names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any

from common import Bench, Sample, Table, measure, value

if TYPE_CHECKING:
    import psycopg

GAUGES = ("average_processing_time_ms", "cpu_usage_percent", "memory_usage_mb")
#: Ticks within the budget that are measured before the rest is judged at once.
TICKS = 60

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, average_processing_time_ms, cpu_usage_percent, memory_usage_mb
)
SELECT 'agent-' || number, %s::timestamptz, 100 + number %% 7, 30, 400
FROM generate_series(1, %s::integer) AS fleet (number)
"""

#: As collections leave it that nobody came to judge.
BACKLOG = """
INSERT INTO health_internal.series_minutes (minute_at, series_id, value_sum, value_count)
SELECT
    %s::timestamptz + minute * interval '1 minute', series.series_id,
    100 + (series.series_id * 31 + minute * 17) %% 13, 1
FROM generate_series(1, %s::integer) AS minute
CROSS JOIN health_internal.series
WHERE series.is_watched
ORDER BY minute, series.series_id
"""

NAMES = """
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'agent-1', 'user_' || %s || '_' || number, 1, %s::timestamptz
FROM generate_series(1, 1000) AS number
"""


@dataclass(slots=True)
class Backlog:
    """How a backlog is worked off."""

    points: int
    series: int
    budget_ms: float
    phases: list[Sample] = field(default_factory=list)
    judged: int = 0
    lag_before: float = 0
    lag_after: float = 0
    rest: Sample = field(default_factory=lambda: Sample(0, 0, 0))
    left_over: int = 0
    given_up: int = 0

    @property
    def share(self) -> float:
        """Of the period, by processor time."""
        return mean(phase.cpu_seconds for phase in self.phases) * 1000 / (10 * self.budget_ms)

    @property
    def points_per_second(self) -> float:
        """Judged by processor time, the rest at once included."""
        spent = sum(phase.cpu_seconds for phase in self.phases) + self.rest.cpu_seconds
        return self.points / spent


@dataclass(slots=True)
class Age:
    """What a point costs of series that have seen so many values."""

    first: int
    last: int
    points: int
    cost: Sample

    @property
    def microseconds(self) -> float:
        """Processor time a point."""
        return self.cost.cpu_seconds / self.points * 1e6


@dataclass(slots=True)
class Names:
    """A minute's tick and watch, without and with a thousand new names from one agent."""

    without: list[Sample]
    with_names: list[Sample]
    watched: int
    kept: int
    refusals: int
    explanation: str

    @property
    def microseconds(self) -> float:
        """Processor time a name costs."""
        return (
            mean(sample.cpu_seconds for sample in self.with_names)
            - mean(sample.cpu_seconds for sample in self.without)
        ) * 1000


def a_minute_from_now() -> datetime:
    """So that every row falls into a partition of its own time."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)


def measure_backlog(bench: Bench, database: str, series: int, minutes: int) -> Backlog:
    """``minutes`` of ``series`` series wait at once; ticks of a second, then all that is left."""
    start = a_minute_from_now()
    agents = -(-series // len(GAUGES))
    with bench.database(database), bench.connect(database) as connection:
        connection.execute("UPDATE health.settings SET series_limit = %s", (series,))
        connection.execute(REGISTER, (agents,))
        connection.execute(BEAT, (start, agents))
        connection.execute("SELECT health.tick(%s, true)", (start + timedelta(seconds=66),))
        watched = value(connection, "SELECT watched_series_count FROM health.engine_health")
        connection.execute(BACKLOG, (start, minutes))
        over = start + timedelta(minutes=minutes + 1)
        connection.execute("UPDATE health_internal.series_cursor SET finished_until = %s", (over,))
        # The lag is that behind the last tick.
        connection.execute("SELECT * FROM health_internal.fold_phase(%s, true)", (over,))
        connection.execute("VACUUM (ANALYZE)")
        found = Backlog(
            watched * minutes, watched,
            value(
                connection,
                "SELECT 1000 * series_budget_share * date_part('epoch', tick_period)"
                " FROM health.settings",
            ),
            lag_before=value(connection, "SELECT series_lag_seconds FROM health.engine_health"),
        )  # fmt: skip
        for _ in range(TICKS):
            connection.execute(
                "UPDATE health_internal.series_cursor"
                " SET last_phase_at = clock_timestamp() - interval '1 hour'"
            )
            found.phases.append(phase(connection, over, found, is_replay=False))
        found.lag_after = value(connection, "SELECT series_lag_seconds FROM health.engine_health")
        found.rest = phase(connection, over, found, is_replay=True)
        found.left_over, found.given_up = connection.execute(
            "SELECT waiting_minute_count, skipped_minutes_total FROM health.engine_health"
        ).fetchone() or (-1, -1)
    return found


def measure_ages(bench: Bench, database: str, series: int, minutes: int) -> list[Age]:
    """Series judged for ``minutes``, a day and more: the cost of a tenth at a time."""
    start = a_minute_from_now()
    agents = -(-series // len(GAUGES))
    ages = []
    with bench.database(database), bench.connect(database) as connection:
        connection.execute("UPDATE health.settings SET history_after = '30 days'")
        connection.execute(REGISTER, (agents,))
        connection.execute(BEAT, (start, agents))
        connection.execute("SELECT health.tick(%s, true)", (start + timedelta(seconds=66),))
        connection.execute(BACKLOG, (start, minutes))
        connection.execute("VACUUM (ANALYZE)")
        for first in range(0, minutes, minutes // 10):
            last = first + minutes // 10
            found, costs = Backlog(0, 0, 0), []
            # Minute by minute as live, each committed: else versions of a state pile up.
            for minute in range(first, last):
                over = start + timedelta(minutes=minute + 2)
                connection.execute(
                    "UPDATE health_internal.series_cursor SET finished_until = %s", (over,)
                )
                costs.append(phase(connection, over, found, is_replay=True))
            ages.append(Age(first, last, found.judged, together(costs)))
    return ages


def together(samples: list[Sample]) -> Sample:
    """The sum of each measure."""
    return Sample(
        sum(sample.seconds for sample in samples),
        sum(sample.cpu_seconds for sample in samples),
        sum(sample.wal_bytes for sample in samples),
    )


def phase(
    connection: psycopg.Connection[Any], now: datetime, found: Backlog, *, is_replay: bool
) -> Sample:
    """One phase of the watch; what it judged is added."""
    rows: list[Any] = []
    sample = measure(
        connection,
        lambda: rows.append(
            value(
                connection,
                "SELECT stepped_points FROM health_internal.series_phase(%s, %s)",
                now,
                is_replay,
            )
        ),
    )
    found.judged += rows[0]
    return sample


def measure_names(bench: Bench, database: str, agents: int, minutes: int) -> Names:
    """By turns a minute of a fleet, and one in which an agent logs a thousand new names."""
    start = a_minute_from_now()
    costs: dict[bool, list[Sample]] = {False: [], True: []}
    with bench.database(database), bench.connect(database) as connection:
        connection.execute(REGISTER, (agents,))
        for minute in range(2 * minutes + 2):
            now = start + timedelta(minutes=minute)
            connection.execute(BEAT, (now + timedelta(seconds=30), agents))
            if minute % 2:
                connection.execute(NAMES, (minute, now + timedelta(seconds=40)))
            sample = measure(
                connection,
                lambda now=now: connection.execute(  # type: ignore[misc]
                    "SELECT health.tick(%s, true)", (now + timedelta(seconds=66),)
                ),
            )
            if minute > 1:
                costs[bool(minute % 2)].append(sample)
        watched, kept, refusals, explanation = connection.execute(
            """
            SELECT
                (SELECT count(*) FROM health_internal.series WHERE source = 'metric'),
                (SELECT count(*) FROM health_internal.metric_series WHERE agent_id = 'agent-1'),
                (SELECT count(*) FROM health.series_refusals WHERE agent_id = 'agent-1'),
                (SELECT min(explanation) FROM health.series_refusals WHERE agent_id = 'agent-1')
            """
        ).fetchone() or (0, 0, 0, "")
    return Names(costs[False], costs[True], watched, kept, refusals, explanation or "")


def backlog_table(backlog: Backlog) -> Table:
    """One row."""
    longest = max(sample.seconds for sample in backlog.phases) * 1e3
    return Table(
        "A backlog is worked off within the budget",
        ["points waiting", "series", "budget ms", "mean phase CPU ms", "longest phase ms",
         "lag before s", f"after {TICKS} ticks s", "points/CPU s", "left over", "given up"],
        [[
            f"{backlog.points:,}", f"{backlog.series:,}", f"{backlog.budget_ms:.0f}",
            f"{mean(sample.cpu_seconds for sample in backlog.phases) * 1e3:.0f}",
            f"{longest:.0f}", f"{backlog.lag_before:.0f}", f"{backlog.lag_after:.0f}",
            f"{backlog.points_per_second:,.0f}", str(backlog.left_over), str(backlog.given_up),
        ]],
        note="Ticks of a second, then what is left at once, as replay does. The lag is that of "
        "engine_health: how old the oldest waiting minute is.",
    )  # fmt: skip


def ages_table(ages: list[Age]) -> Table:
    """The first, some between, the last."""
    return Table(
        "A point of a young series and of an old one",
        ["values seen", "points", "CPU µs/point", "WAL bytes/point"],
        [
            [
                f"{age.first:,} to {age.last:,}", f"{age.points:,}", f"{age.microseconds:.0f}",
                f"{age.cost.wal_bytes / age.points:,.0f}",
            ]
            for age in (ages[0], ages[1], ages[4], ages[-1])
        ],
        note="Detector, baseline and episodes: a state is a row, whatever it has seen.",
    )  # fmt: skip


def names_table(names: Names) -> Table:
    """One row, and what the agent is told."""
    return Table(
        "A thousand new metric names a minute from one agent",
        ["a minute without, CPU ms", "with, CPU ms", "µs/name", "names kept", "of them watched",
         "rows of series_refusals"],
        [[
            f"{mean(sample.cpu_seconds for sample in names.without) * 1e3:.0f}",
            f"{mean(sample.cpu_seconds for sample in names.with_names) * 1e3:.0f}",
            f"{names.microseconds:.0f}", f"{names.kept:,}", f"{names.watched:,}",
            f"{names.refusals:,}",
        ]],
        note=f"series_refusals says: {names.explanation or 'nothing'}",
    )  # fmt: skip
