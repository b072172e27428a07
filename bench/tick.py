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
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from common import Bench, Sample, measure, parser, report, running, typical, value
from tick_report import Fleet, beating_goals, beating_table, idle_goals, idle_table

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_tick"
INTERVAL = timedelta(seconds=30)

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


if __name__ == "__main__":
    main()
