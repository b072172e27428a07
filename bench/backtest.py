"""A backtest over stored history: what it costs, beside the live ticks that made that history.

Agents beat each 30 s for a while and the engine ticks each second (p_now moves, nothing sleeps);
one in a hundred falls silent for two minutes. Then the same time is replayed under the live policy,
at the same step and at a coarser one. Both must tell of the same transitions at the same step.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from common import Bench, Goal, Sample, Table, measure, parser, ratio, report, running, value

DATABASE = "hha_bench_backtest"
START = datetime(2031, 5, 6, 7, tzinfo=UTC)

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

#: Who beats in one second: a thirtieth of the fleet.
BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, work_items_processed, average_processing_time_ms, cpu_usage_percent,
    error_count
)
SELECT 'agent-' || number, %(at)s::timestamptz, %(second)s::bigint * 10, 100, 20, 0
FROM generate_series(1, %(agents)s::integer) AS fleet (number)
WHERE number %% 30 = %(second)s %% 30
    AND NOT (number %% 100 = 7 AND %(second)s BETWEEN 120 AND 240)
"""

BACKTEST = "SELECT transition_count, tick_count FROM health.backtest('live', %s, %s, %s, '0 s')"
TRANSITIONS = """
SELECT count(*) FROM health.status_transitions
WHERE agent_id <> 'heartbeat_health_agent' AND occurred_at > %s AND occurred_at <= %s
"""


@dataclass(slots=True)
class Replay:
    """One backtest: how much, at which step, and what it cost."""

    agents: int
    minutes: int
    step_seconds: int
    ticks: int
    transitions: int
    cost: Sample


def history(bench: Bench, agents: int, minutes: int) -> tuple[Sample, int, list[Replay]]:
    """Live ticks, then the same time replayed; the cost of the live ones and their transitions."""
    until = START + timedelta(minutes=minutes)
    with bench.connect(DATABASE) as connection:
        connection.execute(REGISTER, (agents,))

        def live() -> None:
            for second in range(60 * minutes + 1):
                now = START + timedelta(seconds=second)
                connection.execute(BEAT, {"at": now, "second": second, "agents": agents})
                connection.execute("SELECT health.tick(%s)", (now,))

        cost = measure(connection, live)
        made = int(value(connection, TRANSITIONS, START, until))
        replays = []
        for step in (1, 10, 30):
            rows: list[tuple[int, int]] = []

            def replay(step: int = step, rows: list[tuple[int, int]] = rows) -> None:
                found = connection.execute(
                    BACKTEST, (START, until, timedelta(seconds=step))
                ).fetchone()
                assert found is not None
                rows.append((found[0], found[1]))

            sample = measure(connection, replay)
            replays.append(Replay(agents, minutes, step, rows[0][1], rows[0][0], sample))
    return cost, made, replays


def main() -> None:
    """A small fleet for longer, a larger one for a shorter time."""
    options = parser(__doc__ or "").parse_args()
    sizes = [(20, 5)] if options.quick else [(100, 30), (1_000, 10), (10_000, 5)]
    table = Table(
        "A backtest beside the live ticks that made its history",
        ["agents x minutes", "step s", "ticks", "s", "cpu s", "agent-hours/s", "of live cpu"],
        note="The first row of each size is live: INSERTs and ticks, each committed. "
        "agent-hours/s: how much history is replayed per second on one core.",
    )
    goals = []
    figures = []
    with running(options) as bench:
        for agents, minutes in sizes:
            with bench.database(DATABASE):
                cost, made, replays = history(bench, agents, minutes)
            size = f"{agents:,} x {minutes}"
            hours = agents * minutes / 60
            table.rows.append([
                f"{size} live", "1", f"{60 * minutes + 1}", f"{cost.seconds:.1f}",
                f"{cost.cpu_seconds:.1f}", f"{hours / cost.cpu_seconds:.1f}", "",
            ])  # fmt: skip
            for found in replays:
                table.rows.append([
                    size, str(found.step_seconds), str(found.ticks), f"{found.cost.seconds:.1f}",
                    f"{found.cost.cpu_seconds:.1f}", f"{hours / found.cost.cpu_seconds:.1f}",
                    ratio(found.cost.cpu_seconds, cost.cpu_seconds),
                ])  # fmt: skip
                figures.append({**asdict(found), "live": asdict(cost), "live_transitions": made})
            goals.append(
                Goal(
                    f"{size} min: transitions replayed at the live step",
                    str(made),
                    str(replays[0].transitions),
                    replays[0].transitions == made,
                )
            )
        report(options, "backtest", bench, [table], goals, {"replays": figures})


if __name__ == "__main__":
    main()
