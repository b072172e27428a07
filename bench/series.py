"""What the watch over series costs beside the tick it follows.

Every agent beats twice a minute with three gauges, each of them a watched series. Per minute: the
tick (fold, judge, act), then the watch as the scheduler runs it, phase by phase within its budget
until nothing waits; every second minute without a budget, as replay does. Then a large fleet of
which settings.series_limit series are watched: what reading its heartbeats once more costs. Last
what is too much (series_load.py): a backlog of a million points, a thousand new names a minute.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any

from common import Bench, Goal, Sample, Table, measure, parser, ratio, report, running, value
from series_load import (
    Age,
    Backlog,
    Names,
    ages_table,
    backlog_table,
    measure_ages,
    measure_backlog,
    measure_names,
    names_table,
    together,
)

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_series"
GAUGES = 3

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, average_processing_time_ms, cpu_usage_percent, memory_usage_mb
)
SELECT
    'agent-' || number,
    %(at)s,
    100 + 10 * sin(%(minute)s / 9.0 + number) + (number * 31 + %(minute)s * 17) %% 7,
    30 + (number * 13 + %(minute)s * 29) %% 11,
    400 + (number * 7 + %(minute)s * 5) %% 23
FROM generate_series(1, %(agents)s::integer) AS fleet (number)
"""


@dataclass(slots=True)
class Watch:
    """What was measured with one number of series."""

    series: int
    agents: int
    ticks: list[Sample] = field(default_factory=list)
    phases: list[Sample] = field(default_factory=list)
    minutes: list[Sample] = field(default_factory=list)
    replayed_minutes: list[Sample] = field(default_factory=list)
    bytes_per_series: float = 0

    def points_per_cpu_second(self, minutes: list[Sample]) -> float:
        """Points by the processor time of the backend, which other work on the machine spares."""
        return len(minutes) * self.series / sum(minute.cpu_seconds for minute in minutes)


@dataclass(slots=True)
class Collection:
    """A large fleet: the tick, and the watch that reads its heartbeats once more."""

    agents: int
    ticks: list[Sample] = field(default_factory=list)
    collections: list[Sample] = field(default_factory=list)


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--minutes", type=int, help="measured (default 16; quick 6)")
    options = options_parser.parse_args()
    options.minutes = options.minutes or (6 if options.quick else 16)
    options.series = [1_000] if options.quick else [1_000, 10_000]
    options.waiting = 1_000 if options.quick else 20_000
    options.fleet = 10_000 if options.quick else 100_000
    return options


def main() -> None:
    """Measure every size and report."""
    options = arguments()
    watches = []
    with running(options) as bench:
        for series in options.series:
            with bench.database(DATABASE):
                watches.append(measure_watch(bench, series, options.minutes))
        with bench.database(DATABASE):
            collection = measure_collection(bench, options.fleet)
        backlog = measure_backlog(bench, DATABASE, options.waiting, 50)
        ages = measure_ages(bench, DATABASE, 30 if options.quick else 90, 2_000)
        names = measure_names(bench, DATABASE, 300, 3 if options.quick else 10)
        figures = {
            "watches": [asdict(watch) for watch in watches],
            "fleet": asdict(collection),
            "backlog": asdict(backlog),
            "ages": [asdict(age) for age in ages],
            "names": asdict(names),
        }
        report(
            options,
            "series",
            bench,
            [
                watch_table(watches),
                collection_table(collection),
                backlog_table(backlog),
                ages_table(ages),
                names_table(names),
            ],
            goals(watches, backlog, ages, names),
            figures,
        )


def timed(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    """What a query cost, and its row."""
    rows: list[Any] = []

    def work() -> None:
        rows.append(connection.execute(query.encode(), parameters).fetchone())

    return measure(connection, work), rows[0]


def tick(connection: psycopg.Connection[Any], now: datetime) -> Sample:
    """Fold, judge and act, each committed."""
    fold, _ = timed(connection, "SELECT * FROM health_internal.fold_phase(%s, true)", now)
    act, _ = timed(connection, "SELECT * FROM health_internal.act_phase(%s)", now)
    return together([fold, act])


def prepare(connection: psycopg.Connection[Any], agents: int, start: datetime) -> None:
    """Agents that are known, and statistics."""
    connection.execute(REGISTER.encode(), (agents,))
    tick(connection, start)
    connection.execute("VACUUM (ANALYZE)")


def beat(
    connection: psycopg.Connection[Any], agents: int, start: datetime, minute: int, second: int
) -> None:
    """One heartbeat of every agent."""
    moment = start + timedelta(minutes=minute, seconds=second)
    connection.execute(BEAT.encode(), {"agents": agents, "minute": minute, "at": moment})


def measure_watch(bench: Bench, series: int, minutes: int) -> Watch:
    """Minute after minute, by turns within the budget and without."""
    watch = Watch(series, series // GAUGES + 1)
    # A full minute in the future, so that every row falls where it should.
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    warm_up = 4
    with bench.connect(DATABASE) as connection:
        prepare(connection, watch.agents, start)
        for minute in range(minutes + warm_up):
            for second in (10, 40):
                beat(connection, watch.agents, start, minute, second)
            now = start + timedelta(minutes=minute + 1, seconds=6)
            ticked = tick(connection, now)
            if minute < warm_up or minute % 2:
                sample, row = timed(
                    connection, "SELECT * FROM health_internal.series_phase(%s, true)", now
                )
                phases, points = [sample], row[0]
            else:
                phases, points = within_budget(connection, now)
            assert minute == 0 or points >= watch.series, f"only {points} points were judged"
            if minute < warm_up:
                continue
            watch.ticks.append(ticked)
            if minute % 2:
                watch.replayed_minutes += phases
            else:
                watch.phases += phases
                watch.minutes.append(together(phases))
        watch.bytes_per_series = (
            value(
                connection,
                "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(ARRAY["
                "'health_internal.series', 'health_internal.series_states']) AS t (name)",
            )
            / watch.series
        )
    print(
        f"{watch.series:,} series: {watch.points_per_cpu_second(watch.minutes):,.0f} points per "
        "processor second",
        flush=True,
    )
    return watch


def within_budget(connection: psycopg.Connection[Any], now: datetime) -> tuple[list[Sample], int]:
    """A phase a tick until nothing waits, as if a period had passed between them."""
    phases: list[Sample] = []
    points, is_unfinished = 0, True
    while is_unfinished:
        connection.execute(
            "UPDATE health_internal.series_cursor SET last_phase_at = clock_timestamp() - "
            "interval '1 hour'"
        )
        sample, row = timed(
            connection, "SELECT * FROM health_internal.series_phase(%s, false)", now
        )
        phases.append(sample)
        points += row[0]
        is_unfinished = row[1]
    return phases, points


def measure_collection(bench: Bench, agents: int) -> Collection:
    """Every agent beats once; the minute goes on, so nothing is judged."""
    collection = Collection(agents)
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    with bench.connect(DATABASE) as connection:
        prepare(connection, agents, start)
        for number in range(7):
            beat(connection, agents, start, 0, 6 + 5 * number)
            connection.execute("ANALYZE health.agent_heartbeats")
            now = start + timedelta(seconds=8 + 5 * number)
            ticked = tick(connection, now)
            # Small fleets wait for the end of the minute.
            connection.execute("UPDATE health_internal.series_cursor SET folded_total = -1e9")
            sample, _ = timed(
                connection, "SELECT * FROM health_internal.series_phase(%s, true)", now
            )
            if number > 1:
                collection.ticks.append(ticked)
                collection.collections.append(sample)
    return collection


def watch_table(watches: list[Watch]) -> Table:
    """Costs by number of series."""
    table = Table(
        "The watch over series",
        [
            "series", "agents", "tick CPU ms", "watch CPU ms a minute", "share of a core", "phases",
            "longest phase ms", "points/CPU s", "in replay", "WAL bytes/point", "bytes/series",
        ],
        note="Means of minutes. A phase has 10 % of a period of 1 s; the tick folds two "
        "heartbeats per agent. Points include collecting, detector, baseline and episodes.",
    )  # fmt: skip
    for watch in watches:
        minute = mean(sample.cpu_seconds for sample in watch.minutes)
        table.rows.append([
            f"{watch.series:,}",
            f"{watch.agents:,}",
            f"{mean(sample.cpu_seconds for sample in watch.ticks) * 1e3:.0f}",
            f"{minute * 1e3:.0f}",
            f"{minute / 60:.2%}",
            f"{len(watch.phases) / len(watch.minutes):.1f}",
            f"{max(sample.seconds for sample in watch.phases) * 1e3:.0f}",
            f"{watch.points_per_cpu_second(watch.minutes):,.0f}",
            f"{watch.points_per_cpu_second(watch.replayed_minutes):,.0f}",
            f"{together(watch.minutes).wal_bytes / len(watch.minutes) / watch.series:,.0f}",
            f"{watch.bytes_per_series:,.0f}",
        ])  # fmt: skip
    return table


def collection_table(collection: Collection) -> Table:
    """A fleet far beyond the limit."""
    mine, whole = together(collection.collections), together(collection.ticks)
    rounds = len(collection.ticks)
    return Table(
        "Reading a large fleet's heartbeats once more",
        ["agents beating", "tick CPU ms", "collecting CPU ms", "ratio", "µs/heartbeat"],
        [[
            f"{collection.agents:,}",
            f"{whole.cpu_seconds / rounds * 1e3:.0f}",
            f"{mine.cpu_seconds / rounds * 1e3:.0f}",
            ratio(mine.cpu_seconds, whole.cpu_seconds),
            f"{mine.cpu_seconds / rounds / collection.agents * 1e6:.2f}",
        ]],
        note="After the tick, in a transaction of its own; as many series are watched as "
        "settings.series_limit allows.",
    )  # fmt: skip


def goals(watches: list[Watch], backlog: Backlog, ages: list[Age], names: Names) -> list[Goal]:
    """Ten per cent of the period, in quiet and under a backlog; names are bounded."""
    found = []
    for watch in watches:
        share = mean(sample.cpu_seconds for sample in watch.minutes) / 60
        found.append(
            Goal(f"watch over {watch.series:,} series", "≤ 10 %", f"{share:.2%}", share <= 0.1)
        )
    is_shown = backlog.lag_before > backlog.lag_after >= 0
    is_done = backlog.left_over == 0 and backlog.judged >= backlog.points
    return [
        *found,
        Goal(f"of the period, while {backlog.points:,} points wait", "≤ 12 %",
             f"{backlog.share:.1%}", backlog.share <= 0.12),
        Goal("points of the backlog judged, each once", f"{backlog.points:,}",
             f"{backlog.judged:,}", is_done),
        Goal("the lag is shown, and falls", "yes",
             f"{backlog.lag_before:.0f} s, then {backlog.lag_after:.0f} s", is_shown),
        Goal("a point after 1,800 values beside one after 200", "≤ 1.25 x",
             ratio(ages[-1].microseconds, ages[1].microseconds),
             ages[-1].microseconds <= 1.25 * ages[1].microseconds),
        Goal("rows that say which names are left out, of 1,000 names a minute", "1 or 2",
             f"{names.refusals}", 1 <= names.refusals <= 2),
        Goal("a new name", "≤ 200 µs", f"{names.microseconds:.0f} µs", names.microseconds <= 200),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
