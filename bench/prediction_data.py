"""What bench/prediction.py trains on: the Azure set, C-MAPSS FD001, and fleets drawn by hashes."""

from __future__ import annotations

import csv
import gzip
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import psycopg

START = datetime(2015, 1, 1, tzinfo=UTC)

COPY_METRICS = """
COPY health.performance_metrics (agent_id, metric_name, metric_value, received_at) FROM STDIN
"""


def load_azure(connection: psycopg.Connection[Any], folder: Path, machines: range) -> None:
    """These machines, each row received when it happened."""
    wanted = {str(machine) for machine in machines}
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SELECT health.load_history('2014-05-01', '2016-02-01')")

    def rows(name: str, column: str = "machineID") -> Iterable[dict[str, str]]:
        with (folder / name).open(encoding="utf-8") as file:
            first, *names = file.readline().strip().split(",")
            fields = [first, *names]
            column = column if column in fields else fields[0]
            for row in csv.DictReader(file, fields):
                if row[column] in wanted:
                    yield {**row, "machine": row[column]}

    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO health.agents (agent_id, agent_name, labels)
            VALUES (%s, %s, jsonb_build_object('model', %s::text, 'age', %s::integer))
            """,
            [
                (row["machine"], row["machine"], row["model"], row["age"])
                for row in rows("machines.csv")
            ],
        )
        with cursor.copy(COPY_METRICS) as copy:
            for row in rows("telemetry_mean24h.csv"):
                for name in ("volt", "rotate", "pressure", "vibration"):
                    copy.write_row((row["machine"], name, row[name], row["window_end"]))
        with cursor.copy(
            "COPY health.system_events (agent_id, event_type, event_data, received_at) FROM STDIN"
        ) as copy:
            for name, kind, column, key in (
                ("errors.csv", "error", "errorID", "code"),
                ("maint.csv", "maintenance", "comp", "component"),
                ("failures.csv", "failure", "failure", "component"),
            ):
                for row in rows(name):
                    document = f'{{"{key}": "{row[column]}"}}'
                    copy.write_row((row["machine"], kind, document, row["datetime"]))
    connection.execute("ANALYZE health.performance_metrics, health.system_events, health.agents")


def load_cmapss(connection: psycopg.Connection[Any], path: Path, engines: range) -> None:
    """A cycle an hour; engines start at different hours, and fail after their last cycle."""
    connection.execute("SELECT health.load_history(%s, %s)", (START, START + timedelta(days=31)))
    draw = random.Random(1)
    starts = [draw.randrange(0, 340) for _ in range(101)]
    last: dict[int, datetime] = {}
    with connection.cursor() as cursor, gzip.open(path, "rt") as file:
        with cursor.copy(COPY_METRICS) as copy:
            for line in file:
                fields = line.split()
                engine, cycle = int(fields[0]), int(fields[1])
                if engine not in engines:
                    continue
                last[engine] = START + timedelta(hours=starts[engine] + cycle)
                for number, reading in enumerate(fields[2:], 1):
                    copy.write_row((str(engine), f"sensor {number}", reading, last[engine]))
        cursor.executemany(
            """
            INSERT INTO health.system_events (agent_id, event_type, received_at)
            VALUES (%s, 'failure', %s)
            """,
            [(str(engine), at + timedelta(hours=1)) for engine, at in last.items()],
        )
    connection.execute("ANALYZE health.performance_metrics, health.system_events")


#: Every metric says a little of a failure in the next two days; agents fail each 20 days.
DRAWN = """
WITH steps AS (
    SELECT 'agent ' || a AS agent_id, d, (d + a * 7) %% 20 AS phase,
        %(start)s::timestamptz + make_interval(days => d) AS at
    FROM generate_series(1, %(agents)s) AS a, generate_series(1, %(days)s) AS d
),
metrics AS (
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
    SELECT agent_id, 'metric ' || m,
        (hashtextextended(agent_id || ' ' || d, m) & 1023) / 1023.0
        + CASE WHEN phase < 2 THEN 0.02 * m ELSE 0 END,
        at
    FROM steps, generate_series(1, %(metrics)s) AS m
)
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
SELECT agent_id, 'failure', '{}'::jsonb, at + interval '20 hours' FROM steps WHERE phase = 0
UNION ALL
SELECT agent_id, 'error', jsonb_build_object('code', 'E' || d %% 5), at - interval '3 hours'
FROM steps
WHERE hashtextextended(agent_id || d, 99) & 15 = 0
"""


def load_drawn(
    connection: psycopg.Connection[Any], *, agents: int, days: int, metrics: int
) -> datetime:
    """A fleet of so many agents, days and daily metrics; when its record ends."""
    end = START + timedelta(days=days)
    connection.execute(
        "SELECT health.load_history(%s, %s)", (START - timedelta(days=1), end + timedelta(days=2))
    )
    connection.execute(DRAWN, {"start": START, "agents": agents, "days": days, "metrics": metrics})
    connection.execute("ANALYZE health.performance_metrics, health.system_events")
    return end


def load_week(connection: psycopg.Connection[Any], agents: range, days: range) -> None:
    """Four daily metrics on these days, and for most agents an error and a failure at some time."""
    values = {
        "start": START,
        "first": agents.start,
        "last": agents.stop - 1,
        "from": days.start,
        "until": days.stop - 1,
    }
    connection.execute(
        """
        INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
        SELECT 'agent ' || a, m, hashint4extended(a * 1000 + d, 3) %% 1000,
            %(start)s::timestamptz + make_interval(hours => 24 * d)
        FROM generate_series(%(first)s::integer, %(last)s::integer) AS a,
            generate_series(%(from)s::integer, %(until)s::integer) AS d,
            unnest('{volt,rotate,pressure,vibration}'::text[]) AS m
        """,
        values,
    )
    connection.execute(
        """
        INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
        SELECT 'agent ' || a, type, '{"code": "E1"}', %(start)s::timestamptz + make_interval(
            hours => 24 * (10 + a %% 29) + CASE type WHEN 'failure' THEN 20 ELSE 0 END
        )
        FROM generate_series(%(first)s::integer, %(last)s::integer) AS a,
            unnest('{failure,error}'::text[]) AS type
        WHERE a %% 4 > 0
        """,
        values,
    )
    connection.execute("ANALYZE health.performance_metrics, health.system_events")
