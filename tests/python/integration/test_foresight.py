"""Foresight with commits: parts isolated, schedulers, and backtests beside a live engine."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from conftest import Engine, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hha.bridge.database import HealthDatabase
from hha.bridge.pace import Counters, Stop
from hha.bridge.ticker import keep_house

if TYPE_CHECKING:
    from collections.abc import Callable


def test_each_part_is_a_transaction_of_its_own(engine: Engine) -> None:
    engine.run("UPDATE health_internal.foresight_parts SET is_enabled = false")
    engine.run(
        "CREATE FUNCTION health_internal.foresee_a(p_now timestamptz) RETURNS void LANGUAGE sql"
        " AS 'INSERT INTO health.resource_limits VALUES (''a'', NULL, 1, ''t'', p_now)'"
    )
    engine.run(
        "CREATE FUNCTION health_internal.foresee_b(p_now timestamptz) RETURNS void LANGUAGE sql"
        " AS 'INSERT INTO health.resource_limits VALUES (''b'', NULL, -1, ''t'', p_now)'"
    )
    engine.run(
        "ALTER FUNCTION health_internal.foresee_a(timestamptz) OWNER TO health_owner;"
        "ALTER FUNCTION health_internal.foresee_b(timestamptz) OWNER TO health_owner"
    )
    engine.run(
        "INSERT INTO health_internal.foresight_parts (part, place)"
        " VALUES ('foresee_a', 1), ('foresee_b', 2)"
    )
    # Another scheduler is at the first one.
    with psycopg.connect(engine.dsn) as other:
        other.execute(
            "SELECT FROM health_internal.foresight_parts WHERE part = 'foresee_a' FOR UPDATE"
        )
        engine.run("CALL health.run_foresight()")
    found = {
        row["part"]: row
        for row in engine.rows("SELECT * FROM health.foresight_health WHERE is_enabled")
    }
    assert found["foresee_a"]["run_count"] == 0
    assert found["foresee_b"]["run_count"] == 1
    assert "resource_limit_is_finite_and_positive" in found["foresee_b"]["last_error"]
    engine.run("CALL health.run_foresight()")
    assert engine.value("SELECT metric_name FROM health.resource_limits") == "a"


@pytest.mark.parametrize("role", ["health_bridge", "health_admin"])
def test_schedulers_may_call_it(engine: Engine, role: str, login: Callable[..., str]) -> None:
    engine.run("SELECT health.add_shadow_policy('strict', '{\"critical_below\": 90}')")
    engine.beat("a1", 0, 10)
    engine.tick(11)
    with psycopg.connect(login(engine.dsn, role), autocommit=True) as connection:
        connection.execute("CALL health.run_foresight()")
    rows = engine.rows("SELECT run_count, last_error FROM health.foresight_health")
    assert rows == [{"run_count": 1, "last_error": None}] * len(rows)
    assert len(rows) >= 3


async def test_a_bridge_calls_it_where_no_cron_does(
    engine: Engine, login: Callable[..., str]
) -> None:
    called: LiteralString = "SELECT min(run_count) FROM health.foresight_health"
    stop, counters = Stop(), Counters()
    database = HealthDatabase(login(engine.dsn, "health_bridge"), "bridge:one")
    await database.open()
    keeper = asyncio.create_task(keep_house(database, stop, counters))
    async with asyncio.timeout(60):
        while engine.value(called) == 0:  # noqa: ASYNC110 (a row tells)
            await asyncio.sleep(0.05)
    stop.request()
    await keeper
    await database.close()
    assert counters.error_count == 0


def test_people_by_their_roles(engine: Engine, login: Callable[..., str]) -> None:
    engine.register("a1", 10)
    engine.run("UPDATE health.agents SET criticality = 'vital' WHERE agent_id = 'a1'")
    engine.beat("a1", 0, 10)
    engine.tick(11)
    engine.run("SELECT health_internal.refresh_recommendations(%s)", at(12))
    asked = (
        "SELECT recommendation_id FROM health.recommendations"
        " WHERE kind = 'set_revenue' AND closed_at IS NULL"
    )
    with psycopg.connect(login(engine.dsn, "health_operator"), autocommit=True) as operator:
        found = operator.execute(asked).fetchone()
        assert found is not None
        operator.execute("SELECT health.dismiss_recommendation(%s, 'ana', 'free of charge')", found)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            operator.execute("SELECT health.add_shadow_policy('mine', '{}')")
    with psycopg.connect(login(engine.dsn, "health_admin"), autocommit=True) as admin:
        admin.execute("SELECT health.add_shadow_policy('mine', '{}')")
        admin.execute("SELECT health.set_resource_limit('open_files', 100)")
        admin.execute("SELECT health.end_shadow_policy('mine')")
    dismissed = engine.value(
        "SELECT dismissed_by FROM health.recommendations WHERE kind = 'set_revenue'"
    )
    assert dismissed == "ana"


def test_a_backtest_leaves_the_live_engine_alone(engine: Engine) -> None:
    engine.register("a1", 5)
    engine.beat("a1", *range(0, 100, 5))
    for second in range(0, 101, 5):
        engine.tick(second)
    ask = "SELECT transition_count FROM health.backtest('live', %s, %s, '1 s', '0 s')"
    with psycopg.connect(engine.dsn) as analyst:
        analyst.execute(ask, (at(0), at(90)))
        # Its transaction is open still, and with it the sandbox.
        assert not engine.tick(105)["is_busy"]
        with pytest.raises(psycopg.Error, match="another backtest is at work") as caught:
            engine.run(ask, at(0), at(90))
        assert caught.value.sqlstate == "BT010"
        # In one transaction two can be laid side by side.
        analyst.execute(ask, (at(0), at(30)))
    left = engine.rows(
        "SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'health\\_back%%'"
    )
    assert left == []


def test_a_cancelled_backtest_leaves_nothing(engine: Engine) -> None:
    engine.register("a1", 5)
    engine.beat("a1", *range(0, 600, 5))
    with psycopg.connect(engine.dsn, autocommit=True) as analyst:
        analyst.execute("SET statement_timeout = '2s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            analyst.execute(
                "SELECT * FROM health.backtest('live', %s, %s, '100 ms', '0 s')"
                " CROSS JOIN pg_sleep(10)",
                (at(0), at(600)),
            )
    assert engine.value("SELECT count(*) FROM health_internal.sandbox") == 1
    assert engine.value("SELECT count(*) FROM health.agent_status WHERE beat_count > 0") == 0
    assert (
        engine.rows("SELECT oid FROM pg_class WHERE relnamespace = 'health_backtest'::regnamespace")
        == []
    )


def test_a_live_tick_does_not_wait_for_a_backtest(engine: Engine) -> None:
    """Ticks, heartbeats and configuration go on while history is replayed beside them."""
    engine.register("a1", 5)
    engine.beat("a1", *range(0, 300, 5))
    engine.tick(0)
    done = threading.Event()
    figures: list[Any] = []

    def replay() -> None:
        with psycopg.connect(engine.dsn) as analyst:
            figures.append(
                analyst.execute(
                    "SELECT tick_count FROM health.backtest('live', %s, %s, '1 s', '0 s')",
                    (at(0), at(300)),
                ).fetchone()
            )
            done.set()

    thread = threading.Thread(target=replay)
    thread.start()
    busy = []
    second = 300
    while not done.is_set():
        second += 1
        engine.beat("a2", second)
        engine.run("UPDATE health.agents SET grace = %s WHERE agent_id = 'a1'", "1 s")
        busy.append(engine.tick(second)["is_busy"])
    thread.join()
    assert busy
    assert not any(busy)
    assert figures[0][0] > 50


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.floats(-1e15, 1e15, allow_nan=False, allow_infinity=False), min_size=1, max_size=40
    ),
    gaps=st.lists(st.floats(1e-3, 1e7), min_size=40, max_size=40),
    limit=st.floats(1e-9, 1e15),
)
def test_no_series_breaks_a_trend(
    engine: Engine, values: list[float], gaps: list[float], limit: float
) -> None:
    """Whatever finite values come, however apart: a forecast, ordered, or none, and no error."""
    engine.run("DELETE FROM health_internal.resource_trends")
    engine.run(
        "INSERT INTO health_internal.resource_trends"
        " (agent_id, resource, used, limit_value, peak, began_at, sampled_at, mean_value)"
        " VALUES ('a', 'r', %s, %s, %s, %s, %s, %s)",
        values[0],
        limit,
        values[0],
        at(0),
        at(0),
        values[0],
    )
    row = engine.row(
        """
        WITH RECURSIVE steps AS (
            SELECT 1 AS n, t AS trend FROM health_internal.resource_trends AS t
            UNION ALL
            SELECT n + 1, health_internal.moved_trend(
                trend, (trend).sampled_at + make_interval(secs => (%s::float8 [])[n]),
                (%s::float8 [])[n + 1], %s)
            FROM steps WHERE n < cardinality(%s::float8 [])
        )
        SELECT told.exhausts_at::text AS exhausts_at, told.confidence, told.basis,
            told.exhausts_earliest_at <= told.exhausts_at
                AND told.exhausts_at <= told.exhausts_latest_at
                AS is_ordered
        FROM (SELECT trend FROM steps ORDER BY n DESC LIMIT 1) AS last
        CROSS JOIN LATERAL health_internal.foretell_exhaustion(last.trend) AS told
        """,
        gaps,
        values,
        limit,
        values,
    )
    assert row["basis"]
    assert row["is_ordered"] in (True, None)
    assert row["confidence"] is None or 0 <= row["confidence"] <= 1
