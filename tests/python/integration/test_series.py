"""Values of series are collected exactly once, whatever commits late, fails or ticks beside."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from conftest import at
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Engine

#: A minute no test comes to: what was collected for it waits there to be counted.
FAR = 1e7

steps = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("savepoint"), st.integers(0, 2), st.integers(1, 2)),
    st.tuples(st.just("commit"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("roll back"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("tick"), st.just(0), st.just(0)),
    st.tuples(st.just("tick"), st.just(0), st.just(0)),
    st.tuples(st.just("failing tick"), st.just(0), st.just(0)),
    st.tuples(st.just("ticking transaction"), st.just(0), st.integers(1, 3)),
)


def waiting(engine: Engine, agent_id: str) -> tuple[int, float]:
    """How many values of the agent's CPU wait to be judged, and their sum."""
    row = engine.row(
        """
        SELECT coalesce(sum(m.value_count), 0) AS n, coalesce(sum(m.value_sum), 0) AS total
        FROM health_internal.series_minutes AS m JOIN health_internal.series AS s USING (series_id)
        WHERE s.agent_id = %s
        """,
        agent_id,
    )
    return int(row["n"]), float(row["total"])


def write(by: psycopg.Connection[Any], agent_id: str, values: list[float]) -> None:
    """A heartbeat per value, half of them through the gateway's table."""
    for place, value in enumerate(values):
        table = "agent_heartbeats" if place % 2 else "ingest_heartbeats"
        by.execute(
            f"INSERT INTO health.{table} (agent_id, received_at, cpu_usage_percent) "
            "VALUES (%s, %s, %s)",
            (agent_id, at(FAR), value),
        )


def break_collection(engine: Engine) -> None:
    """Let every collection that has something to write fail."""
    engine.run(
        "ALTER TABLE health_internal.series_minutes "
        "ADD CONSTRAINT broken CHECK (value_count < 0) NOT VALID"
    )


def mend_collection(engine: Engine) -> None:
    """Undo it."""
    engine.run("ALTER TABLE health_internal.series_minutes DROP CONSTRAINT broken")


_examples = itertools.count()


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, min_size=4, max_size=20))
def test_every_committed_value_is_collected_once(
    engine: Engine, history: list[tuple[str, int, int]]
) -> None:
    number = next(_examples)
    agent_id = f"agent-{number}"
    clock = itertools.count(number * 100)
    values = itertools.count(1)
    writers = [psycopg.connect(engine.dsn) for _ in range(3)]
    open_values: list[list[float]] = [[], [], []]
    expected: list[float] = []

    def tick(by: psycopg.Connection[Any] | None = None) -> None:
        # A minute later, so that each tick collects.
        engine.tick(next(clock) * 60 + 6, by=by)

    def take(count: int) -> list[float]:
        return [next(values) % 90 for _ in range(count)]

    try:
        for what, place, count in history:
            writer = writers[place]
            if what == "write":
                new = take(count)
                write(writer, agent_id, new)
                open_values[place] += new
            elif what == "savepoint":
                new = take(count)
                writer.execute("SELECT")  # or the savepoint would be a transaction
                with writer.transaction():
                    write(writer, agent_id, new)
                open_values[place] += new
            elif what in ("commit", "roll back"):
                if what == "commit":
                    writer.commit()
                    expected += open_values[place]
                else:
                    writer.rollback()
                open_values[place] = []
            elif what == "tick":
                tick()
                assert waiting(engine, agent_id) == (len(expected), sum(expected))
            elif what == "failing tick":
                break_collection(engine)
                before = waiting(engine, agent_id)
                try:
                    tick()
                except psycopg.errors.CheckViolation:
                    assert waiting(engine, agent_id) == before
                finally:
                    mend_collection(engine)
            else:
                # Rows before and after the tick of a transaction that ticks, as replay has them.
                with psycopg.connect(engine.dsn) as replay, replay.transaction():
                    new = take(2 * count)
                    write(replay, agent_id, new[:count])
                    engine.tick(next(clock) * 60 + 6, by=_as_rows(replay))
                    write(replay, agent_id, new[count:])
                expected += new
        for place, writer in enumerate(writers):
            writer.commit()
            expected += open_values[place]
        tick()
        tick()
        assert waiting(engine, agent_id) == (len(expected), sum(expected))
    finally:
        for writer in writers:
            writer.close()
        engine.run("DELETE FROM health_internal.series")
        engine.run("DELETE FROM health_internal.series_minutes")


def _as_rows(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The engine reads rows as dictionaries."""
    connection.row_factory = psycopg.rows.dict_row
    return connection


def test_a_failing_watch_undoes_nothing_and_loses_nothing(engine: Engine) -> None:
    break_collection(engine)
    write(engine.connection, "one", [10, 20])
    engine.run("INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('down', 'failed')")
    engine.run("CALL health.run_tick()")
    assert engine.open_rules("down") == {"failed"}
    health = engine.row("SELECT * FROM health.engine_health")
    assert (health["last_error"], health["watched_series_count"]) == (None, 0)
    assert "broken" in health["last_series_error"]
    assert health["last_series_error_at"] is not None
    write(engine.connection, "one", [30])
    engine.run("CALL health.run_tick()")
    assert "broken" in engine.row("SELECT * FROM health.engine_health")["last_series_error"]
    mend_collection(engine)
    engine.run("CALL health.run_tick()")
    assert waiting(engine, "one") == (3, 60)
    assert engine.row("SELECT * FROM health.engine_health")["last_series_error"] is None
    engine.run("CALL health.run_tick()")
    assert waiting(engine, "one") == (3, 60)


def test_a_failing_act_does_not_stop_the_watch(engine: Engine) -> None:
    engine.run("ALTER TABLE health.alerts ADD CONSTRAINT broken CHECK (false) NOT VALID")
    write(engine.connection, "one", [10])
    engine.run("INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('down', 'failed')")
    engine.run("CALL health.run_tick()")
    assert "broken" in engine.row("SELECT * FROM health.engine_health")["last_error"]
    assert waiting(engine, "one") == (1, 10)


def test_one_session_watches_and_others_go_on(engine: Engine) -> None:
    other = engine.connect(autocommit=False)
    other.execute("SELECT FROM health_internal.series_cursor FOR UPDATE")
    engine.beat("one", 30, cpu_usage_percent=10)
    assert engine.tick(66)["folded_rows"] == 3
    assert engine.status("one")["beat_count"] == 1
    assert engine.rows("SELECT FROM health_internal.series") == []
    other.rollback()
    engine.tick(67)
    series = engine.row(
        "SELECT last_value, point_count FROM health.series WHERE source='heartbeat'"
    )
    assert series == {"last_value": 10, "point_count": 1}


def test_a_login_of_the_bridge_can_watch(engine: Engine, login: Any) -> None:
    engine.beat("one", 30, cpu_usage_percent=10)
    with psycopg.connect(login(engine.dsn, "health_bridge"), autocommit=True) as bridge:
        bridge.execute("CALL health.run_tick()")
    assert engine.value("SELECT watched_series_count FROM health.engine_health") == 1
    assert engine.value("SELECT last_series_error FROM health.engine_health") is None


def test_another_cluster_goes_on_where_the_tick_does(engine: Engine) -> None:
    write(engine.connection, "one", [10, 20])
    engine.tick(66)
    assert waiting(engine, "one") == (2, 30)
    # pg_upgrade: rows, their system columns and transaction ids, under a new identifier.
    engine.run("UPDATE health_internal.series_cursor SET system_identifier = 1")
    engine.run("UPDATE health_internal.engine SET system_identifier = 1")
    write(engine.connection, "one", [5])
    engine.tick(126)
    assert waiting(engine, "one") == (3, 35)
    write(engine.connection, "one", [6])
    engine.tick(186)
    assert waiting(engine, "one") == (4, 41)


def test_an_anomaly_is_told_and_ends(engine: Engine) -> None:
    """From heartbeats to a message, through the real detector, in transactions of their own."""
    last = -1
    for minute in [*range(29, 330, 30), *range(330, 400)]:
        engine.run(
            """
            INSERT INTO health.agent_heartbeats (
                agent_id, received_at, cpu_usage_percent, memory_usage_mb
            )
            SELECT
                agent_id,
                %s::timestamptz + make_interval(mins => m),
                20 + m * 7 %% 5 + CASE WHEN strange THEN 70 ELSE 0 END,
                500 + m * 11 %% 13 + CASE WHEN strange THEN 9000 ELSE 0 END
            FROM generate_series(%s::integer, %s::integer) AS m
            CROSS JOIN unnest('{one,two}'::text []) AS agent_id
            CROSS JOIN LATERAL (
                SELECT agent_id = 'one' AND m BETWEEN 340 AND 359 AS strange
            ) AS fault
            """,
            at(30),
            last + 1,
            minute,
        )
        last = minute
        engine.tick(minute * 60 + 66)
    episodes = engine.rows("SELECT * FROM health.anomalies WHERE agent_id = 'one'")
    assert {row["metric_name"] for row in episodes} == {
        None, "cpu_usage_percent", "memory_usage_mb",
    }  # fmt: skip
    assert all(row["started_at"] == at(340 * 60) for row in episodes if row["metric_name"])
    assert all(row["ended_at"] is not None for row in episodes)
    alerts = engine.rows(
        "SELECT agent_id, severity, opened_at, resolved_at FROM health.alerts "
        "WHERE rule = 'anomaly'"
    )
    assert [(row["agent_id"], row["severity"]) for row in alerts] == [("one", "warning")]
    assert at(340 * 60) < alerts[0]["opened_at"] <= at(345 * 60)
    assert alerts[0]["resolved_at"] is not None


def test_extreme_values_of_metrics_break_nothing(engine: Engine) -> None:
    for minute in range(30):
        engine.run(
            "INSERT INTO health.performance_metrics "
            "(agent_id, metric_name, metric_value, received_at) "
            "SELECT 'one', name, CASE WHEN %s THEN value ELSE 1 END, %s "
            "FROM (VALUES ('a', 1e15), ('b', -1e15), ('c', 1e-100), ('d', 0)) AS v (name, value)",
            minute % 7 == 6,
            at(minute * 60 + 30),
        )
        engine.beat("one", minute * 60 + 30)
        engine.tick(minute * 60 + 66)
    series = engine.rows("SELECT * FROM health.series WHERE agent_id = 'one'")
    assert [(row["error"], row["point_count"]) for row in series] == [(None, 28)] * 4
    assert engine.row("SELECT * FROM health.engine_health")["last_series_error"] is None


def test_1e300_is_refused_where_it_is_sent(engine: Engine) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="metric_value"):
        engine.run(
            "INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value) "
            "VALUES ('one', 'x', 1e300)"
        )
