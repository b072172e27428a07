"""Runs of jobs: signals in any order, scheduled times, deadlines, findings; times are passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import START, Engine, at

if TYPE_CHECKING:
    from collections.abc import Callable

JOB = "backup"
NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)


def tell(engine: Engine, signal: str | None, when: datetime, run_id: str | None = None) -> None:
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id, signal, received_at, run_id)"
        " VALUES (%s, %s, %s, %s)",
        JOB,
        signal,
        when,
        run_id,
    )


def tick(engine: Engine, when: datetime) -> None:
    engine.run("SELECT health.tick(%s, true)", when)


def schedule(
    engine: Engine,
    expression: str | None,
    *,
    zone: str = "UTC",
    grace: str = "5 minutes",
    longest: str | None = None,
    when: datetime = NOON - timedelta(minutes=30),
) -> None:
    """Register the job with a schedule, known to the engine from `when` on."""
    engine.run("SELECT health.register_agent(%s)", JOB)
    engine.run(
        "SELECT health.set_schedule(%s, %s, %s, %s, %s)", JOB, expression, zone, grace, longest
    )
    tick(engine, when)


def outcomes(engine: Engine) -> list[str]:
    rows = engine.rows(
        "SELECT outcome FROM health.job_runs WHERE agent_id = %s"
        " ORDER BY coalesce(began_at, expected_at), job_run_id",
        JOB,
    )
    return [row["outcome"] for row in rows]


def runs(engine: Engine) -> list[dict[str, Any]]:
    return engine.rows(
        "SELECT * FROM health.job_runs WHERE agent_id = %s"
        " ORDER BY coalesce(began_at, expected_at), job_run_id",
        JOB,
    )


def found(engine: Engine) -> set[str]:
    query = "SELECT rule FROM health.rule_findings WHERE agent_id = %s"
    return {row["rule"] for row in engine.rows(query, JOB)}


def expected(engine: Engine) -> dict[str, Any]:
    return engine.row("SELECT * FROM health.job_expectations WHERE agent_id = %s", JOB)


def minutes(count: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=count)


# --- signals become runs -----------------------------------------------------------------------


def test_start_and_success_are_one_run(engine: Engine) -> None:
    tell(engine, "start", minutes(0), "r1")
    tick(engine, minutes(1))
    assert outcomes(engine) == ["running"]
    tell(engine, "log", minutes(2), "r1")
    tell(engine, "success", minutes(3), "r1")
    tick(engine, minutes(4))
    (run,) = runs(engine)
    assert (run["outcome"], run["duration_seconds"], run["log_count"]) == ("success", 180, 1)
    assert run["overdue_at"] is None
    job = expected(engine)
    assert (job["uses_signals"], job["last_outcome"], job["open_run_count"]) == (True, "success", 0)


def test_rows_out_of_order_in_one_transaction_pair_by_time(engine: Engine) -> None:
    with engine.connection.transaction():
        tell(engine, "success", minutes(3), "r1")
        tell(engine, "start", minutes(4), "r2")
        tell(engine, "start", minutes(1), "r1")
    tick(engine, minutes(5))
    assert outcomes(engine) == ["success", "running"]
    assert runs(engine)[0]["duration_seconds"] == 120


def test_an_end_whose_start_commits_later_gets_it(engine: Engine) -> None:
    slow = engine.connect(autocommit=False)
    slow.execute(
        "INSERT INTO health.agent_heartbeats (agent_id, signal, received_at, run_id)"
        " VALUES (%s, 'start', %s, 'r1')",
        (JOB, minutes(0)),
    )
    tell(engine, "success", minutes(2), "r1")
    tick(engine, minutes(3))
    assert [(run["started_at"], run["outcome"]) for run in runs(engine)] == [(None, "success")]
    slow.commit()
    tick(engine, minutes(4))
    assert [(run["started_at"], run["duration_seconds"]) for run in runs(engine)] == [
        (minutes(0), 120)
    ]


def test_overlapping_runs_are_told_apart_by_run_id(engine: Engine) -> None:
    tell(engine, "start", minutes(0), "r1")
    tell(engine, "start", minutes(1), "r2")
    tick(engine, minutes(2))
    assert expected(engine)["open_run_count"] == 2
    tell(engine, "success", minutes(3), "r2")
    tell(engine, "fail", minutes(4), "r1")
    tick(engine, minutes(5))
    assert [(run["run_id"], run["outcome"]) for run in runs(engine)] == [
        ("r1", "fail"),
        ("r2", "success"),
    ]
    assert found(engine) == {"job_failed"}


def test_without_a_name_the_next_start_loses_the_run_before(engine: Engine) -> None:
    tell(engine, "start", minutes(0))
    tick(engine, minutes(1))
    tell(engine, "start", minutes(10))
    tell(engine, "success", minutes(11))
    tick(engine, minutes(12))
    assert outcomes(engine) == ["lost", "success"]
    assert runs(engine)[0]["finished_at"] == minutes(10)


def test_a_start_that_comes_late_cuts_an_unnamed_run_in_two(engine: Engine) -> None:
    tell(engine, "start", minutes(0))
    tell(engine, "success", minutes(9))
    tick(engine, minutes(10))
    tell(engine, "start", minutes(5))
    tick(engine, minutes(11))
    assert [(run["began_at"], run["outcome"]) for run in runs(engine)] == [
        (minutes(0), "lost"),
        (minutes(5), "success"),
    ]


def test_an_end_told_twice_is_one(engine: Engine) -> None:
    tell(engine, "start", minutes(0), "r1")
    tell(engine, "success", minutes(1), "r1")
    tick(engine, minutes(1.2))
    tell(engine, "success", minutes(1.5), "r1")
    tell(engine, "start", minutes(0.2), "r1")
    tick(engine, minutes(2))
    assert outcomes(engine) == ["success"]
    assert runs(engine)[0]["finished_at"] == minutes(1)


def test_a_run_id_used_again_is_another_run(engine: Engine) -> None:
    for hour in (0, 60, 120):
        tell(engine, "start", minutes(hour), "nightly")
        tell(engine, "success", minutes(hour + 1), "nightly")
        tick(engine, minutes(hour + 2))
    tell(engine, "success", minutes(180), "nightly")
    tell(engine, "fail", minutes(180.5), "nightly")
    tick(engine, minutes(181))
    assert outcomes(engine) == ["success", "success", "success", "success", "fail"]


def test_what_is_old_makes_no_run(engine: Engine) -> None:
    tell(engine, "start", minutes(-120), "r1")
    tick(engine, minutes(0))
    assert runs(engine) == []


def test_a_signal_of_an_unknown_agent_counts_unless_those_are_refused(engine: Engine) -> None:
    engine.run("UPDATE health.settings SET unknown_agents = 'refuse'")
    tell(engine, "success", minutes(0), "r1")
    tick(engine, minutes(1))
    assert runs(engine) == []
    engine.run("UPDATE health.settings SET unknown_agents = 'register'")
    tell(engine, "success", minutes(2), "r2")
    tick(engine, minutes(3))
    assert outcomes(engine) == ["success"]


def test_ordinary_beats_leave_no_trace_here(engine: Engine) -> None:
    tell(engine, None, minutes(0), "r1")
    tell(engine, "beat", minutes(0), "r1")
    assert engine.value("SELECT count(*) FROM health_internal.job_signals") == 0
    tell(engine, "log", minutes(0), "r1")
    assert engine.value("SELECT count(*) FROM health_internal.job_signals") == 1
    tick(engine, minutes(1))
    assert engine.rows("SELECT * FROM health.job_expectations") == []


def test_a_gateways_copy_is_read_too(engine: Engine, login: Callable[..., str]) -> None:
    gateway = psycopg.connect(login(engine.dsn, "health_gateway", agents=[JOB]), autocommit=True)
    with (
        gateway.cursor() as cursor,
        cursor.copy("COPY health.ingest_heartbeats (agent_id, signal, run_id) FROM STDIN") as copy,
    ):
        copy.write_row((JOB, "start", "r1"))
        copy.write_row((JOB, "beat", "r1"))
        copy.write_row((JOB, "success", "r1"))
    gateway.close()
    engine.run("SELECT health.tick(clock_timestamp(), true)")
    assert outcomes(engine) == ["success"]


def test_signals_and_ticks_in_one_transaction_are_folded_once(engine: Engine) -> None:
    with engine.connection.transaction():
        tell(engine, "start", minutes(0), "r1")
        tick(engine, minutes(1))
        tick(engine, minutes(2))
        tell(engine, "log", minutes(2), "r1")
        tick(engine, minutes(3))
        tick(engine, minutes(4))
    tick(engine, minutes(5))
    (run,) = runs(engine)
    assert (run["outcome"], run["log_count"]) == ("running", 1)


SIGNALS = st.lists(
    st.tuples(st.sampled_from(["start", "success", "fail"]), st.sampled_from(["", "a", "b"])),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SIGNALS, st.data())
def test_runs_do_not_depend_on_how_signals_arrive(
    engine: Engine, signals: list[tuple[str, str]], data: st.DataObject
) -> None:
    """All at once in any order, or one a tick in order: the same runs of named ids."""
    stamped = [(kind, name, minutes(2 * place)) for place, (kind, name) in enumerate(signals)]
    shuffled = data.draw(st.permutations(stamped))
    seen = []
    for batches in ([shuffled], [[one] for one in stamped]):
        with engine.connection.transaction(force_rollback=True):
            for batch in batches:
                for kind, name, when in batch:
                    tell(engine, kind, when, name or None)
                tick(engine, minutes(60))
            seen.append(
                [
                    (run["run_id"], run["started_at"], run["finished_at"], run["outcome"])
                    for run in runs(engine)
                ]
            )
    assert sorted(seen[0], key=str) == sorted(seen[1], key=str)


# --- schedules ---------------------------------------------------------------------------------


def test_a_run_in_time_moves_the_expectation_on(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    assert expected(engine)["expected_at"] == minutes(0)
    assert expected(engine)["missed_at"] == minutes(5)
    tell(engine, "start", minutes(0.1), "r1")
    tick(engine, minutes(0.2))
    assert expected(engine)["expected_at"] == minutes(60)
    tell(engine, "success", minutes(20), "r1")
    tick(engine, minutes(21))
    assert runs(engine)[0]["expected_at"] == minutes(0)
    assert found(engine) == set()


def test_a_clock_that_is_a_little_ahead_misses_nothing(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "start", minutes(-0.5), "r1")
    tick(engine, minutes(0))
    assert runs(engine)[0]["expected_at"] == minutes(0)
    assert expected(engine)["expected_at"] == minutes(60)
    tick(engine, minutes(6))
    assert found(engine) == set()


def test_a_run_in_between_answers_nothing(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "success", minutes(-10), "by hand")
    tick(engine, minutes(-9))
    assert expected(engine)["expected_at"] == minutes(0)
    tick(engine, minutes(5))
    assert found(engine) == {"job_missed"}


def test_a_missed_run_is_found_once_its_grace_is_over(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "success", minutes(-20), "r0")
    tick(engine, minutes(4.9))
    assert found(engine) == set()
    tick(engine, minutes(5))
    assert found(engine) == {"job_missed"}
    assert outcomes(engine) == ["success", "missed"]
    finding = engine.row("SELECT * FROM health.rule_findings WHERE agent_id = %s", JOB)
    assert finding["summary"] == "its run expected at 2031-05-06 12:00 UTC did not come"
    assert (finding["severity"], finding["found_at"]) == ("critical", minutes(5))
    tick(engine, minutes(65))
    assert outcomes(engine) == ["success", "missed", "missed"]


def test_a_late_success_takes_the_missed_runs_row(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "success", minutes(-20), "r0")
    tick(engine, minutes(5))
    tell(engine, "start", minutes(10), "r1")
    tick(engine, minutes(11))
    assert found(engine) == set()
    tell(engine, "success", minutes(12), "r1")
    tick(engine, minutes(13))
    (_, late) = runs(engine)
    assert (late["run_id"], late["outcome"]) == ("r1", "success")
    assert (late["expected_at"], late["missed_at"]) == (minutes(0), minutes(5))


def test_the_next_run_makes_good_but_leaves_the_missed_one_on_record(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "success", minutes(-20), "r0")
    tick(engine, minutes(5))
    tell(engine, "success", minutes(60), "r1")
    tick(engine, minutes(61))
    assert outcomes(engine) == ["success", "missed", "success"]
    assert found(engine) == set()


def test_plain_heartbeats_are_runs_of_a_job_that_never_signals(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, None, minutes(1))
    tick(engine, minutes(1))
    for minute in (3, 5, 6):
        tick(engine, minutes(minute))
    assert expected(engine)["expected_at"] == minutes(60)
    tick(engine, minutes(63))
    tick(engine, minutes(65))
    assert found(engine) == {"job_missed"}
    tell(engine, None, minutes(70))
    tick(engine, minutes(70))
    assert found(engine) == set()
    assert expected(engine)["expected_at"] == minutes(120)


def test_a_run_that_takes_too_long_is_overdue_until_it_ends(engine: Engine) -> None:
    schedule(engine, "0 * * * *", longest="10 minutes")
    tell(engine, "start", minutes(0), "r1")
    tick(engine, minutes(9))
    assert found(engine) == set()
    tick(engine, minutes(10))
    assert (outcomes(engine), found(engine)) == (["overdue"], {"job_overdue"})
    assert expected(engine)["is_overdue"]
    tell(engine, "log", minutes(11), "r1")
    tick(engine, minutes(11))
    assert outcomes(engine) == ["overdue"]
    tell(engine, "success", minutes(15), "r1")
    tick(engine, minutes(15))
    assert (outcomes(engine), found(engine)) == (["success"], set())


def test_a_longer_time_takes_the_finding_back(engine: Engine) -> None:
    schedule(engine, None, longest="10 minutes")
    tell(engine, "start", minutes(0), "r1")
    tick(engine, minutes(20))
    assert found(engine) == {"job_overdue"}
    engine.run("SELECT health.set_schedule(%s, NULL, p_max_run_time => '1 hour')", JOB)
    tick(engine, minutes(21))
    assert (outcomes(engine), found(engine)) == (["running"], set())


def test_a_failed_run_is_a_finding_until_one_succeeds(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id, signal, received_at, run_id, attributes)"
        " VALUES (%s, 'fail', %s, 'r1', %s)",
        JOB,
        minutes(0),
        '{"exit_code": 3}',
    )
    tick(engine, minutes(1))
    finding = engine.row("SELECT * FROM health.rule_findings")
    assert finding["details"]["attributes"] == {"exit_code": 3}
    tick(engine, minutes(6))
    assert found(engine) == {"job_failed"}, "it came, so it was not missed"
    tell(engine, "success", minutes(60), "r2")
    tick(engine, minutes(60))
    assert found(engine) == set()


def test_a_run_nobody_hears_of_for_a_week_is_lost(engine: Engine) -> None:
    tell(engine, "start", minutes(0), "r1")
    tick(engine, minutes(1))
    tick(engine, minutes(8 * 24 * 60))
    assert outcomes(engine) == ["lost"]
    assert expected(engine)["open_run_count"] == 0


def test_a_changed_schedule_forgets_what_the_old_one_missed(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tick(engine, minutes(5))
    assert found(engine) == {"job_missed"}
    engine.run("SELECT health.set_schedule(%s, '@daily')", JOB)
    tick(engine, minutes(6))
    assert found(engine) == set()
    assert expected(engine)["expected_at"] == datetime(2031, 5, 7, tzinfo=UTC)


def test_a_longer_grace_keeps_what_is_expected(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tick(engine, minutes(2))
    engine.run("SELECT health.set_schedule(%s, '0 * * * *', p_grace => '20 minutes')", JOB)
    tick(engine, minutes(3))
    assert expected(engine)["missed_at"] == minutes(20)


def test_a_removed_agent_is_expected_no_more(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tick(engine, minutes(5))
    engine.run("DELETE FROM health.agents WHERE agent_id = %s", JOB)
    tick(engine, minutes(6))
    assert found(engine) == set()
    assert engine.rows("SELECT * FROM health.job_expectations") == []


def test_what_passed_while_nobody_ticked_is_one_missed_run(engine: Engine) -> None:
    schedule(engine, "* * * * *", grace="30 seconds")
    tick(engine, minutes(60))
    tick(engine, minutes(60.1))
    assert outcomes(engine) == ["missed"]
    assert minutes(59) <= expected(engine)["expected_at"] <= minutes(61)


def test_a_start_that_came_while_nobody_ticked_is_not_missed(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    tell(engine, "start", minutes(1), "r1")
    tick(engine, minutes(30))
    assert (outcomes(engine), found(engine)) == (["running"], set())


def gap(engine: Engine, reason: str, start: datetime, end: datetime, settled: datetime) -> None:
    engine.run(
        "INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at)"
        " VALUES (%s, %s, %s, %s)",
        reason,
        start,
        end,
        settled,
    )


def test_nobody_is_accused_of_what_was_scheduled_while_the_server_was_down(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    gap(engine, "server_restarted", minutes(-1), minutes(6), minutes(7))
    tick(engine, minutes(6))
    assert outcomes(engine) == []
    tick(engine, minutes(7))
    assert (outcomes(engine), found(engine)) == (["unknown"], set())
    assert expected(engine)["expected_at"] == minutes(60)


def test_an_engine_that_stood_still_lost_no_signal_and_accuses_when_settled(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    gap(engine, "engine_stopped", minutes(-1), minutes(6), minutes(7))
    tick(engine, minutes(6))
    assert outcomes(engine) == []
    tick(engine, minutes(7))
    assert found(engine) == {"job_missed"}


def test_a_time_zone_the_server_forgot_stops_nobody_else(engine: Engine) -> None:
    schedule(engine, "0 * * * *")
    engine.run("ALTER TABLE health.agents DISABLE TRIGGER _100_check_schedule")
    engine.run("UPDATE health.agents SET time_zone = 'Mars/Olympus' WHERE agent_id = %s", JOB)
    tick(engine, minutes(5))
    assert found(engine) == {"schedule_unreadable"}
    engine.run("ALTER TABLE health.agents ENABLE TRIGGER _100_check_schedule")
    engine.run("SELECT health.set_schedule(%s, '0 * * * *')", JOB)
    tick(engine, minutes(6))
    assert found(engine) == set()


@pytest.mark.parametrize(
    ("expression", "day", "times"),
    [
        ("30 2 * * *", "2031-03-30", ["03:00"]),  # skipped: at the first moment after the gap
        ("30 2 * * *", "2031-10-26", ["02:30"]),  # twice: the first time
        ("*/30 2 * * *", "2031-03-30", []),
        ("*/30 2 * * *", "2031-10-26", ["02:00", "02:30", "02:00", "02:30"]),
    ],
)
def test_a_job_is_expected_right_on_the_days_the_clock_changes(
    engine: Engine, expression: str, day: str, times: list[str]
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)
    schedule(engine, expression, zone="Europe/Berlin", grace="1 minute", when=start)
    seen = []
    while (when := expected(engine)["expected_at"]) < start + timedelta(hours=20):
        seen.append(when.astimezone(zone).strftime("%H:%M"))
        tell(engine, "success", when + timedelta(seconds=5))
        tick(engine, when + timedelta(seconds=6))
    assert seen == times
    assert found(engine) == set()


# --- who may ------------------------------------------------------------------------------------


def test_an_agent_sets_its_own_schedule_and_no_other(
    engine: Engine, login: Callable[..., str]
) -> None:
    engine.run("SELECT health.register_agent('other')")
    engine.run("SELECT health.register_agent(%s)", JOB)
    with psycopg.connect(login(engine.dsn, "health_agent", agents=[JOB]), autocommit=True) as agent:
        agent.execute("SELECT health.set_schedule(%s, '@daily', 'Asia/Tokyo')", (JOB,))
        with pytest.raises(psycopg.Error) as caught:
            agent.execute("SELECT health.set_schedule('other', '@daily')")
    assert caught.value.sqlstate == "AG001"
    row = engine.row("SELECT schedule, time_zone FROM health.agents WHERE agent_id = %s", JOB)
    assert (row["schedule"], row["time_zone"]) == ("@daily", "Asia/Tokyo")


def test_housekeeping_forgets_what_is_old(engine: Engine) -> None:
    tell(engine, "success", START, "r1")
    engine.tick(1)
    engine.run("SELECT health_internal.sweep(%s)", at(7200))
    assert engine.value("SELECT count(*) FROM health_internal.job_signals") == 0
    assert outcomes(engine) == ["success"]
    engine.run("SELECT health_internal.sweep(%s)", at(91 * 86400))
    assert runs(engine) == []


# --- judged by runs, not by silence ------------------------------------------------------------


def judged(engine: Engine) -> tuple[str, float, float]:
    status = engine.status(JOB)
    return status["liveness"], status["heartbeat_consistency"], status["score"]


def test_a_job_on_a_schedule_is_judged_by_its_runs(engine: Engine) -> None:
    schedule(engine, "0 * * * *", longest="20 minutes")
    tell(engine, "start", minutes(0), "r1")
    tell(engine, "success", minutes(2), "r1")
    for minute in (3, 30, 59, 64):
        tick(engine, minutes(minute))
        assert judged(engine) == ("alive", 100, 100)
    tick(engine, minutes(66))  # the run of 13:00 did not come
    tick(engine, minutes(67))
    assert judged(engine) == ("late", 0, 0)
    explained = engine.row("SELECT raw_inputs FROM health.explain(%s) LIMIT 1", JOB)
    assert explained["raw_inputs"]["job_standing"] == "missed"
    tick(engine, minutes(117))
    assert judged(engine)[0] == "late"  # never unresponsive, which would restart it
    tell(engine, "start", minutes(120), "r2")
    tick(engine, minutes(121))
    tick(engine, minutes(122))
    assert judged(engine) == ("alive", 100, 100)
    tick(engine, minutes(141))  # it takes too long
    tick(engine, minutes(142))
    assert judged(engine)[:2] == ("late", 50)
    tell(engine, "fail", minutes(143), "r2")
    tick(engine, minutes(144))
    tick(engine, minutes(145))
    assert judged(engine) == ("alive", 100, 39)
    assert engine.status(JOB)["issue_type"] is None
