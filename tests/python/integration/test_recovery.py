"""Recoveries with several connections: claimed once, waited for by nobody, lost by no crash."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row
from servers.waiting import until

if TYPE_CHECKING:
    from conftest import Engine

CLAIM = "SELECT * FROM health.claim_recovery_actions(%s, %s, NULL, %s)"
REPORT = "SELECT health.report_recovery_action(%s, %s, %s, '{}', %s) AS is_held"


def at(second: float) -> datetime:
    """As conftest.at: a time of the test."""
    return datetime(2031, 5, 6, 7, tzinfo=UTC) + timedelta(seconds=second)


def fail(engine: Engine, *agent_ids: str, second: float = 20) -> dict[str, Any]:
    """Agents that were well say that they have failed; the tick queues and releases them."""
    for agent_id in agent_ids:
        engine.beat(agent_id, second - 20, second - 10)
    engine.tick(second - 9)
    for agent_id in agent_ids:
        engine.beat(agent_id, second, state="failed")
    return engine.tick(second)


def claim(engine: Engine, second: float, worker: str = "w1") -> list[dict[str, Any]]:
    """What a worker gets."""
    return engine.rows(CLAIM, worker, 10, at(second))


def report(engine: Engine, item: dict[str, Any], outcome: str, second: float) -> bool:
    """Whether the report was taken."""
    return bool(engine.value(REPORT, item["action_id"], item["fencing_token"], outcome, at(second)))


def state(engine: Engine, agent_id: str) -> str:
    """State of the agent's latest recovery."""
    return str(
        engine.value(
            "SELECT state FROM health.recovery_actions WHERE agent_id = %s"
            " ORDER BY action_id DESC LIMIT 1",
            agent_id,
        )
    )


# --- claiming --------------------------------------------------------------------------------


def test_concurrent_claimers_share_without_a_double(engine: Engine) -> None:
    engine.run("UPDATE health.settings SET recovery_concurrency = 1000, storm_count = 1000")
    agents = [f"agent-{number}" for number in range(200)]
    fail(engine, *agents)
    claimed: dict[str, list[int]] = {}
    ready = threading.Barrier(4)

    def work(worker: str) -> None:
        with psycopg.connect(engine.dsn, autocommit=True, row_factory=dict_row) as connection:
            mine = claimed.setdefault(worker, [])
            ready.wait()
            while rows := connection.execute(CLAIM, (worker, 3, at(21))).fetchall():
                mine += [row["action_id"] for row in rows]

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every_claim = sorted(action_id for mine in claimed.values() for action_id in mine)
    assert every_claim == [
        row["action_id"]
        for row in engine.rows("SELECT action_id FROM health.recovery_actions ORDER BY action_id")
    ]
    assert len(every_claim) == len(agents)


def test_a_claim_in_an_open_transaction_is_passed_over_not_waited_for(engine: Engine) -> None:
    fail(engine, "a", "b")
    other = engine.connect(autocommit=False)
    (first,) = other.execute(CLAIM, ("w1", 1, at(21))).fetchall()
    (second,) = claim(engine, 21, "w2")
    assert second["action_id"] != first["action_id"]
    other.rollback()
    assert [row["action_id"] for row in claim(engine, 21, "w2")] == [first["action_id"]]


def test_a_person_and_the_engine_at_once_make_one_recovery(engine: Engine) -> None:
    engine.beat("c", 0, 10)
    engine.tick(11)
    person = engine.connect(autocommit=False)
    person.execute(
        "SELECT health.request_recovery('c', 'agent_unresponsive', 'ana', %s)", (at(19),)
    )
    # The person has not committed: the tick leaves this agent out, and waits for nobody.
    assert fail(engine, "a", "b", "c", "d", "e", second=40)["recoveries_queued"] == 4
    # Each of the others has its own, for the transition that was its own.
    queued = engine.rows(
        "SELECT agent_id, state, requested_by, issue_type = 'agent_unresponsive' AS is_its_issue,"
        " (SELECT transitions.agent_id FROM health.status_transitions AS transitions"
        " WHERE transitions.transition_id = actions.transition_id) AS of_agent"
        " FROM health.recovery_actions AS actions ORDER BY agent_id"
    )
    assert [tuple(row.values()) for row in queued] == [
        (name, "pending", "engine", True, name) for name in ("a", "b", "d", "e")
    ]
    person.commit()
    engine.tick(42)
    rows = engine.rows("SELECT requested_by FROM health.recovery_actions WHERE agent_id = 'c'")
    assert rows == [{"requested_by": "ana"}]


def lock(engine: Engine) -> psycopg.Connection[Any]:
    """A bridge that claims and has not committed; what it held is as it was when it rolls back."""
    other = engine.connect(autocommit=False)
    assert other.execute("SELECT FROM health.recovery_actions FOR UPDATE").rowcount == 1
    return other


def test_what_the_engine_could_not_queue_is_queued_when_the_way_is_free(engine: Engine) -> None:
    engine.beat("a", 0, 10)
    fail(engine, "b", second=15)
    engine.run(  # what is over is no reason to leave it out
        "INSERT INTO health.recovery_actions"
        " (agent_id, issue_type, state, created_at, not_before, finished_at, settled_at)"
        " SELECT 'a', 'agent_unresponsive', 'escalated', t.at, t.at, t.at, t.at"
        " FROM (SELECT %s::timestamptz AS at) AS t",
        at(1),
    )
    person = engine.connect(autocommit=False)
    person.execute(
        "SELECT health.request_recovery('a', 'agent_unresponsive', 'ana', %s)", (at(19),)
    )
    engine.beat("a", 20, state="failed")
    engine.tick(20)
    engine.tick(21)
    person.rollback()
    assert engine.tick(22)["recoveries_queued"] == 1


def test_what_is_needless_and_locked_is_cancelled_when_it_is_free(engine: Engine) -> None:
    fail(engine, "a")
    other = lock(engine)
    engine.beat("a", 30, 40, 50, 60, state="running")
    engine.tick(61)
    engine.tick(62)
    assert state(engine, "a") == "pending"
    other.rollback()
    engine.tick(63)
    assert state(engine, "a") == "cancelled"


def test_what_is_locked_joins_its_incident_when_it_is_free(engine: Engine) -> None:
    engine.beat("a", 0, 10)
    engine.tick(11)
    engine.run("SELECT health.request_recovery('a', 'agent_unresponsive', 'ana', %s)", at(12))
    engine.tick(13)
    other = lock(engine)
    engine.beat("a", 20, state="failed")
    engine.tick(20)
    engine.tick(21)
    other.rollback()
    engine.tick(22)
    query = "SELECT incident_id FROM health.recovery_actions"
    assert engine.value(query) == engine.value("SELECT incident_id FROM health.incidents")


def test_an_approval_that_is_not_committed_holds_up_no_tick(engine: Engine) -> None:
    engine.run("UPDATE health.settings SET storm_count = 2, storm_share = 0.1")
    fail(engine, "a", "b", "c")
    assert {row["hold"] for row in engine.rows("SELECT hold FROM health.recovery_actions")} == {
        "storm"
    }
    person = engine.connect(autocommit=False)
    person.execute("SELECT health.approve_recoveries('ana', NULL, %s)", (at(21),))
    engine.run("SET lock_timeout = '2s'")
    engine.tick(22)
    assert claim(engine, 22) == []
    person.commit()
    engine.tick(23)
    assert len(claim(engine, 23)) == 3


def test_other_programs_meet_the_same_index(engine: Engine) -> None:
    fail(engine, "a")
    with pytest.raises(psycopg.errors.UniqueViolation):
        engine.run(
            "INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before)"
            " VALUES ('a', 'high_error_rate', now(), now())"
        )


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("outcome", ["executing", "succeeded", "failed", "refused", "released"])
def test_of_two_reports_that_meet_one_is_taken(engine: Engine, outcome: str, is_kept: bool) -> None:
    fail(engine, "a")
    (item,) = claim(engine, 21)
    assert report(engine, item, "executing", 21)
    first = engine.connect(autocommit=False)
    first.execute(REPORT, (item["action_id"], item["fencing_token"], "succeeded", at(22)))
    second = engine.connect()

    def report_too() -> bool:
        arguments = (item["action_id"], item["fencing_token"], outcome, at(23))
        (row,) = second.execute(REPORT, arguments).fetchall()
        return bool(row["is_held"])

    with ThreadPoolExecutor(1) as bridges:
        taken = bridges.submit(report_too)
        until(
            lambda: (
                taken.done()
                or engine.value(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE pid = %s AND wait_event_type = 'Lock'",
                    second.info.backend_pid,
                )
            ),
            "the second report waits",
        )
        assert not taken.done()
        if is_kept:
            first.commit()
        else:
            first.rollback()
        assert taken.result() != is_kept
    trail = engine.rows("SELECT outcome, finished_at FROM health.recovery_steps")
    if is_kept:
        assert trail == [{"outcome": "succeeded", "finished_at": at(22)}]
        assert state(engine, "a") == "verifying"
    elif outcome == "executing":
        assert trail == []
    else:
        assert trail == [{"outcome": outcome, "finished_at": at(23)}]


# --- a bridge that dies ----------------------------------------------------------------------


def test_a_bridge_killed_after_its_claim_loses_nothing(engine: Engine) -> None:
    fail(engine, "a")
    (item,) = claim(engine, 21)
    engine.tick(50)
    assert state(engine, "a") == "claimed"
    engine.tick(52)
    assert state(engine, "a") == "pending"
    (again,) = claim(engine, 52, "w2")
    assert again["fencing_token"] > item["fencing_token"]
    assert not report(engine, item, "executing", 53)
    assert not report(engine, item, "released", 53)
    assert report(engine, again, "executing", 53)


def test_a_bridge_killed_while_it_restarts_does_not_restart_twice(engine: Engine) -> None:
    fail(engine, "a")
    (item,) = claim(engine, 21)
    assert report(engine, item, "executing", 22)
    engine.tick(53)
    assert state(engine, "a") == "verifying"
    assert claim(engine, 53, "w2") == []
    assert not report(engine, item, "succeeded", 54)
    for second in range(55, 100, 10):
        engine.beat("a", second)
        engine.tick(second)
    assert state(engine, "a") == "succeeded"
    assert engine.value("SELECT count(*) FROM health.recovery_actions") == 1
    assert engine.value("SELECT what_happened FROM health.recovery_history") == (
        "restart lost after 31 s: its bridge went silent; verified"
    )


def test_a_bridge_killed_after_its_report_is_not_needed_any_more(engine: Engine) -> None:
    fail(engine, "a")
    (item,) = claim(engine, 21)
    assert report(engine, item, "succeeded", 22)
    for second in range(30, 80, 10):
        engine.beat("a", second)
        engine.tick(second)
    assert state(engine, "a") == "succeeded"


def test_recovery_execution_seconds_end_a_step_that_its_bridge_still_holds(engine: Engine) -> None:
    engine.run("SELECT health.set_policy('standard', '{\"recovery_execution_seconds\": 60}')")
    fail(engine, "a")
    (item,) = claim(engine, 21)
    assert report(engine, item, "executing", 21)
    renew = "SELECT health.renew_lease('recovery', %s, %s, %s)"
    for second in (40, 60, 80):
        assert engine.value(renew, item["action_id"], item["fencing_token"], at(second))
    engine.tick(81)
    assert state(engine, "a") == "executing"
    engine.tick(82)
    assert state(engine, "a") == "failed"
    assert not engine.value(renew, item["action_id"], item["fencing_token"], at(83))
    engine.tick(83)
    # The lease was renewed at 80: until 110 that bridge may not have noticed.
    assert engine.value(
        "SELECT not_before FROM health.recovery_actions WHERE state = 'pending'"
    ) == at(110)


def test_an_agent_that_recovers_by_itself_is_not_restarted(engine: Engine) -> None:
    fail(engine, "a")
    for second in (30, 40, 50):
        engine.beat("a", second)
    engine.tick(51)
    assert state(engine, "a") == "cancelled"
    assert claim(engine, 52) == []


def test_one_that_was_claimed_before_is_left_to_its_bridge(engine: Engine) -> None:
    fail(engine, "a")
    (item,) = claim(engine, 21)
    for second in (30, 40):
        engine.beat("a", second)
    engine.tick(41)
    assert state(engine, "a") == "claimed"
    assert report(engine, item, "released", 42)
    engine.tick(43)
    assert state(engine, "a") == "cancelled"


def test_thousands_of_failures_are_one_statement_and_only_a_few_run(engine: Engine) -> None:
    """Counts, not times: one call for all of them, none per row."""
    engine.run("UPDATE health.settings SET storm_share = 1")
    engine.run(
        "INSERT INTO health.agents (agent_id, agent_name, expected_interval)"
        " SELECT 'agent-' || n, 'agent-' || n, '10 s' FROM generate_series(1, 2000) AS n"
    )
    beat = (
        "INSERT INTO health.agent_heartbeats (agent_id, received_at, state)"
        " SELECT 'agent-' || n, %s, %s FROM generate_series(1, 2000) AS n"
    )
    engine.run(beat, at(0), "running")
    engine.tick(1)
    engine.run(beat, at(10), "failed")
    engine.run("SET track_functions = 'all'")
    engine.tick(10)
    engine.run("SELECT pg_stat_force_next_flush()")
    calls = {
        row["funcname"]: row["calls"]
        for row in engine.rows("SELECT funcname, calls FROM pg_stat_user_functions")
    }
    assert calls["enqueue_recoveries"] == 1
    assert "tg_status_transitions__queue_recoveries" not in calls
    counts = engine.row(
        "SELECT count(*) AS queued, count(released_at) AS released,"
        " count(*) FILTER (WHERE hold = 'concurrency') AS held FROM health.recovery_actions"
    )
    assert counts == {"queued": 2000, "released": 20, "held": 1980}
