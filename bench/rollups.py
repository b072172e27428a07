"""What it costs to roll up hours and days, and to ask for a month and two years of them.

A fleet that falls silent now and then; every agent beats once a minute in the hour whose beats
are counted. Figures are per 10,000 agent-hours, medians of several hours.
"""

from __future__ import annotations

from typing import Any

from common import Goal, Table, measure, parser, report, running, typical, value

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


def main() -> None:
    """Hours, heartbeats, days, questions."""
    options = parser(__doc__ or "").parse_args()
    agents, days = (1_000, 8) if options.quick else (10_000, 10)
    rows: list[list[str]] = []
    figures: dict[str, Any] = {"agents": agents, "days": days}

    def note(what: str, agent_hours: float, samples: list[Any]) -> None:
        cost = typical(samples)
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
    with running(options) as bench, bench.database(DATABASE), bench.connect(DATABASE) as link:
        for statement in HISTORY.split(";"):
            link.execute(statement.encode(), {"agents": agents, "days": days})
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
            for number in range(9)
        ]
        note("an hour from transitions", agents, hours)
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
        note("an hour of heartbeats, one a minute", agents, [beats])
        whole = measure(
            link,
            lambda: link.execute(
                "DO $$ BEGIN WHILE health_internal.roll_up_step(clock_timestamp()) LOOP END LOOP;"
                " END $$"
            ),
        )
        note(f"{days} days missed, made at once", agents * 24 * days, [whole])
        link.execute("VACUUM ANALYZE health.agent_days")
        for what, query in QUESTIONS.items():
            samples = [
                measure(link, lambda q=query: link.execute(q.encode(), (days,))) for _ in range(3)
            ]
            asked.append([what, f"{typical(samples).seconds * 1000:,.0f} ms"])
            figures[what] = typical(samples).seconds
        size = value(link, "SELECT pg_total_relation_size('health.agent_days')")
        day_rows = value(link, "SELECT count(*) FROM health.agent_days")
        asked.append(
            ["agent_days of two years", f"{size / max(day_rows, 1) * agents * 730 / 1e6:,.0f} MB"]
        )
        title = f"Roll-ups, {agents:,} agents"
        report(
            options,
            "rollups",
            bench,
            [
                Table(f"{title}: per 10,000 agent-hours", ["", "time", "CPU", "WAL"], rows),
                Table(f"{title} over {days} days", ["", ""], asked),
            ],
            [
                Goal(
                    "an hour of 10,000 agents, transitions and heartbeats",
                    "at most 36 s (1 % of the hour)",
                    f"{figures[rows[0][0]] + figures[rows[1][0]]:.1f} s",
                    None if options.quick else figures[rows[0][0]] + figures[rows[1][0]] <= 36,
                )
            ],
            figures,
        )


if __name__ == "__main__":
    main()
