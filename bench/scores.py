"""What a sample of the scores costs, and how large the history of them becomes.

100,000 agents: none of which has changed since the last sample, then one in a hundred, then all.
The baseline of the same run is a bare INSERT of the same rows into a table of the same shape.
"""

from __future__ import annotations

from typing import Any

from common import Goal, Table, measure, parser, report, running, typical, value

DATABASE = "hha_bench_scores"
RUNS = 5

AGENTS = """
INSERT INTO health.agents (agent_id, agent_name)
SELECT 'agent-' || n, 'Agent ' || n FROM generate_series(1, %s::integer) AS n
"""

BEATS = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, error_count, work_items_processed, cpu_usage_percent,
    average_processing_time_ms, memory_usage_mb, memory_limit_mb, user_satisfaction
)
SELECT 'agent-' || n, clock_timestamp(), 0, 1, 20 + n %% 80, 100, 500, 1000, 90
FROM generate_series(1, %s::integer) AS n
"""

#: Each round moves the scores of a share of the agents by a point.
CHANGE = """
UPDATE health.agent_status
SET error_rate = 90 - %(round)s, score = score - 1
WHERE hashtext(agent_id) %% 100 < %(percent)s AND hashtext(agent_id) %% 100 >= 0
    OR %(percent)s = 100
"""

SAMPLE = "SELECT health_internal.sample_scores(clock_timestamp())"

BARE = """
INSERT INTO bare_scores
SELECT clock_timestamp(), policy_id, score, gate, heartbeat_consistency, performance_metrics,
    error_rate, resource_efficiency, business_impact, agent_id
FROM health.agent_status
"""


def main() -> None:
    """Samples, sizes, one agent's week."""
    options = parser(__doc__ or "").parse_args()
    agents = 10_000 if options.quick else 100_000
    rows: list[list[str]] = []
    figures: dict[str, Any] = {"agents": agents}
    with running(options) as bench, bench.database(DATABASE), bench.connect(DATABASE) as link:
        link.execute("CALL health.run_housekeeping()")
        link.execute(AGENTS.encode(), (agents,))
        link.execute(BEATS.encode(), (agents,))
        link.execute("SELECT health.tick()")
        link.execute("CREATE TABLE bare_scores (LIKE health.score_history)")
        link.execute("ALTER TABLE bare_scores ADD PRIMARY KEY (agent_id, sampled_at)")
        link.execute("VACUUM ANALYZE")

        def note(what: str, samples: list[Any]) -> float:
            cost = typical(samples)
            share = 100_000 / agents
            rows.append(
                [
                    what,
                    f"{cost.seconds * share * 1000:,.0f} ms",
                    f"{cost.cpu_seconds * share * 1000:,.0f} ms",
                    f"{cost.wal_bytes * share / 1e6:,.1f} MB",
                ]
            )
            figures[what] = cost.cpu_seconds * share
            return cost.cpu_seconds * share

        note("the first sample", [measure(link, lambda: link.execute(SAMPLE))])
        costs: dict[int, float] = {}
        number = 0
        for percent in (0, 1, 100):
            samples = []
            for _ in range(RUNS):
                number += 1
                link.execute(CHANGE.encode(), {"round": number, "percent": percent})
                samples.append(measure(link, lambda: link.execute(SAMPLE)))
            costs[percent] = note(f"a sample, {percent} % have changed", samples)
        bare = [measure(link, lambda: link.execute(BARE.encode())) for _ in range(RUNS)]
        note("bare INSERT of all, baseline", bare)
        kept = value(link, "SELECT count(*) FROM health.score_history")
        size = value(
            link,
            "SELECT sum(pg_total_relation_size(relid))"
            " FROM pg_partition_tree('health.score_history')",
        )
        read = typical(
            [
                measure(
                    link,
                    lambda: link.execute(
                        "SELECT * FROM health.score_between('agent-77', now() - interval '7 days',"
                        " clock_timestamp(), '30 minutes')"
                    ).fetchall(),
                )
                for _ in range(RUNS)
            ]
        )
        figures["bytes_per_row"] = float(size) / kept
        figures["week_ms"] = read.seconds * 1000
        title = f"The score over time, {agents:,} agents"
        report(
            options,
            "scores",
            bench,
            [
                Table(f"{title}: per 100,000", ["", "time", "CPU", "WAL"], rows),
                Table(
                    title,
                    ["", ""],
                    [
                        ["bytes of a row with its index", f"{float(size) / kept:,.0f}"],
                        ["a week of one agent in half hours", f"{read.seconds * 1000:,.1f} ms"],
                    ],
                ),
            ],
            [
                Goal(
                    "a sample of 100,000, none changed",
                    "≤ 600 ms CPU (1 % of a minute)",
                    f"{costs[0] * 1000:,.0f} ms",
                    None if options.quick else costs[0] <= 0.6,
                ),
                Goal(
                    "a sample of 100,000, all changed",
                    "≤ 600 ms CPU",
                    f"{costs[100] * 1000:,.0f} ms",
                    None if options.quick else costs[100] <= 0.6,
                ),
            ],
            figures,
        )


if __name__ == "__main__":
    main()
