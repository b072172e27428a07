"""What it costs to roll up hours and days, and to ask for a month and two years of them.

A fleet that falls silent now and then; every agent beats once a minute in the hour whose beats
are counted. Fleets of several sizes show whether the cost grows as agents do; the other figures are
per 10,000 agent-hours, medians of several hours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from common import Goal, Sample, Table, measure, parser, report, running, typical, value

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_rollups"

HISTORY = """
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour)
SELECT 'agent-' || n, 'Agent ' || n, n %% 10 FROM generate_series(1, %(agents)s) AS n;
INSERT INTO health.status_transitions (
    agent_id, occurred_at, old_liveness, new_liveness, new_status, new_score, issue_type,
    last_heartbeat_at
)
SELECT
    'agent-' || n, now() - make_interval(days => %(days)s) + at.since, 'alive', at.became,
    at.status, at.score, at.issue, now() - make_interval(days => %(days)s) + at.since
FROM generate_series(1, %(agents)s) AS n
CROSS JOIN LATERAL (
    SELECT interval '0' AS since, 'alive' AS became, 'excellent' AS status, 100 AS score,
        NULL AS issue
    UNION ALL
    SELECT make_interval(days => day, secs => (n * 7919) %% 86000), 'unresponsive', 'critical', 0,
        'agent_unresponsive'
    FROM generate_series(0, %(days)s - 1) AS day WHERE (n + day) %% 7 = 0
    UNION ALL
    SELECT make_interval(days => day, secs => (n * 7919) %% 86000 + 120), 'alive', 'excellent', 100,
        NULL
    FROM generate_series(0, %(days)s - 1) AS day WHERE (n + day) %% 7 = 0
) AS at
ORDER BY at.since;
ANALYZE
"""

BEATS = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent
)
SELECT 'agent-' || n, hour + make_interval(mins => m), 'running', 0, m, 20
FROM generate_series(1, %s::integer) AS n, generate_series(0, 59) AS m,
    date_trunc('hour', now() - interval '3 hours') AS hour
"""

QUESTIONS = {
    "availability of all, whole period": """
        SELECT count(*)
        FROM health.availability_between(now() - make_interval(days => %s), now())
    """,
    "the same from transitions": """
        SELECT count(*) FROM health_internal.service_seconds_measured(
            now() - make_interval(days => %s), now(), NULL)
    """,
    "executive report": """
        SELECT health.executive_report(now() - make_interval(days => %s), now()) IS NULL
    """,
}


@dataclass(frozen=True, slots=True)
class Hour:
    """What one hour of a fleet costs to roll up."""

    agents: int
    transitions: Sample
    heartbeats: Sample

    @property
    def seconds(self) -> float:
        """Both parts."""
        return self.transitions.seconds + self.heartbeats.seconds

    @property
    def cpu_seconds(self) -> float:
        """Both parts."""
        return self.transitions.cpu_seconds + self.heartbeats.cpu_seconds


def make_history(link: psycopg.Connection[Any], agents: int, days: int) -> None:
    """Agents and their transitions."""
    for statement in HISTORY.split(";"):
        link.execute(statement.encode(), {"agents": agents, "days": days})


def roll_up_hour(link: psycopg.Connection[Any], agents: int, rounds: int) -> Hour:
    """Hours from transitions, one after the other, and one partition of heartbeats."""
    hours = [
        measure(
            link,
            lambda n=number: link.execute(
                "SELECT health_internal.roll_up_hours(date_trunc('hour', now())"
                " - make_interval(hours => %s + 3), date_trunc('hour', now())"
                " - make_interval(hours => %s + 2))",
                (n, n),
            ),
        )
        for number in range(rounds)
    ]
    link.execute(
        "SELECT health.load_history(date_trunc('hour', now() - interval '3 hours'),"
        " date_trunc('hour', now() - interval '2 hours'))"
    )
    link.execute(BEATS.encode(), (agents,))
    link.execute("ANALYZE")
    name = value(
        link,
        "SELECT partition_name FROM health_internal.partitions WHERE table_name ="
        " 'agent_heartbeats' AND from_at <= now() - interval '3 hours'"
        " ORDER BY from_at DESC LIMIT 1",
    )
    beats = measure(
        link,
        lambda: link.execute("SELECT health_internal.roll_up_heartbeats(%s, now())", (name,)),
    )
    return Hour(agents, typical(hours), beats)


def hours_table(hours: list[Hour]) -> Table:
    """By size of the fleet, so that it shows whether cost grows as agents do."""
    table = Table(
        "An hour rolled up, by size of the fleet",
        ["agents", "from transitions", "heartbeats, one a minute", "both, CPU",
         "of an hour of a core", "CPU µs/agent"],
    )  # fmt: skip
    for hour in hours:
        table.rows.append([
            f"{hour.agents:,}",
            f"{hour.transitions.seconds * 1000:,.0f} ms",
            f"{hour.heartbeats.seconds * 1000:,.0f} ms",
            f"{hour.cpu_seconds * 1000:,.0f} ms",
            f"{hour.cpu_seconds / 3600:.2%}",
            f"{hour.cpu_seconds / hour.agents * 1e6:,.0f}",
        ])  # fmt: skip
    return table


def main() -> None:
    """Hours, heartbeats, days, questions; then one hour of other fleets."""
    options = parser(__doc__ or "").parse_args()
    agents, days = (1_000, 8) if options.quick else (10_000, 10)
    others = [300] if options.quick else [1_000, 100_000]
    rows: list[list[str]] = []
    figures: dict[str, Any] = {"agents": agents, "days": days}

    def note(what: str, agent_hours: float, cost: Sample) -> None:
        share = 10_000 / agent_hours
        rows.append(
            [
                what,
                f"{cost.seconds * share * 1000:,.0f} ms",
                f"{cost.cpu_seconds * share * 1000:,.0f} ms",
                f"{cost.wal_bytes * share / 1e6:,.1f} MB",
            ]
        )
        figures[what] = cost.seconds * share

    asked: list[list[str]] = []
    with running(options) as bench:
        with bench.database(DATABASE), bench.connect(DATABASE) as link:
            make_history(link, agents, days)
            hours = [roll_up_hour(link, agents, 9)]
            note("an hour from transitions", agents, hours[0].transitions)
            note("an hour of heartbeats, one a minute", agents, hours[0].heartbeats)
            whole = measure(
                link,
                lambda: link.execute(
                    "DO $$ BEGIN WHILE health_internal.roll_up_step(clock_timestamp()) LOOP"
                    " END LOOP; END $$"
                ),
            )
            note(f"{days} days missed, made at once", agents * 24 * days, whole)
            link.execute("VACUUM ANALYZE health.agent_days")
            for what, query in QUESTIONS.items():
                samples = [
                    measure(link, lambda q=query: link.execute(q.encode(), (days,)))
                    for _ in range(3)
                ]
                asked.append([what, f"{typical(samples).seconds * 1000:,.0f} ms"])
                figures[what] = typical(samples).seconds
            size = value(link, "SELECT pg_total_relation_size('health.agent_days')")
            day_rows = value(link, "SELECT count(*) FROM health.agent_days")
            asked.append(
                [
                    "agent_days of two years",
                    f"{size / max(day_rows, 1) * agents * 730 / 1e6:,.0f} MB",
                ]
            )
        for count in others:
            with bench.database(DATABASE), bench.connect(DATABASE) as link:
                make_history(link, count, 1)
                hours.append(roll_up_hour(link, count, 3))
        hours.sort(key=lambda hour: hour.agents)
        figures["hours"] = [asdict(hour) for hour in hours]
        title = f"Roll-ups, {agents:,} agents"
        least, most = hours[0], hours[-1]
        slope = (most.cpu_seconds / most.agents) / (least.cpu_seconds / least.agents)
        report(
            options,
            "rollups",
            bench,
            [
                hours_table(hours),
                Table(f"{title}: per 10,000 agent-hours", ["", "time", "CPU", "WAL"], rows),
                Table(f"{title} over {days} days", ["", ""], asked),
            ],
            [
                Goal(
                    f"an hour of {most.agents:,} agents, transitions and heartbeats",
                    "at most 36 s of one core (1 % of the hour)",
                    f"{most.cpu_seconds:.1f} s, in {most.seconds:.1f} s",
                    None if options.quick else most.cpu_seconds <= 36,
                ),
                Goal(
                    f"CPU per agent, {most.agents:,} beside {least.agents:,} agents",
                    "≤ 1.3 x",
                    f"{slope:.2f} x",
                    None if options.quick else slope <= 1.3,
                ),
            ],
            figures,
        )


if __name__ == "__main__":
    main()
