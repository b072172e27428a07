"""What a tick costs, beside a bare UPDATE of the same rows in the same state.

Every agent beats: one heartbeat of each agent, in an order unlike the table's, then health.tick.
The baseline changes five columns of every row of agent_status, triggers off, right after the tick
(each page then holds the same live and dead versions the tick found) in a committed transaction of
its own, and a second one changes them back; both are timed. No VACUUM between rounds.
Idle: nothing new and nobody due; the baseline is one sequential scan of agent_status.
No series is watched: what that costs beside the tick is measured by bench/series.py.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from common import (
    Bench,
    Goal,
    Sample,
    Table,
    measure,
    parser,
    ratio,
    report,
    running,
    typical,
    value,
)

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_tick"
INTERVAL = timedelta(seconds=30)
FIXED_COST_SECONDS = 0.010

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

# 7,919 is a prime and no divisor of the sizes: every agent once, in scattered order.
BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, state, sent_at, received_at, work_items_processed, average_processing_time_ms,
    cpu_usage_percent, memory_usage_mb, memory_limit_mb, error_count, cost_efficiency,
    user_satisfaction, operational_efficiency, revenue_impact_usd, run_id
)
SELECT
    'agent-' || agent.number,
    'running',
    beat.at,
    beat.at,
    %(round)s::bigint * 10 + agent.number %% 7,
    100 + agent.number %% 50 + %(round)s,
    20 + agent.number %% 30,
    400 + agent.number %% 100 + %(round)s,
    2048,
    %(round)s / 5,
    90, 95, 90, 12.5,
    '2026-01-01T00:00:00Z-' || agent.number
FROM generate_series(1, %(agents)s::integer) AS arrival (position)
CROSS JOIN LATERAL (
    SELECT 1 + (arrival.position::bigint * 7919) %% %(agents)s::integer AS number
) AS agent
CROSS JOIN LATERAL (
    SELECT %(from)s::timestamptz
        + arrival.position / %(agents)s::float8 * interval '2 seconds' AS at
) AS beat
"""

# Whole numbers and times, so that there and back again is exactly where it was.
BARE_UPDATE = """
UPDATE health.agent_status SET
    judged_at = judged_at + %(sign)s * interval '1 second',
    last_heartbeat_at = last_heartbeat_at + %(sign)s * interval '1 second',
    first_heartbeat_at = first_heartbeat_at + %(sign)s * interval '1 second',
    beat_count = beat_count + %(sign)s,
    gap_count = gap_count + %(sign)s
"""

COUNTERS = """
SELECT n_tup_upd, n_tup_hot_upd
FROM pg_stat_user_tables
WHERE relid = 'health.agent_status'::regclass
"""


@dataclass(slots=True)
class Fleet:
    """What was measured with one number of agents."""

    agents: int
    first_tick: Sample | None = None
    ticks: list[Sample] = field(default_factory=list)
    bare_updates: list[Sample] = field(default_factory=list)
    hot_shares: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    idle_ticks: list[Sample] = field(default_factory=list)
    scans: list[Sample] = field(default_factory=list)


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument(
        "--agents",
        type=lambda text: sorted(int(part.replace("_", "")) for part in text.split(",")),
        help="numbers of agents (default 10000,100000,1000000; quick 10000,100000)",
    )
    options_parser.add_argument("--rounds", type=int, help="after the first (default 5; quick 3)")
    options = options_parser.parse_args()
    options.agents = options.agents or [10_000, 100_000, *([] if options.quick else [1_000_000])]
    options.rounds = options.rounds or (3 if options.quick else 5)
    return options


def main() -> None:
    """Measure every size and report."""
    options = arguments()
    fleets = []
    with running(options) as bench:
        with bench.database(DATABASE), bench.connect(DATABASE) as connection:
            fixed = fixed_cost(connection)
        for agents in options.agents:
            with bench.database(DATABASE):
                fleets.append(measure_fleet(bench, agents, options.rounds))
        tables = [beating_table(fleets, fixed), idle_table(fleets)]
        goals = beating_goals(fleets, fixed) + idle_goals(fleets)
        figures = {"fixed_cost": asdict(fixed), "fleets": [asdict(fleet) for fleet in fleets]}
        report(options, "tick", bench, tables, goals, figures)


def tick(connection: psycopg.Connection[Any], now: datetime) -> tuple[Sample, Any]:
    """One tick in a transaction of its own, and the row it returns."""
    rows: list[Any] = []

    def work() -> None:
        rows.append(connection.execute("SELECT * FROM health.tick(%s, true)", (now,)).fetchone())

    return measure(connection, work), rows[0]


def watch_nothing(connection: psycopg.Connection[Any]) -> None:
    """A replaying tick would judge all its series at once, whatever its budget."""
    connection.execute("UPDATE health.settings SET series_limit = 0")


def fixed_cost(connection: psycopg.Connection[Any]) -> Sample:
    """A tick that folds one heartbeat of a fleet of one, after some to warm up."""
    watch_nothing(connection)
    start = datetime.now(UTC)
    samples = []
    for number in range(15):
        now = start + number * INTERVAL
        beat(connection, 1, number, now)
        samples.append(tick(connection, now + timedelta(seconds=3))[0])
    return typical(samples[5:])


def beat(connection: psycopg.Connection[Any], agents: int, number: int, start: datetime) -> None:
    """One heartbeat of every agent within two seconds from ``start``."""
    connection.execute(BEAT.encode(), {"agents": agents, "round": number, "from": start})


def measure_fleet(bench: Bench, agents: int, rounds: int) -> Fleet:
    """Register, beat, tick, update bare; then idle."""
    fleet = Fleet(agents)
    start = datetime.now(UTC)
    with bench.connect(DATABASE) as connection, bench.connect(DATABASE) as bare:
        # The bare one: no triggers, one process.
        bare.execute("SET session_replication_role = replica")
        bare.execute("SET max_parallel_workers_per_gather = 0")
        watch_nothing(connection)
        connection.execute(REGISTER.encode(), (agents,))
        registered, _ = tick(connection, start)
        print(
            f"\n{agents:,} agents: registered in a tick of {registered.seconds:.2f} s", flush=True
        )
        connection.execute("VACUUM (ANALYZE)")
        for number in range(rounds + 1):
            now = start + (number + 1) * INTERVAL
            beat(connection, agents, number, now)
            connection.execute("ANALYZE health.agent_heartbeats")
            connection.execute("CHECKPOINT")
            updated_before, hot_before = updates(connection)
            sample, row = tick(connection, now + timedelta(seconds=3))
            updated, hot = updates(connection)
            updated, hot = updated - updated_before, hot - hot_before
            assert row[2] >= agents, f"the tick judged {row[2]} agents"
            size = value(connection, "SELECT pg_relation_size('health.agent_status')")
            print(
                f"  round {number}: tick {sample.seconds:.3f} s (CPU {sample.cpu_seconds:.2f} s), "
                f"{hot / max(updated, 1):.1%} of {updated:,} updates HOT, "
                f"agent_status {size / 1e6:.1f} MB, alerts {row[3]}",
                flush=True,
            )
            bare_samples = [bare_update(bare, sign) for sign in (1, -1)]
            if number == 0:
                fleet.first_tick = sample
            else:
                fleet.ticks.append(sample)
                fleet.bare_updates += bare_samples
                fleet.hot_shares.append(hot / max(updated, 1))
            fleet.sizes.append(size)
        idle(connection, bare, fleet, start + (rounds + 1) * INTERVAL + timedelta(seconds=3))
    return fleet


def bare_update(bare: psycopg.Connection[Any], sign: int) -> Sample:
    """Five columns of every row, committed."""
    return measure(bare, lambda: bare.execute(BARE_UPDATE.encode(), {"sign": sign}))


def updates(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Updates of agent_status so far, and how many of them were HOT."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    row = connection.execute(COUNTERS.encode()).fetchone()
    assert row is not None
    return row[0], row[1]


def idle(
    connection: psycopg.Connection[Any],
    bare: psycopg.Connection[Any],
    fleet: Fleet,
    last: datetime,
) -> None:
    """Ticks a second apart with nothing to do, each beside one scan."""
    scan = b"SELECT count(*) FROM health.agent_status WHERE next_due_at <= '2000-01-01'"
    for number in range(1, 12):
        sample, row = tick(connection, last + timedelta(seconds=number))
        # The engine's own heartbeat may fall into one of them.
        if row[2] <= 1 and number > 1:
            fleet.idle_ticks.append(sample)
        fleet.scans.append(measure(bare, lambda: bare.execute(scan)))
    assert fleet.idle_ticks, "no tick was idle: agents were due"


def slope(fleet: Fleet, fixed: Sample) -> float:
    """Seconds per agent beyond the fixed cost."""
    return max(typical(fleet.ticks).seconds - fixed.seconds, 1e-9) / fleet.agents


def beating_table(fleets: list[Fleet], fixed: Sample) -> Table:
    """Every agent beats."""
    table = Table(
        "Tick, every agent beating once",
        [
            "agents", "tick s", "CPU s", "bare UPDATE s", "CPU s", "ratio", "CPU ratio",
            "µs/agent", "WAL bytes/agent", "HOT", "agent_status MB, first → last",
        ],
        note="Medians of the rounds after the first; bare UPDATE of five columns of the same rows, "
        f"right after each tick. A tick with one agent takes {fixed.seconds * 1e3:.1f} ms.",
    )  # fmt: skip
    for fleet in fleets:
        mine, bare = typical(fleet.ticks), typical(fleet.bare_updates)
        table.rows.append([
            f"{fleet.agents:,}",
            f"{mine.seconds:.3f}",
            f"{mine.cpu_seconds:.2f}",
            f"{bare.seconds:.3f}",
            f"{bare.cpu_seconds:.2f}",
            ratio(mine.seconds, bare.seconds),
            ratio(mine.cpu_seconds, bare.cpu_seconds),
            f"{slope(fleet, fixed) * 1e6:.2f}",
            f"{mine.wal_bytes / fleet.agents:.0f}",
            f"{min(fleet.hot_shares):.1%}",
            f"{fleet.sizes[0] / 1e6:.1f} → {fleet.sizes[-1] / 1e6:.1f}",
        ])  # fmt: skip
    return table


def beating_goals(fleets: list[Fleet], fixed: Sample) -> list[Goal]:
    """Limits of time, ratio, HOT, growth and slope."""
    limits = {100_000: 1.0, 1_000_000: 10.0}
    goals = []
    for fleet in fleets:
        mine, bare = typical(fleet.ticks), typical(fleet.bare_updates)
        name = f"tick of {fleet.agents:,}"
        if fleet.agents in limits:
            limit = limits[fleet.agents]
            goals.append(
                Goal(name, f"≤ {limit:.0f} s", f"{mine.seconds:.2f} s", mine.seconds <= limit)
            )
        times = mine.seconds / bare.seconds
        goals.append(Goal(f"{name} / bare UPDATE", "≤ 4 x", f"{times:.1f} x", times <= 4))
        worst = min(fleet.hot_shares)
        goals.append(
            Goal(f"{name}, HOT after the first round", "100 %", f"{worst:.2%}", worst == 1)
        )
        growth = fleet.sizes[-1] / fleet.sizes[1]
        goals.append(
            Goal(
                f"{name}, growth after the first round",
                "≤ 1.001 x",
                f"{growth:.4f} x",
                growth <= 1.001,
            )
        )
    slopes = [slope(fleet, fixed) for fleet in fleets]
    spread = max(slopes) / min(slopes)
    is_whole = fleets[0].agents <= 10_000 and fleets[-1].agents >= 1_000_000
    goals.append(
        Goal(
            f"slope per agent, {fleets[0].agents:,} to {fleets[-1].agents:,}",
            "≤ 1.3 x",
            f"{spread:.2f} x",
            (spread <= 1.3) if is_whole else None,
        )
    )
    goals.append(
        Goal(
            "fixed cost of a tick",
            "≤ 10 ms",
            f"{fixed.seconds * 1e3:.1f} ms",
            fixed.seconds <= FIXED_COST_SECONDS,
        )
    )
    return goals


def idle_table(fleets: list[Fleet]) -> Table:
    """Nothing to do."""
    table = Table(
        "Idle tick, nothing new and nobody due",
        ["agents", "tick ms", "CPU ms", "one sequential scan ms", "ratio", "WAL bytes/tick"],
        note="Medians of ticks a second apart; the scan by one process.",
    )
    for fleet in fleets:
        mine, scan = typical(fleet.idle_ticks), typical(fleet.scans)
        table.rows.append([
            f"{fleet.agents:,}",
            f"{mine.seconds * 1e3:.1f}",
            f"{mine.cpu_seconds * 1e3:.0f}",
            f"{scan.seconds * 1e3:.1f}",
            ratio(mine.seconds, scan.seconds),
            f"{mine.wal_bytes:,}",
        ])  # fmt: skip
    return table


def idle_goals(fleets: list[Fleet]) -> list[Goal]:
    """10 ms at 10,000 agents, 300 ms at 1,000,000."""
    limits = {10_000: 0.010, 1_000_000: 0.300}
    goals = []
    for fleet in fleets:
        if (limit := limits.get(fleet.agents)) is not None:
            mine = typical(fleet.idle_ticks).seconds
            goals.append(
                Goal(
                    f"idle tick of {fleet.agents:,}",
                    f"≤ {limit * 1e3:.0f} ms",
                    f"{mine * 1e3:.1f} ms",
                    mine <= limit,
                )
            )
    return goals


if __name__ == "__main__":
    main()
