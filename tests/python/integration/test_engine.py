"""The engine over several connections: cadence, explanation, blindness, roles, bad input."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb
from servers.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine
    from servers import Server


#: One clone serves all examples; each example has agents of its own.
MANY = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # each example takes a second: no shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

#: Sums and judgements that must not depend on when ticks came.
COMPARED = (
    "beat_count",
    "gap_count",
    "error_count",
    "work_items_processed",
    "gap_weight",
    "gap_sum",
    "gap_square_sum",
    "clump_seconds",
    "error_sum",
    "item_sum",
    "recent_item_sum",
    "baseline_item_sum",
    "baseline_seconds",
    "processing_mean_ms",
    "baseline_processing_ms",
    "cpu_mean_percent",
    "memory_mean_mb",
    "slow_memory_mean_mb",
    "learnt_interval_seconds",
    "mean_gap_seconds",
    "gap_histogram",
    "heartbeat_consistency",
    "performance_metrics",
    "error_rate",
    "resource_efficiency",
    "business_impact",
    "ungated_score",
    "score",
)


# --- the same whatever the cadence -----------------------------------------------------------


def numbers(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers to four digits: nothing nearer to 0 than the domains allow."""
    return st.floats(least, most).map(lambda value: round(value, 4))


@st.composite
def histories(draw: st.DrawFn, *, may_restart: bool = False) -> list[dict[str, Any]]:
    """Beats with values, at most 40, in order of time."""
    beats: list[dict[str, Any]] = []
    second = 0.0
    errors_seen = items = 0
    run = 1
    for _ in range(draw(st.integers(2, 40))):
        second += draw(st.sampled_from([0.2, 4.0, 9.0, 9.7, 10.0, 10.1, 11.0, 14.0, 60.0]))
        if may_restart and draw(st.integers(0, 9)) == 0:
            run, errors_seen, items = run + 1, 0, 0
        errors_seen += draw(st.sampled_from([0, 0, 0, 1, 3]))
        items += draw(st.integers(0, 30))
        beat: dict[str, Any] = {"second": round(second, 3), "run_id": f"run-{run}"}
        maybe = st.booleans()
        if not beats or draw(maybe):
            beat["error_count"] = errors_seen
        if not beats or draw(maybe):
            beat["work_items_processed"] = items
        if draw(maybe):
            beat["average_processing_time_ms"] = draw(numbers(40, 60))
        if draw(maybe):
            beat["cpu_usage_percent"] = draw(numbers(0, 100))
        if draw(maybe):
            beat["memory_usage_mb"] = draw(numbers(10, 900))
            beat["memory_limit_mb"] = 1000.0
        if draw(maybe):
            beat["user_satisfaction"] = draw(numbers(0, 100))
            beat["revenue_impact_usd"] = draw(numbers(-2000, 2000))
        beats.append(beat)
    return beats


def play(engine: Engine, beats: list[dict[str, Any]], ticks: list[float]) -> dict[str, Any]:
    """Roll back to an untouched clone after folding the beats at those ticks; the status."""
    single = engine.connect(autocommit=False)
    try:
        single.execute(
            "INSERT INTO health.agents (agent_id, agent_name, expected_interval) "
            "VALUES ('played', 'played', '10 seconds')"
        )
        waiting = list(beats)
        for tick in ticks:
            while waiting and waiting[0]["second"] <= tick:
                beat = dict(waiting.pop(0))
                engine.beat("played", beat.pop("second"), by=single, **beat)
            engine.tick(tick, by=single)
        columns = sql.SQL(", ").join(map(sql.Identifier, COMPARED))
        status = single.execute(
            sql.SQL("SELECT {} FROM health.agent_status WHERE agent_id = 'played'").format(columns)
        ).fetchone()
        assert status is not None
        explained = single.execute("SELECT * FROM health.explain('played')").fetchall()
    finally:  # an open transaction would hold up the next one
        single.close()
    return {**status, "explained": explained}


def assert_same_at_any_cadence(
    engine: Engine,
    beats: list[dict[str, Any]],
    cuts: list[float],
) -> None:
    """Each beat alone (judge_agents), all at once (fold_beats) and cut at some places: the same."""
    end = beats[-1]["second"]  # sums are as of the last judgement, which the last beat brings
    each = play(engine, beats, [beat["second"] for beat in beats])
    once = play(engine, beats, [end])
    cut = play(engine, beats, [*sorted(end * share for share in cuts), end])
    differing = {
        name: (each[name], once[name], cut[name])
        for name in COMPARED
        if not (is_close(each[name], once[name]) and is_close(each[name], cut[name]))
    }
    assert differing == {}


def is_close(one: Any, other: Any) -> bool:
    """Equal to 1e-9 (histograms to single precision), or both absent."""
    if one is None or other is None:
        return one is other
    precision = 1e-6 if isinstance(one, list) else 1e-9
    return bool(one == pytest.approx(other, rel=precision, abs=precision))


@pytest.mark.slow
@MANY
@given(beats=histories(), cuts=st.lists(st.floats(0.01, 0.99), max_size=6))
def test_the_cadence_of_ticks_does_not_matter(
    engine: Engine, beats: list[dict[str, Any]], cuts: list[float]
) -> None:
    assert_same_at_any_cadence(engine, beats, cuts)


@pytest.mark.slow
@MANY
@given(beats=histories(may_restart=True), cuts=st.lists(st.floats(0.01, 0.99), max_size=6))
def test_the_cadence_of_ticks_does_not_matter_across_restarts(
    engine: Engine, beats: list[dict[str, Any]], cuts: list[float]
) -> None:
    assert_same_at_any_cadence(engine, beats, cuts)


def test_a_counter_told_late_counts_from_there_at_any_cadence(engine: Engine) -> None:
    beats = [{"second": 0.0, "run_id": "r"}, {"second": 10.0, "run_id": "r", "error_count": 9}]
    assert_same_at_any_cadence(engine, beats, [])


def test_items_are_weighted_by_their_own_age(engine: Engine) -> None:
    beats: list[dict[str, Any]] = [
        {"second": 0.0, "work_items_processed": 0},
        {"second": 10.0, "work_items_processed": 50},
        {"second": 100.0},
        {"second": 200.0},
    ]
    assert_same_at_any_cadence(engine, beats, [0.01])


# --- explain ---------------------------------------------------------------------------------


@pytest.mark.slow
@MANY
@given(
    beats=histories(may_restart=True),
    cuts=st.lists(st.floats(0.01, 0.99), max_size=4),
    silence=st.sampled_from([0.0, 5.0, 25.0, 60.0, 4000.0]),
    state=st.sampled_from(["running", "error", "failed", "idle", "stopped", "initializing"]),
)
def test_contributions_sum_to_the_score(
    engine: Engine,
    beats: list[dict[str, Any]],
    cuts: list[float],
    silence: float,
    state: str,
) -> None:
    beats[-1]["state"] = state
    end = beats[-1]["second"]
    played = play(engine, beats, [*sorted(end * share for share in cuts), end, end + silence])
    rows = {row["component"]: row for row in played["explained"]}
    assert len(rows) == len(played["explained"]) == 6
    total = sum(row["contribution"] for row in rows.values())
    assert total == pytest.approx(played["score"], abs=1e-9)
    for row in rows.values():
        if row["component"] != "gate":
            assert row["value"] == played[row["component"]]
            assert (row["value"] is None) == ("note" in row["raw_inputs"])
            assert row["value"] is None or 0 <= row["value"] <= 100
            assert row["policy_version"] == 1
    assert_components_follow_from_inputs(engine, rows)


def assert_components_follow_from_inputs(engine: Engine, rows: dict[str, dict[str, Any]]) -> None:
    """Recompute every component with the standard policy from the raw inputs alone."""
    recomputed = {
        "heartbeat_consistency": heartbeat_consistency,
        "performance_metrics": performance_metrics,
        "error_rate": error_rate,
        "resource_efficiency": resource_efficiency,
        "business_impact": business_impact,
    }
    for component, recompute in recomputed.items():
        inputs = rows[component]["raw_inputs"]
        liveness = rows["gate"]["raw_inputs"]
        expected = rows[component]["value"]
        assert is_close(recompute(engine, inputs | liveness), expected), (component, inputs)


def heartbeat_consistency(engine: Engine, given: dict[str, Any]) -> Any:
    learnt = given["learnt_interval_seconds"]
    floor = 30.0 if given["state"] == "initializing" else 0.0
    late, unresponsive = (
        given["grace_seconds"] + max(floor, learnt * given[name])
        for name in ("late_after_intervals", "unresponsive_after_intervals")
    )
    silent, expected = given["silent_seconds"], given.get("expected_interval_seconds", learnt)
    recency = 1.0
    if silent > late:
        recency = max(0.0, 1 - (silent - late) / max(unresponsive - late, 1e-3))
    mass = "health_internal.time_mass(%(expected)s, 600)"
    return engine.connection.execute(
        f"""
        SELECT health_internal.score_heartbeat_consistency(
            %(gaps)s, %(sum)s, %(squares)s, {mass},
            CASE WHEN %(silent)s::float8 > %(expected)s
                THEN health_internal.open_gap_sum(%(gaps)s, {mass}, %(silent)s, 600) ELSE 0 END,
            %(recency)s
        ) AS score
        """.encode(),
        {
            "gaps": given["decayed_gap_count"],
            "sum": given["decayed_gap_seconds"],
            "squares": given["decayed_gap_square_seconds"],
            "expected": expected,
            "silent": silent,
            "recency": recency,
        },
    ).fetchone()["score"]  # type: ignore[index,call-overload]


def performance_metrics(engine: Engine, given: dict[str, Any]) -> Any:
    latency = throughput = None
    if (mean := given.get("processing_time_ms")) is not None:
        own = given.get("processing_time_baseline_ms") if given["beat_count"] >= 10 else mean
        baseline = given.get("processing_time_slo_ms", own)
        latency = mean / baseline if baseline else None
    told = given.get("items_per_minute")
    usual = given.get("items_per_minute_baseline")
    if told is not None and given["is_counting_items"] and given["state"] != "idle" and usual:
        throughput = told / usual / 0.5 if given["baseline_seconds"] >= 600 else None
    return engine.value(
        "SELECT health_internal.score_performance_metrics(%s::float8, 1.5, 5, %s::float8, 0.7)",
        latency,
        throughput,
    )


def error_rate(engine: Engine, given: dict[str, Any]) -> Any:
    if "error_count" not in given and not given["decayed_errors"]:
        return None
    return engine.value(
        "SELECT health_internal.score_error_rate(%s, %s, %s, 3600, 0.1, 1)",
        given["decayed_errors"],
        given["decayed_items"],
        given["run_seconds"],
    )


def resource_efficiency(engine: Engine, given: dict[str, Any]) -> Any:
    share = ratio = None
    usage, limit = given.get("memory_usage_mb"), given.get("memory_limit_mb")
    fast, slow = given.get("memory_mean_10_min_mb"), given.get("memory_mean_60_min_mb")
    if usage is not None and limit:
        share = usage / limit
        if fast is not None and fast > slow:
            seconds = engine.value(
                "SELECT health_internal.seconds_to_exhaustion(%s, %s, %s, 600, 3600, %s, %s)",
                fast,
                slow,
                given["run_seconds"],
                usage,
                limit,
            )
            ratio = seconds / 1800 if seconds is not None else None
    return engine.value(
        "SELECT health_internal.score_resource_efficiency("
        "%s::float8, %s::float8, %s::float8, 80, 100, 25, 0.8, 1)",
        given.get("cpu_percent"),
        share,
        ratio,
    )


def business_impact(engine: Engine, given: dict[str, Any]) -> Any:
    return engine.value(
        "SELECT health_internal.score_business_impact("
        "%s::float8, %s::float8, %s::float8, %s::float8, 1000)",
        given.get("cost_efficiency"),
        given.get("user_satisfaction"),
        given.get("operational_efficiency"),
        given.get("revenue_impact_usd"),
    )


# --- the monitor's own blindness -------------------------------------------------------------


def test_an_engine_that_stopped_accuses_nobody(engine: Engine) -> None:
    engine.register("innocent", 5)
    engine.beat("innocent", *range(0, 60, 5))
    engine.tick(56, is_replay=False)
    # No tick for 61 s. The agent went on, but its rows come only now, or never came.
    answer = engine.tick(117.5, is_replay=False)
    assert answer["alerts_opened"] == 1
    opened = engine.row("SELECT rule, agent_id, summary FROM health.open_alerts")
    assert (opened["rule"], opened["agent_id"]) == ("monitor_gap", None)
    assert opened["summary"] == "the monitor did not tick for 62 s"
    gap = engine.row("SELECT * FROM health.monitor_gaps")
    assert gap["reason"] == "engine_stopped"
    assert (gap["ended_at"] - gap["started_at"]).total_seconds() == pytest.approx(61.5)
    assert engine.status("innocent")["liveness"] == "alive"
    # It has 60 s to come back; then it is late by its own deadlines.
    engine.tick(170, is_replay=False)
    assert engine.status("innocent")["liveness"] == "alive"
    for second in range(180, 260, 10):
        engine.tick(second, is_replay=False)
    assert engine.status("innocent")["liveness"] == "unresponsive"


def test_replay_declares_no_gap(engine: Engine) -> None:
    engine.beat("one", 0)
    engine.tick(1)
    engine.tick(600)
    assert engine.rows("SELECT * FROM health.monitor_gaps") == []
    assert engine.status("one")["liveness"] == "unresponsive"


def test_who_was_away_for_long_is_well_with_its_first_heartbeat(engine: Engine) -> None:
    """An agent that sends nothing but heartbeats, at several paces."""
    paces = (5, 30, 120, 600)
    for pace in paces:
        engine.register(f"every-{pace}", pace)
        engine.beat(f"every-{pace}", *range(0, 7201, pace))
    for second in range(0, 7201, 60):
        engine.tick(second)
    for second in (7500, 8000, 10000, 20000):
        engine.tick(second)
    away = "SELECT count(*) FROM health.agent_status WHERE liveness = 'unresponsive'"
    assert engine.value(away) == len(paces)
    for pace in paces:
        engine.beat(f"every-{pace}", 20001)
    engine.tick(20002)
    assert (
        engine.rows("SELECT * FROM health.open_alerts WHERE starts_with(agent_id, 'every-')") == []
    )
    scores = engine.rows(
        "SELECT agent_id, score FROM health.agent_status WHERE starts_with(agent_id, 'every-')"
    )
    assert all(row["score"] >= 70 for row in scores), scores


def test_a_tick_of_an_earlier_time_folds_but_moves_no_timer(engine: Engine) -> None:
    engine.beat("one", 0)
    engine.tick(10)
    engine.beat("one", 11)
    engine.tick(5)
    assert engine.value("SELECT last_now FROM health_internal.engine").second == 10
    assert engine.status("one")["beat_count"] == 2


def test_a_killed_backend_accuses_nobody(server: Server, engine: Engine) -> None:
    """SIGKILL of one backend makes PostgreSQL restart all of them: sessions end together."""
    victim = psycopg.connect(engine.dsn, autocommit=True)
    for number in range(3):
        engine.register(f"agent-{number}", 30)
        attached = engine.connect()
        attached.execute("SELECT health.attach(%s)", (f"agent-{number}",))
        engine.run("INSERT INTO health.agent_heartbeats (agent_id) VALUES (%s)", f"agent-{number}")
    engine.run("CALL health.run_tick()")
    engine.run("CHECKPOINT")  # the test servers run with fsync off
    pid = victim.info.backend_pid
    with pytest.raises(psycopg.OperationalError):
        # As the server's own user, wherever the server runs.
        engine.connection.execute(f"COPY (SELECT 1) TO PROGRAM 'kill -9 {pid}; sleep 5'")
    server.wait_until_ready()
    with server.connect(str(victim.info.dbname)) as again:
        again.execute("CALL health.run_tick()")
        again.execute("CALL health.run_tick()")
        gaps = again.execute("SELECT reason FROM health.monitor_gaps").fetchall()
        assert gaps == [("server_restarted",)]
        query = "SELECT DISTINCT liveness FROM health.fleet WHERE agent_id LIKE 'agent-%'"
        assert again.execute(query).fetchall() == [("alive",)]
        query = "SELECT DISTINCT lost_reason FROM health.agent_sessions"
        assert again.execute(query).fetchall() == [("server_restarted",)]
        query = "SELECT rule, agent_id FROM health.alerts"
        assert again.execute(query).fetchall() == [("monitor_gap", None)]
    victim.close()


# --- attach ----------------------------------------------------------------------------------


def beat_now(engine: Engine, agent_id: str, state: str = "running") -> None:
    """A heartbeat by the clock."""
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES (%s, %s)", agent_id, state
    )


def end_session(engine: Engine, connection: psycopg.Connection[Any]) -> None:
    """Close a session and wait until the server has noticed."""
    pid = connection.info.backend_pid
    connection.close()
    until(
        lambda: engine.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid) == 0,
        "the session to end",
    )


def tick_later(engine: Engine, seconds: float) -> None:
    """A tick some seconds ahead of the clock."""
    engine.run("SELECT health.tick(clock_timestamp() + make_interval(secs => %s))", seconds)


def test_a_lost_session_is_late_at_once_and_unresponsive_a_second_later(engine: Engine) -> None:
    engine.register("worker", 30)
    session = engine.connect()
    session.execute("SELECT health.attach('worker')")
    session.execute("SELECT health.attach('worker')")  # once more is the same
    beat_now(engine, "worker")
    tick_later(engine, 0)
    assert engine.status("worker")["liveness"] == "alive"
    assert engine.value("SELECT attached_session_count FROM health.engine_health") == 1
    end_session(engine, session)
    tick_later(engine, 0)
    status = engine.status("worker")
    assert (status["liveness"], status["score"] <= 65) == ("late", True)
    assert engine.open_rules("worker") == set()
    tick_later(engine, 1.5)
    assert engine.status("worker")["liveness"] == "unresponsive"
    assert engine.open_rules("worker") >= {"unresponsive"}
    assert engine.value("SELECT lost_reason FROM health.agent_sessions") == "session_lost"
    assert engine.value("SELECT issue_type FROM health.recovery_backlog") == "agent_unresponsive"


def test_who_attaches_again_in_time_is_not_accused(engine: Engine) -> None:
    engine.register("worker", 30)
    session = engine.connect()
    session.execute("SELECT health.attach('worker')")
    beat_now(engine, "worker")
    tick_later(engine, 0)
    end_session(engine, session)
    tick_later(engine, 0)
    assert engine.status("worker")["liveness"] == "late"
    engine.connect().execute("SELECT health.attach('worker')")
    beat_now(engine, "worker")
    tick_later(engine, 0)
    assert engine.status("worker")["liveness"] == "alive"
    tick_later(engine, 2)
    assert engine.status("worker")["liveness"] == "alive"
    assert engine.value("SELECT count(*) FROM health.alerts") == 0


def test_goodbye_first_is_no_failure(engine: Engine) -> None:
    engine.register("worker", 30)
    session = engine.connect()
    session.execute("SELECT health.attach('worker')")
    beat_now(engine, "worker")
    tick_later(engine, 0)
    beat_now(engine, "worker", "stopped")
    end_session(engine, session)
    for seconds in (0, 2, 3000):
        tick_later(engine, seconds)
        assert engine.status("worker")["liveness"] == "stopped"
    assert engine.value("SELECT count(*) FROM health.alerts WHERE agent_id IS NOT NULL") == 0
    assert engine.value("SELECT count(*) FROM health.recovery_actions") == 0


def test_one_agent_is_attached_by_one_session(engine: Engine) -> None:
    engine.register("worker", 30)
    engine.connect().execute("SELECT health.attach('worker')")
    second = engine.connect()
    with pytest.raises(psycopg.Error) as refused:
        second.execute("SELECT health.attach('worker')")
    assert refused.value.sqlstate == "AG003"
    assert "pooler" in (refused.value.diag.message_hint or "")


def test_an_advisory_lock_of_somebody_else_keeps_nobody_alive(engine: Engine) -> None:
    engine.register("worker", 30)
    session = engine.connect()
    number = session.execute("SELECT health.attach('worker') AS number").fetchone()["number"]
    beat_now(engine, "worker")
    tick_later(engine, 0)
    end_session(engine, session)
    engine.connect().execute("SELECT pg_advisory_lock_shared(%s)", (number,))
    tick_later(engine, 0)
    assert engine.status("worker")["liveness"] == "late"


# --- roles -----------------------------------------------------------------------------------


@pytest.fixture
def logins(server: Server, engine: Engine) -> Iterator[Callable[[str, str], psycopg.Connection]]:
    """Make a login of a group role for this test and connect as it."""
    made: list[str] = []
    opened: list[psycopg.Connection[Any]] = []

    def connect(name: str, role: str) -> psycopg.Connection[Any]:
        if name not in made:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'tests only' IN ROLE {}")
            with server.connect() as connection:
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(role)))
            made.append(name)
        dsn = make_conninfo(engine.dsn, user=name, password="tests only")
        opened.append(psycopg.connect(dsn, autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    with server.connect() as connection:
        for name in made:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def allow(engine: Engine, login: str, *agent_ids: str) -> None:
    """Let a login write for agents."""
    for agent_id in agent_ids:
        engine.run("INSERT INTO health.agent_logins VALUES (%s, %s)", login, agent_id)


def test_an_agents_login_writes_its_own_rows_only(
    engine: Engine, logins: Callable[[str, str], psycopg.Connection]
) -> None:
    agent = logins("test_agent_one", "health_agent")
    allow(engine, "test_agent_one", "one")
    allow(engine, "test_agent_two", "two")
    agent.execute("SELECT health.register_agent('one', p_expected_interval => '5 seconds')")
    agent.execute("SELECT health.register_agent('one', p_agent_name => 'One')")
    agent.execute("SELECT health.heartbeat('one', 'running', '{\"cpu_usage_percent\": 12}')")
    agent.execute("SELECT health.update_agent_state('one', 'idle')")
    agent.execute("SELECT health.log_performance_metric('one', 'depth', 3)")
    agent.execute("SELECT health.log_system_event('one', 'noted')")
    agent.execute("SELECT health.attach('one')")
    agent.execute(
        "INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent) "
        "SELECT * FROM unnest(ARRAY['one', 'one'], ARRAY[1.0, 2.0])"
    )
    for statement in (
        "SELECT health.register_agent('two')",
        "SELECT health.heartbeat('two')",
        "SELECT health.update_agent_state('two', 'failed')",
        "SELECT health.log_performance_metric('two', 'depth', 3)",
        "SELECT health.log_system_event('two', 'noted')",
        "INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('one', now())",
        "INSERT INTO health.agent_heartbeats (agent_id, txid) VALUES ('one', '3')",
        (
            "INSERT INTO health.system_events (agent_id, event_type, received_at) "
            "VALUES ('one', 'x', now())"
        ),
        "SELECT * FROM health.agent_heartbeats",
        "SELECT * FROM health.agent_status",
        "SELECT * FROM health.fleet",
        "SELECT * FROM health.tick()",
        "CALL health.run_tick()",
        "SELECT health.explain('one')",
        "SELECT * FROM health_internal.engine",
        "SELECT health.set_policy('standard', '{}')",
        "UPDATE health.agents SET agent_id = 'two'",
        "DELETE FROM health.agents",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            agent.execute(statement)
    engine.register("two")
    with pytest.raises(psycopg.Error) as refused:
        agent.execute("SELECT health.attach('two')")
    assert refused.value.sqlstate in {"AG001", "42501"}
    assert agent.execute("SELECT agent_id FROM health.agents").fetchall() == [("one",)]
    assert agent.execute("SELECT agent_id FROM health.agent_logins").fetchall() == [("one",)]
    engine.tick(None)
    assert engine.status("one")["beat_count"] == 4


def test_a_gateway_copies_for_its_agents_only(
    engine: Engine, logins: Callable[[str, str], psycopg.Connection]
) -> None:
    gateway = logins("test_gateway", "health_gateway")
    allow(engine, "test_gateway", "one", "two")
    copy: Any = "COPY health.ingest_heartbeats (agent_id, state, error_count) FROM STDIN"
    with gateway.cursor().copy(copy) as stream:
        for agent_id in ("one", "two", "one"):
            stream.write_row((agent_id, "running", 0))

    def copy_foreign_rows() -> None:
        with gateway.cursor().copy(copy) as stream:
            stream.write_row(("one", "running", 0))
            stream.write_row(("three", "running", 0))

    with pytest.raises(psycopg.Error) as refused:
        copy_foreign_rows()
    assert refused.value.sqlstate == "AG005"
    assert '"three"' in str(refused.value)
    for statement in (
        "COPY health.agent_heartbeats (agent_id) FROM STDIN",
        "COPY health.ingest_heartbeats (agent_id, received_at) FROM STDIN",
    ):
        with pytest.raises(psycopg.Error), gateway.cursor().copy(statement) as stream:  # type: ignore[arg-type]
            stream.write_row(("one", "2031-01-01"))
    engine.tick(None)
    assert engine.status("one")["beat_count"] == 2
    assert engine.status("two")["beat_count"] == 1


# --- bad input -------------------------------------------------------------------------------

NO_GOOD: dict[str, tuple[dict[str, Any], str]] = {
    "NaN": (
        {"cpu_usage_percent": float("nan")},
        "cpu_usage_percent_is_a_plain_number_from_0_to_100",
    ),
    "NaN where anything finite goes": (
        {"memory_usage_mb": float("nan")},
        "memory_usage_mb_is_a_plain_number_from_0_to_1e15",
    ),
    "infinity": ({"revenue_impact_usd": float("-inf")}, "revenue_impact_usd_is_a_plain_number"),
    "negative counter": ({"error_count": -1}, "error_count_is_a_counter_from_0_to_1e15"),
    "1e300": (
        {"average_processing_time_ms": 1e300},
        "average_processing_time_ms_is_a_plain_number",
    ),
    "too near to 0": (
        {"average_processing_time_ms": 5e-324},
        "average_processing_time_ms_is_a_plain_number_from_0_to_1e15",
    ),
    "clock a year ahead": (
        {"sent_at": "2032-05-06 07:00:00+00"},
        "sent_at_is_within_one_day_of_received_at",
    ),
    "clock a year behind": (
        {"sent_at": "2030-05-06 07:00:00+00"},
        "sent_at_is_within_one_day_of_received_at",
    ),
    "10 MB of attributes": (
        {"attributes": Jsonb({"x": os.urandom(5_000_000).hex()})},
        "attributes_are_at_most_8_kb",
    ),
    "attributes that are no object": ({"attributes": Jsonb([1])}, "attributes_are_an_object"),
    "unknown state": ({"state": "dancing"}, "state_is_initializing_active_running"),
    "unknown signal": ({"signal": "smoke"}, "signal_is_beat_start_success_fail_or_log"),
    "id with a newline": ({"agent_id": "a\nb"}, "agent_id_is_1_to_200_bytes_without_control"),
    "empty id": ({"agent_id": ""}, "agent_id_is_1_to_200_bytes_without_control"),
    "long id": ({"agent_id": "ü" * 101}, "agent_id_is_1_to_200_bytes_without_control"),
}


@pytest.mark.parametrize("case", NO_GOOD)
def test_bad_heartbeats_are_refused_by_name_and_the_tick_goes_on(case: str, engine: Engine) -> None:
    columns, constraint = NO_GOOD[case]
    columns = dict(columns)
    agent_id = columns.pop("agent_id", "bad")
    engine.beat("good", 0)
    with pytest.raises(errors.CheckViolation, match=constraint) as refused:
        engine.beat(agent_id, 1, **columns)
    assert refused.value.sqlstate == "23514"
    engine.tick(2)
    assert engine.status("good")["beat_count"] == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"memory_usage_mb": 1e15, "memory_limit_mb": 1e-100},
        {"memory_usage_mb": 1e-100, "memory_limit_mb": 1e15},
        {"memory_usage_mb": 1e15, "memory_limit_mb": 0},
        {"average_processing_time_ms": 1e15},
        {"average_processing_time_ms": 1e-100},
        {"error_count": 10**15, "work_items_processed": 10**15},
        {"error_count": 10**15, "work_items_processed": 1},
        {"cpu_usage_percent": 1e-100, "user_satisfaction": 1e-100},
        {"revenue_impact_usd": -1e15, "cost_efficiency": 1e-100},
    ],
    ids=str,
)
def test_extreme_values_that_are_accepted_break_no_tick(
    columns: dict[str, Any], engine: Engine
) -> None:
    for second in (10, 20, 4_000, 100_000, 3_000_000):  # decays to nothing, without an error
        engine.beat("extreme", second - 9, **columns)
        engine.beat("extreme", second - 7, second - 5)
        engine.beat("good", second)
        engine.tick(second)
        engine.beat("extreme", second + 1, **columns)
        engine.tick(second + 2)
        engine.tick(second + 900)
    assert engine.status("good")["beat_count"] == 5
    assert 0 <= engine.status("extreme")["score"] <= 100


@pytest.mark.parametrize("value", [1e15, -1e15, 1e-100, -1e-100, 0.0])
def test_extreme_metrics_that_are_accepted_break_no_tick(value: float, engine: Engine) -> None:
    for second in (10, 20, 4_000, 100_000, 3_000_000):
        engine.run(
            "INSERT INTO health.performance_metrics "
            "(agent_id, metric_name, metric_value, received_at) VALUES ('extreme', 'm', %s, "
            "timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => %s))",
            value,
            second - 5,
        )
        engine.beat("good", second)
        engine.tick(second)
    assert engine.status("good")["beat_count"] == 5
    series = engine.row("SELECT * FROM health_internal.metric_series WHERE agent_id = 'extreme'")
    assert (series["value_count"], series["last_value"]) == (5, value)


def test_an_unknown_agent_is_registered_or_refused(engine: Engine) -> None:
    engine.beat("stranger", 0)
    engine.tick(1)
    assert engine.row("SELECT liveness, score FROM health.fleet WHERE agent_id = 'stranger'") == {
        "liveness": "alive",
        "score": 100,
    }
    engine.run("UPDATE health.settings SET unknown_agents = 'refuse'")
    engine.beat("intruder", 2)
    engine.beat("stranger", 2)
    engine.tick(3)
    assert engine.rows("SELECT FROM health.fleet WHERE agent_id = 'intruder'") == []
    assert engine.status("stranger")["beat_count"] == 2


def test_an_agent_that_returns_after_a_week_is_alive_at_once(engine: Engine) -> None:
    week = 7 * 86_400
    engine.register("traveller", 10)
    engine.beat("traveller", *range(0, 400, 10), error_count=5)
    engine.tick(391)
    engine.tick(1000)
    assert engine.status("traveller")["liveness"] == "unresponsive"
    engine.tick(week - 1)
    engine.beat("traveller", week, error_count=5)
    engine.tick(week)
    status = engine.status("traveller")
    assert status["liveness"] == "alive"
    assert 9 < status["learnt_interval_seconds"] < 11
    for second in range(10, 1200, 10):
        engine.beat("traveller", week + second, error_count=5)
        engine.tick(week + second)
    status = engine.status("traveller")
    assert status["status"] in {"excellent", "good"}
    assert status["active_conditions"] == []
    assert engine.open_rules("traveller") == set()


def test_two_rows_of_one_agent_in_one_transaction_count_twice(engine: Engine) -> None:
    with engine.connection.transaction():
        engine.beat("twin", 10, error_count=1)
        engine.beat("twin", 11, error_count=2)
        engine.beat("twin", 11, error_count=2)  # even at the same microsecond
        engine.beat("twin", 12, error_count=4)
    engine.tick(13)
    status = engine.status("twin")
    assert (status["beat_count"], status["error_count"]) == (4, 4)
    # The first beat of an agent counts in full: its counters count since it started.
    assert status["error_sum"] == pytest.approx(4, rel=0.01)


def test_a_late_row_of_a_counter_is_a_beat_and_no_difference(engine: Engine) -> None:
    engine.register("worker", 10)
    engine.beat("worker", 0, error_count=0, work_items_processed=0, run_id="r")
    engine.tick(1)
    engine.beat("worker", 20, error_count=10, work_items_processed=200, run_id="r")
    engine.tick(21)
    before = engine.status("worker")
    engine.beat("worker", 10, error_count=3, work_items_processed=90, run_id="r")
    engine.tick(22)
    after = engine.status("worker")
    assert after["beat_count"] == before["beat_count"] + 1
    assert (after["error_count"], after["work_items_processed"]) == (10, 200)
    assert after["last_heartbeat_at"] == before["last_heartbeat_at"]
    assert after["error_sum"] == pytest.approx(before["error_sum"], rel=1e-3)
    assert after["item_sum"] == pytest.approx(before["item_sum"], rel=1e-3)


def test_a_counter_that_falls_is_a_restart(engine: Engine) -> None:
    engine.register("worker", 10)
    engine.beat("worker", 0, error_count=50)
    engine.beat("worker", 10, error_count=51)
    engine.tick(11)
    engine.beat("worker", 20, error_count=2)
    engine.tick(21)
    status = engine.status("worker")
    assert (status["error_count"], status["run_started_at"]) == (2, status["last_heartbeat_at"])
    assert status["error_sum"] == pytest.approx(2, rel=0.01)


# --- run_tick --------------------------------------------------------------------------------


def test_a_failing_act_undoes_no_fold(engine: Engine) -> None:
    engine.run("INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('one', 'failed')")
    engine.run("ALTER TABLE health.alert_events RENAME TO alert_events_away")
    engine.run("CALL health.run_tick()")
    status = engine.status("one")
    assert (status["beat_count"], status["score"]) == (1, 20)
    health = engine.row("SELECT last_error, last_error_at FROM health.engine_health")
    assert health["last_error"].startswith("act: ")
    assert "alert_events" in health["last_error"]
    assert health["last_error_at"] is not None
    assert engine.value("SELECT count(*) FROM health.alerts") == 0
    engine.run("ALTER TABLE health.alert_events_away RENAME TO alert_events")
    engine.run("CALL health.run_tick()")
    assert engine.status("one")["beat_count"] == 1
    assert engine.open_rules("one") >= {"failed"}
    assert engine.value("SELECT last_error FROM health.engine_health") is None


def test_a_failing_fold_is_shown_and_loses_nothing(engine: Engine) -> None:
    engine.run("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('one')")
    engine.run("ALTER VIEW health.current_policies RENAME TO policies_away")
    engine.run("CALL health.run_tick()")
    assert engine.value("SELECT last_error FROM health.engine_health").startswith("fold: ")
    engine.run("ALTER VIEW health.policies_away RENAME TO current_policies")
    engine.run("CALL health.run_tick()")
    assert engine.status("one")["beat_count"] == 1
    assert engine.value("SELECT last_error FROM health.engine_health") is None


def test_a_tick_waits_for_no_lock_of_an_agent(engine: Engine) -> None:
    engine.register("one", 10)
    engine.beat("one", 0)
    engine.tick(1)
    holder = engine.connect(autocommit=False)
    holder.execute("SELECT health.register_agent('one', p_agent_name => 'held')")
    holder.execute("SELECT health.register_agent('stranger')")
    engine.beat("one", 10)
    engine.beat("stranger", 10)
    engine.run("SET statement_timeout = '20s'")
    engine.tick(11)
    assert engine.status("one")["beat_count"] == 2
    assert engine.status("stranger")["beat_count"] == 1
    holder.commit()
    engine.tick(12)


def test_a_bad_heartbeat_rings_the_bell_once(engine: Engine) -> None:
    listener = engine.connect()
    listener.execute("LISTEN health_wakeup")
    beat_now(engine, "one")
    assert list(listener.notifies(timeout=0.1, stop_after=1)) == []
    beat_now(engine, "one", "failed")
    assert len(list(listener.notifies(timeout=PATIENCE_SECONDS, stop_after=1))) == 1
    engine.run("CALL health.run_tick()")
    assert len(list(listener.notifies(timeout=PATIENCE_SECONDS, stop_after=1))) == 1
    beat_now(engine, "one", "failed")  # known already
    assert list(listener.notifies(timeout=0.1, stop_after=1)) == []
