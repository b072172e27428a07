"""Alerts over several connections: operators beside the ticker, throttled claims, lost channels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from typing import LiteralString

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


MUTES: dict[str, LiteralString] = {
    "silenced": "SELECT health.silence('{\"agent_id\": \"one\"}', '2031-05-06 08:00:00+00', 'ana', "
    "'x', '2031-05-06 07:00:10+00')",
    "maintenance": 'SELECT health.schedule_maintenance(\'{"agent_id": "one"}\', '
    "'2031-05-06 07:00:10+00', '2031-05-06 08:00:00+00', 'ana', 'x', "
    "p_now => '2031-05-06 07:00:10+00')",
}


def claimed_at(engine: Engine, second: float) -> list[str]:
    """What a bridge is handed at a second, in alphabetical order."""
    query = (
        "SELECT details ->> 'event' AS event FROM health.claim_deliveries('w', p_now => "
        "'2031-05-06 07:00:00+00'::timestamptz + make_interval(secs => %s))"
    )
    return sorted(row["event"] for row in engine.rows(query, second))


@pytest.mark.parametrize("reason", MUTES)
def test_a_mute_beside_the_tick_that_queues_the_message_keeps_it(
    engine: Engine, reason: str
) -> None:
    """It commits while the tick, which cannot see it, has the message in an open transaction."""
    engine.run("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
    for agent_id in ("one", "two"):
        engine.register(agent_id, 86400)
        engine.beat(agent_id, 0)
    engine.tick(1)
    engine.beat("one", 10, state="failed")
    engine.beat("two", 10, state="failed")
    ticker, operator = engine.connect(autocommit=False), engine.connect()
    ticker.execute("SELECT health.tick('2031-05-06 07:00:10+00', true)")
    operator.execute(MUTES[reason])
    ticker.commit()
    assert told_of(engine, "one") == ["opened"]

    # While somebody writes the incident its message can be neither withdrawn nor claimed.
    writer = engine.connect(autocommit=False)
    writer.execute("SELECT FROM health.incidents WHERE agent_id = 'one' FOR UPDATE")
    assert claimed_at(engine, 11) == ["opened"]
    assert engine.value("SELECT agent_ids FROM health.deliveries WHERE state = 'claimed'") == [
        "two"
    ]
    writer.rollback()
    assert claimed_at(engine, 12) == []
    assert engine.rows(
        "SELECT reason_code, channel FROM health.suppressions WHERE agent_id = 'one' "
        "AND reason LIKE %s",
        "%withdrawn%",
    ) == [{"reason_code": reason, "channel": "console"}]
    assert (
        engine.value(
            "SELECT string_agg(state, ' ') FROM health.deliveries WHERE agent_ids = '{one}'"
        )
        == "cancelled"
    )
    engine.beat("one", 3600, state="failed")
    engine.tick(3601)
    assert told_of(engine, "one") == ["opened", "truth"]
    # That about two is handed out again: its lease ran out.
    assert claimed_at(engine, 3602) == ["opened", "truth"]


def test_an_acknowledgement_beside_the_tick_that_reminds_keeps_the_reminder(engine: Engine) -> None:
    engine.run("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
    engine.register("one", 86400)
    fail(engine, "one", 10)
    engine.run("UPDATE health.deliveries SET state = 'delivered', finished_at = created_at")
    alert_id = engine.value("SELECT alert_id FROM health.open_alerts WHERE agent_id = 'one'")
    ticker, operator = engine.connect(autocommit=False), engine.connect()
    ticker.execute("SELECT health.tick('2031-05-06 11:00:11+00', true)")

    def acknowledge() -> None:
        operator.execute(
            "SELECT health.acknowledge_alert(%s, 'ana', p_now => '2031-05-06 11:00:11+00')",
            (alert_id,),
        )

    thread = threading.Thread(target=acknowledge)
    thread.start()
    while not engine.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert thread.is_alive()
    ticker.commit()
    thread.join()
    assert told_of(engine, "one") == ["opened", "reminder"]
    states = "SELECT array_agg(state ORDER BY delivery_id) FROM health.deliveries"
    assert engine.value(states) == ["delivered", "cancelled"]


def test_a_mute_beside_the_tick_that_notes_a_digest_has_the_last_word(engine: Engine) -> None:
    """Other ticks leave such a digest alone; who takes its lines away waits for the ledger."""
    engine.run("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
    for agent_id in ("one", "two"):
        engine.register(agent_id, 86400)
        engine.beat(agent_id, 9, state="failed")
    engine.tick(9)
    engine.run(
        "INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, "
        "created_at, not_before, lines, is_noted) SELECT 'console', 'digest', 'critical', 's', "
        "'b', 'digest', min(detected_at), min(detected_at), array_agg(ROW('console', incident_id, "
        "'opened', 'critical', false)::health_internal.digest_line), false FROM health.incidents"
    )
    ticker, operator = engine.connect(autocommit=False), engine.connect()
    ticker.execute("SELECT health_internal.note_digests()")
    engine.run("SET lock_timeout = '20s'")
    engine.run("SELECT health_internal.note_digests()")
    assert engine.value("SELECT is_noted FROM health.deliveries WHERE event = 'digest'") is False

    thread = threading.Thread(target=lambda: operator.execute(MUTES["silenced"]))
    thread.start()
    while not engine.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert thread.is_alive()
    ticker.commit()
    thread.join()
    assert engine.rows(
        "SELECT agent_id, delivery_id IS NOT NULL AS is_told FROM health.alert_events "
        "WHERE reason_code = 'digest' ORDER BY agent_id"
    ) == [{"agent_id": "one", "is_told": False}, {"agent_id": "two", "is_told": True}]


def test_an_all_clear_of_what_is_acknowledged_outlives_its_bridge(engine: Engine) -> None:
    """An acknowledgement says nothing against an all-clear, also when its first bridge died."""
    engine.run("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
    engine.register("one", 86400)
    fail(engine, "one", 10)
    assert claimed_at(engine, 11) == ["opened"]
    engine.run("UPDATE health.deliveries SET state = 'delivered', finished_at = now()")
    engine.run(
        "SELECT health.acknowledge_alert(alert_id, 'ana', p_now => '2031-05-06 07:00:12+00') "
        "FROM health.open_alerts"
    )
    engine.beat("one", 20)
    engine.tick(21)
    assert claimed_at(engine, 22) == ["resolved"]
    assert claimed_at(engine, 40) == []
    engine.tick(53)
    assert claimed_at(engine, 55) == ["resolved"]


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
