"""Alerts over several connections: operators beside the ticker, throttled claims, lost channels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from conftest import Engine


def fail(engine: Engine, agent_id: str, second: float) -> None:
    """An agent says it has failed, and the engine ticks."""
    engine.beat(agent_id, second, state="failed")
    engine.tick(second)


def told_of(engine: Engine, agent_id: str) -> list[str]:
    """What was queued about one agent, in order."""
    query = "SELECT event FROM health.deliveries WHERE agent_ids = ARRAY[%s] ORDER BY delivery_id"
    return [row["event"] for row in engine.rows(query, agent_id)]


def test_an_operator_who_left_a_transaction_open_does_not_hold_up_the_tick(engine: Engine) -> None:
    engine.run("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
    engine.register("one", 86400)
    engine.register("two", 86400)
    fail(engine, "one", 10)
    forgetful = engine.connect(autocommit=False)
    forgetful.execute(
        "SELECT health.acknowledge_alert(alert_id, 'ana', p_now => '2031-05-06 07:00:11+00') "
        "FROM health.open_alerts"
    )
    engine.run("SET lock_timeout = '20s'")
    # Four hours later a reminder would be due of what he is writing: it is left to a later tick.
    fail(engine, "two", 10 + 4 * 3600)
    assert told_of(engine, "one") == ["opened"]
    assert told_of(engine, "two") == ["opened"]
    forgetful.commit()
    engine.tick(11 + 4 * 3600)
    assert told_of(engine, "one") == ["opened"]
    timeout = engine.connect(autocommit=False)
    timeout.execute(
        "SELECT health.unacknowledge_alert(alert_id, 'ana') FROM health.open_alerts "
        "WHERE agent_id = 'one'"
    )
    row = timeout.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert row == {"idle_in_transaction_session_timeout": "10s"}
    timeout.rollback()
    row = timeout.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert row == {"idle_in_transaction_session_timeout": "0"}


def test_two_bridges_draw_from_one_bucket(engine: Engine) -> None:
    engine.run(
        "SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 1, p_rate_burst => 5)"
    )
    engine.run(
        "INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, "
        "created_at, not_before) SELECT 'slow', 'opened', 'critical', 's', 'b', 'k' || n, now(), "
        "now() FROM generate_series(1, 40) AS n"
    )
    claimed: list[Any] = []
    barrier = threading.Barrier(4)

    def claim(connection: Any) -> None:
        barrier.wait()
        for _ in range(5):
            claimed.extend(
                connection.execute("SELECT * FROM health.claim_deliveries('w', 3)").fetchall()
            )

    threads = [threading.Thread(target=claim, args=(engine.connect(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len({row["delivery_id"] for row in claimed}) == 5
    assert engine.value("SELECT count(*) FROM health.deliveries WHERE state = 'pending'") == 35


def test_a_channel_that_gives_up_is_told_of_through_another(engine: Engine) -> None:
    engine.run("SELECT health.set_channel('pager', 'webhook')")
    engine.register("one", 3600)
    fail(engine, "one", 10)
    for row in engine.rows(
        "SELECT * FROM health.claim_deliveries('w', 9, NULL, '2031-05-06 07:00:11+00')"
    ):
        engine.run(
            "SELECT health.report_delivery(%s, %s, %s, '{}', '2031-05-06 07:00:12+00')",
            row["delivery_id"],
            row["fencing_token"],
            "refused" if row["channel"] == "pager" else "delivered",
        )
    engine.tick(22)
    told = engine.rows(
        "SELECT channel, severity, details ->> 'summary' AS summary FROM health.deliveries "
        "WHERE created_at > '2031-05-06 07:00:12+00'"
    )
    assert told == [
        {
            "channel": "console",
            "severity": "critical",
            "summary": "messages could not be delivered through pager",
        }
    ]
    explained = engine.rows(
        "SELECT channel, was_told, reason_code FROM health.explain_silence('one')"
    )
    assert {(row["channel"], row["was_told"], row["reason_code"]) for row in explained} == {
        ("console", True, None),
        ("pager", False, "dead"),
    }


def test_two_dependencies_written_at_once_close_no_circle(engine: Engine) -> None:
    one, two = engine.connect(autocommit=False), engine.connect()
    one.execute("SELECT health.add_dependency('a', 'b')")
    two.execute("SET lock_timeout = '200ms'")
    with pytest.raises(errors.LockNotAvailable):
        two.execute("SELECT health.add_dependency('b', 'a')")
    one.commit()
    with pytest.raises(psycopg.DatabaseError) as refused:
        two.execute("SELECT health.add_dependency('b', 'a')")
    assert refused.value.sqlstate == "AL005"


def test_acting_again_finds_what_a_failing_act_left(engine: Engine) -> None:
    """An act that failed after judging is made good by the next, and nothing is told twice."""
    engine.register("one", 3600)
    engine.beat("one", 10, state="failed")
    engine.run("ALTER TABLE health_internal.notices RENAME TO notices_away")
    with pytest.raises(errors.UndefinedTable):
        engine.tick(11)
    assert told_of(engine, "one") == []
    engine.run("ALTER TABLE health_internal.notices_away RENAME TO notices")
    engine.tick(12)
    engine.tick(13)
    assert told_of(engine, "one") == ["opened"]


def test_a_weekly_window_is_entered_and_left_by_ticks(engine: Engine) -> None:
    # 2031-05-06 is a Tuesday; 07:00 UTC is 09:00 in Berlin.
    engine.register("one", 3600)
    engine.run(
        "SELECT health.schedule_weekly_maintenance('{\"agent_id\": \"one\"}', '{2}', '09:01', "
        "'09:02', 'Europe/Berlin', 'ana', 'weekly', p_now => '2031-05-06 07:00:00+00')"
    )
    engine.beat("one", 0)
    engine.tick(1)
    fail(engine, "one", 70)
    assert told_of(engine, "one") == []
    engine.beat("one", 119, state="failed")
    engine.tick(119)
    assert told_of(engine, "one") == []
    engine.beat("one", 120, state="failed")
    engine.tick(120)
    assert told_of(engine, "one") == ["truth"]
    period = engine.row(
        "SELECT started_at, ended_at, until_at, uptime_method FROM health.maintenance_periods "
        "JOIN health.maintenance_windows USING (window_id)"
    )
    assert period["ended_at"] == period["until_at"]
    assert period["uptime_method"] == "excluded"
