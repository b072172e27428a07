"""Failure models trained on small synthetic fleets: one with a known signal, one without."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from hha.bridge.database import HealthDatabase
from hha.bridge.pace import Counters, Stop
from hha.bridge.ticker import keep_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine

DAYS = 45
AGENTS = 40
#: Some time ago: retraining goes by the clock.
END = datetime(2026, 3, 1, 6, tzinfo=UTC)
HORIZON = timedelta(days=2)

#: An agent fails each 15 days, or at any time; the day before its load rises and it says so.
#: Hashes, not chance.
FLEET: LiteralString = """
WITH steps AS (
    SELECT 'agent ' || a AS agent_id, d,
        %(end)s::timestamptz - make_interval(hours => 24 * d) AS at,
        CASE
            WHEN NOT %(is_any_time)s THEN (d + a * 7) %% 15
            WHEN hashint4extended(a * 1000 + d, 8) & 7 = 0 THEN 0
            WHEN hashint4extended(a * 1000 + d - 1, 8) & 7 = 0 THEN 1
            ELSE 2
        END AS phase,
        (hashint4extended(a * 1000 + d, 7) & 1023) / 1023.0 AS noise
    FROM generate_series(1, %(agents)s) AS a, generate_series(0, %(days)s - 1) AS d
),
agents AS (
    INSERT INTO health.agents (agent_id, agent_name, labels)
    SELECT DISTINCT agent_id, agent_id, '{"model": "x"}'::jsonb FROM steps
),
metrics AS (
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
    SELECT agent_id, %(metric)s,
        50 + 10 * noise
        + CASE WHEN %(is_told)s AND phase IN (0, 1) AND agent_id > 'agent 3' THEN 8 ELSE 0 END,
        at
    FROM steps
)
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
SELECT agent_id, 'failure', '{}', at + interval '20 hours' FROM steps
WHERE CASE WHEN %(is_told)s THEN phase = 0 AND agent_id > 'agent 3'
    ELSE hashtextextended(agent_id || d, 3) & 1023 < 68 END
UNION ALL
SELECT agent_id, 'error', jsonb_build_object('code', %(code)s::text), at - interval '3 hours'
FROM steps
WHERE noise > 0.9 OR (%(is_told)s AND phase = 1 AND agent_id > 'agent 3' AND noise > 0.3)
"""


def fleet(
    engine: Engine,
    *,
    is_told: bool,
    metric: str = "load",
    code: str = "E1",
    is_any_time: bool = False,
) -> None:
    engine.connection.execute(
        "SELECT health.load_history(%s, %s)",
        (END - timedelta(days=DAYS + 9), END + timedelta(days=3)),
    )
    values = {
        "end": END,
        "agents": AGENTS,
        "days": DAYS,
        "metric": metric,
        "code": code,
        "is_told": is_told,
        "is_any_time": is_any_time,
    }
    engine.connection.execute(FLEET, values)


def train(engine: Engine, until: datetime = END) -> dict[str, Any]:
    row = engine.row(
        """
        SELECT health.train_failure_model(
            %s, %s, NULL, 30000, 24, '{"trees": 25, "patience": 5, "row_share": 0.5}'
        ) AS model_id
        """,
        HORIZON,
        until,
    )
    return engine.row("SELECT * FROM health.failure_models WHERE model_id = %s", row["model_id"])


def predictions(engine: Engine, when: datetime, horizon: timedelta | None = HORIZON) -> Any:
    return engine.rows("SELECT * FROM health.predict_failures(%s, %s)", when, horizon)


NASTY = "it's \"1\"; DROP TABLE health.agents; -- $sql$ %I \\' Ω"


def test_a_model_with_a_signal_is_used_and_says_why(
    engine: Engine, login: Callable[..., str]
) -> None:
    fleet(engine, is_told=True, metric=NASTY, code=NASTY)
    model = train(engine)
    assert model["is_active"], model["verdict"]
    assert model["auc"] > 0.8
    assert model["auc"] > model["trivial_auc"]
    assert model["trained_until"] <= END
    assert {entry["method"] for entry in model["comparison"]} >= {
        "trees",
        "logistic",
        "never fails",
    }

    found = predictions(engine, END)
    assert len(found) == AGENTS
    assert all(row["model_id"] == model["model_id"] for row in found)
    assert any(NASTY in reason["reason"] for row in found for reason in row["reasons"])

    # What follows the moment changes nothing of it.
    engine.connection.execute(
        """
        INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
        SELECT agent_id, type, '{}', %s
        FROM health.agents, unnest('{error,failure,maintenance}'::text[]) AS type
        WHERE agent_id LIKE 'agent %%'
        """,
        (END + timedelta(milliseconds=1),),
    )
    assert predictions(engine, END) == found

    # Compiled scoring is walking the trees, and the contributions sum to it.
    assert walk_differs(engine, model["model_id"]) == []

    # The same rows give the same model.
    again = train(engine)
    same: LiteralString = """
        SELECT count(DISTINCT log_odds_expression) AS n FROM health_internal.failure_expressions
        WHERE model_id = ANY (%s)
    """
    assert engine.row(same, [model["model_id"], again["model_id"]])["n"] == 1
    assert again["is_active"]

    # The standing forecast, and who may do what.
    count: LiteralString = "SELECT health_internal.foresee_failures(%s) AS n"
    assert engine.row(count, END)["n"] == AGENTS
    risks = engine.rows("SELECT * FROM health.failure_risk WHERE is_at_risk")
    findings = engine.rows("SELECT * FROM health.rule_findings WHERE rule = 'predicted_failure'")
    assert {row["agent_id"] for row in risks} == {row["agent_id"] for row in findings}
    analyst = login(engine.dsn, "health_analyst")
    with psycopg.connect(analyst, autocommit=True) as connection:
        seen = connection.execute("SELECT * FROM health.predict_failures(%s)", (END,)).fetchall()
        assert len(seen) == AGENTS
        assert connection.execute("SELECT * FROM health.failure_risk").fetchall()
        assert connection.execute("SELECT * FROM health.failure_models").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT health.train_failure_model('1 day')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM health_internal.failure_nodes")


def walk_differs(engine: Engine, model_id: int) -> list[Any]:
    """Agents whose compiled log-odds are not what their trees, walked, sum to."""
    engine.connection.execute(
        """
        CREATE FUNCTION pg_temp.rows_of(p_model_id bigint, p_at timestamptz)
        RETURNS TABLE (agent_id text, log_odds float8, x real[]) LANGUAGE plpgsql AS $$
        BEGIN
            RETURN QUERY EXECUTE (
                SELECT format(
                    'SELECT f.agent_id, %s, ARRAY(SELECT (to_jsonb(f) ->> (''f'' || n))::real'
                    ' FROM generate_series(1, 240) AS n ORDER BY n) FROM (%s) AS f',
                    log_odds_expression, features_statement)
                FROM health_internal.failure_expressions WHERE model_id = p_model_id)
            USING p_at, (SELECT step FROM health.failure_models WHERE model_id = p_model_id), 0, 0,
                'infinity'::timestamptz, 'infinity'::timestamptz, NULL::tstzmultirange;
        END $$
        """
    )
    return engine.rows(
        """
        SELECT rows.agent_id FROM pg_temp.rows_of(%s, %s) AS rows
        WHERE (abs(rows.log_odds - (
            SELECT sum(parts.contribution) FROM health_internal.contributions(%s, rows.x) AS parts
        )) < 1e-9) IS NOT TRUE
        """,
        model_id,
        END,
        model_id,
    )


def test_hours_train_the_model_that_raw_rows_did(engine: Engine) -> None:
    fleet(engine, is_told=True)
    engine.connection.execute(
        """
        INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent, received_at)
        SELECT agent_id, metric_value / 2, received_at FROM health.performance_metrics
        """
    )
    by_rows = train(engine)
    assert by_rows["is_active"], by_rows["verdict"]
    found = predictions(engine, END)

    engine.connection.execute(
        """
        UPDATE health_internal.partitions SET is_history = false WHERE is_history;
        SELECT health_internal.roll_up_features(hours.until_at)
        FROM (
            SELECT DISTINCT date_trunc('hour', told.received_at - interval '1 microsecond')
                + interval '1 hour' AS until_at
            FROM (
                SELECT received_at FROM health.performance_metrics
                UNION ALL SELECT received_at FROM health.system_events
            ) AS told
        ) AS hours;
        UPDATE health_internal.feature_hours_state
        SET rolled_from = '2026-01-01', rolled_until = '2026-03-05';
        """
    )
    by_both = train(engine)
    engine.connection.execute("SELECT health.tick()")
    dropped: LiteralString = """
        SELECT count(*) FILTER (WHERE health_internal.drop_partition(partition_name)) AS n
        FROM health_internal.expired_partitions(clock_timestamp()) AS gone (partition_name)
    """
    engine.connection.execute(
        "UPDATE health_internal.partitions SET rolled_up_at = clock_timestamp()"
    )
    assert engine.row(dropped)["n"] > 100
    for table in ("agent_heartbeats", "performance_metrics", "system_events"):
        left: Any = f"SELECT count(*) AS n FROM health.{table} WHERE agent_id LIKE 'agent %'"
        assert engine.row(left)["n"] == 0
    # What hours left out is said to whoever trains by them.
    heard: list[str] = []
    engine.connection.add_notice_handler(lambda notice: heard.append(str(notice.message_primary)))
    engine.connection.execute(
        "UPDATE health_internal.series_hours SET left_out_count = 3 WHERE agent_id = 'agent 7'"
    )
    by_hours = train(engine)
    assert by_hours["is_active"], by_hours["verdict"]
    assert heard == ["hours of 1 agents lack up to 3 of their series each"]

    same: LiteralString = """
        SELECT count(DISTINCT log_odds_expression) AS n FROM health_internal.failure_expressions
        WHERE model_id = ANY (%s)
    """
    models = [model["model_id"] for model in (by_rows, by_both, by_hours)]
    assert engine.row(same, models)["n"] == 1
    assert [by_hours[name] for name in ("row_count", "positive_count", "auc")] == [
        by_rows[name] for name in ("row_count", "positive_count", "auc")
    ]
    again = predictions(engine, END)
    assert [(row["agent_id"], row["probability"], row["reasons"]) for row in again] == [
        (row["agent_id"], row["probability"], row["reasons"]) for row in found
    ]


def test_a_model_without_a_signal_is_not_used(engine: Engine) -> None:
    fleet(engine, is_told=False)
    model = train(engine)
    assert not model["is_active"], (model["verdict"], model["auc"], model["trivial_auc"])
    assert model["verdict"].startswith("not used")
    assert predictions(engine, END) == []


def test_one_training_at_a_time_and_a_killed_one_leaves_nothing(engine: Engine) -> None:
    fleet(engine, is_told=True)
    began = threading.Event()
    errors: list[psycopg.Error] = []
    with psycopg.connect(engine.dsn, autocommit=True) as other:

        def run() -> None:
            began.set()
            try:
                other.execute("SELECT health.train_failure_model(%s, %s)", (HORIZON, END))
            except psycopg.Error as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        began.wait()
        locked: LiteralString = """
            SELECT count(*) AS n FROM pg_locks
            WHERE relation = 'health_internal.failure_features'::regclass
                AND mode = 'RowExclusiveLock'
        """
        deadline = time.monotonic() + 30
        while engine.row(locked)["n"] == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(psycopg.Error, match="another training is under way") as caught:
            train(engine)
        assert caught.value.sqlstate == "MD004"
        engine.connection.execute("SELECT pg_terminate_backend(%s)", (other.info.backend_pid,))
        thread.join(30)
    assert errors
    for relation in ("health.failure_models", "health_internal.failure_features"):
        left: Any = f"SELECT count(*) AS n FROM {relation}"
        assert engine.row(left)["n"] == 0
    assert train(engine)["is_active"]


def test_retraining_keeps_the_model_when_it_fails(engine: Engine) -> None:
    fleet(engine, is_told=True)
    model = train(engine)
    assert model["is_active"]
    call: LiteralString = "CALL health.retrain_failure_models(%s)"
    now = model["trained_at"] + timedelta(hours=1)
    engine.connection.execute(call, (now,))
    number: LiteralString = "SELECT count(*) AS n FROM health.failure_models"
    assert engine.row(number)["n"] == 1  # trained within 20 hours
    engine.connection.execute("DELETE FROM health.system_events WHERE event_type = 'failure'")
    later = model["trained_at"] + timedelta(days=1)
    engine.connection.execute(call, (later,))
    active = engine.rows("SELECT model_id FROM health.failure_models WHERE is_active")
    assert [row["model_id"] for row in active] == [model["model_id"]]
    said: LiteralString = "SELECT tried_at, error FROM health_internal.failure_retrainings"
    assert "MD003" in engine.row(said)["error"]
    # Whoever asks again soon, it is not tried.
    engine.connection.execute(call, (later + timedelta(hours=1),))
    assert engine.row(said)["tried_at"] == later


#: Another metric that tells less of failures than the load does, and no errors.
HEAT: LiteralString = """
DELETE FROM health.system_events WHERE event_type = 'error';
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT agent_id, 'heat',
    40 + 10 * (hashtextextended(agent_id, number) & 1023) / 1023.0
    + CASE WHEN metric_value > 58 THEN 4 ELSE 0 END,
    received_at
FROM (
    SELECT logged.*, row_number() OVER (PARTITION BY agent_id ORDER BY received_at) AS number
    FROM health.performance_metrics AS logged
    WHERE metric_name = 'load'
) AS loads
"""
#: The load as if it told nothing, until a time.
BLUR: LiteralString = """
UPDATE health.performance_metrics
SET metric_value = 50 + 10 * (hashtextextended(agent_id || received_at, 5) & 1023) / 1023.0
WHERE metric_name = 'load' AND received_at < %s
"""


def test_a_model_that_learnt_less_does_not_replace_the_one_in_use(engine: Engine) -> None:
    fleet(engine, is_told=True, is_any_time=True)
    engine.connection.execute(HEAT)
    used = train(engine, END - timedelta(days=10))
    assert used["is_active"], used["verdict"]
    again = train(engine, END - timedelta(days=10))
    assert again["is_active"], "as good a one does"
    entry = again["comparison"][-1]
    assert entry["method"] == f"model {used['model_id']}, in use"
    assert entry["taught_by_some"]

    # What teaches is spoilt, what tests is not: the same rows, of which the one in use knew none.
    engine.connection.execute(BLUR, (END - timedelta(days=17),))
    worse = train(engine)
    said = (
        f"not used: model {again['model_id']}, which it would replace, is better on the same rows"
    )
    assert worse["verdict"].startswith(f"{said}, which taught neither (AUC 0."), worse["verdict"]
    assert "not fitted anew" in worse["split_definition"]
    entry = worse["comparison"][-1]
    assert not entry["taught_by_some"]
    assert entry["rows"] < worse["test_row_count"]
    assert entry["auc"] > worse["auc"]
    assert {row["model_id"] for row in predictions(engine, END)} == {again["model_id"]}


def test_rows_that_taught_the_model_in_use_flatter_it_by_no_more_than_its_test(
    engine: Engine,
) -> None:
    fleet(engine, is_told=True, is_any_time=True)
    engine.connection.execute(HEAT)
    used = train(engine)
    assert used["is_active"], used["verdict"]
    engine.connection.execute(BLUR, (END - timedelta(days=17),))
    worse = train(engine)
    assert "is better on the same rows, of which some taught it" in worse["verdict"]
    assert f"(AUC {used['auc']:.3f} against " in worse["verdict"]
    # It is kept for what it tells now, not for what it once told.
    engine.connection.execute(
        """
        UPDATE health.performance_metrics
        SET metric_name = CASE metric_name WHEN 'load' THEN 'heat' ELSE 'load' END,
            metric_value = CASE metric_name WHEN 'load' THEN metric_value ELSE -metric_value END
        """
    )
    engine.connection.execute("UPDATE health.failure_models SET auc = 1 WHERE is_active")
    changed = train(engine)
    assert changed["is_active"], changed["verdict"]


def test_a_model_whose_metric_vanished_predicts_by_the_rest_and_is_replaced(
    engine: Engine,
) -> None:
    fleet(engine, is_told=True)
    used = train(engine)
    assert used["is_active"], used["verdict"]
    engine.connection.execute("UPDATE health.performance_metrics SET metric_name = 'other load'")
    found = predictions(engine, END)
    assert 0 < len(found) < AGENTS, "agents of which nothing it knows was received have none"
    assert all(0 <= row["probability"] <= 1 for row in found)
    other = train(engine)
    assert other["is_active"], other["verdict"]
    assert len(predictions(engine, END)) == AGENTS
    engine.connection.execute(
        "DELETE FROM health.performance_metrics; DELETE FROM health.system_events"
    )
    assert predictions(engine, END) == []


async def test_a_bridge_retrains_where_no_cron_does(
    engine: Engine, login: Callable[..., str]
) -> None:
    fleet(engine, is_told=True)
    model = train(engine)
    engine.connection.execute(
        "UPDATE health.failure_models SET trained_at = trained_at - interval '1 day'"
    )
    tried: LiteralString = "SELECT count(*) AS n FROM health_internal.failure_retrainings"
    stop, counters = Stop(), Counters()
    database = HealthDatabase(login(engine.dsn, "health_bridge"), "bridge:one")
    await database.open()
    # Who is told to end while a model is trained ends at once, and the training is due as before.
    keeper = asyncio.create_task(keep_models(database, stop, counters))
    training: LiteralString = """
        SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active'
            AND query = 'CALL health.retrain_failure_models()'
    """
    async with asyncio.timeout(60):
        while engine.row(training)["n"] == 0:  # noqa: ASYNC110 (a row tells)
            await asyncio.sleep(0.01)
        stop.request()
        await keeper
        while engine.row(training)["n"] > 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert engine.row(tried)["n"] == 0

    stop = Stop()
    keeper = asyncio.create_task(keep_models(database, stop, counters))
    async with asyncio.timeout(60):
        while engine.row(tried)["n"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.request()
    await keeper
    await database.close()
    assert counters.error_count == 0
    error: LiteralString = "SELECT error FROM health_internal.failure_retrainings"
    assert engine.row(error)["error"] is None
    newest: LiteralString = "SELECT max(model_id) AS n FROM health.failure_models"
    assert engine.row(newest)["n"] > model["model_id"]
