"""Partition care beside open transactions: it waits briefly, fails nothing and loses no row."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine

MAKE: LiteralString = (
    "SELECT health_internal.create_partition("
    "'agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false) AS is_there"
)
NAME = "agent_heartbeats_p20310506_070000"


def make(engine: Engine) -> bool:
    """Try to make the partition of START; whether it is there."""
    return bool(engine.value(MAKE))


def drop(engine: Engine) -> bool:
    """Try to drop it; whether it went."""
    return bool(engine.value("SELECT health_internal.drop_partition(%s)", NAME))


def counts(engine: Engine) -> tuple[int, int]:
    """Heartbeats in all, and in the default partition."""
    row = engine.row(
        "SELECT count(*) AS n, count(*) FILTER (WHERE tableoid = "
        "'health.agent_heartbeats_default'::regclass) AS strays FROM health.agent_heartbeats"
    )
    return row["n"], row["strays"]


def goes_at_once(engine: Engine) -> None:
    """Another agent beats, and somebody reads, without waiting for a lock."""
    other = engine.connect()
    other.execute("SET lock_timeout = '1ms'")
    other.execute("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('other')")
    other.execute("SELECT count(*) FROM health.agent_heartbeats")
    other.close()


def test_an_open_inserter_holds_up_no_partition_made_ahead(engine: Engine) -> None:
    open_inserter = engine.connect(autocommit=False)
    open_inserter.execute("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('slow')")
    assert make(engine)
    goes_at_once(engine)
    open_inserter.execute("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('slow')")
    open_inserter.commit()
    assert counts(engine) == (3, 0)


def test_an_open_stray_is_waited_for_briefly_and_moved_later(engine: Engine) -> None:
    engine.beat("early", 1)
    open_inserter = engine.connect(autocommit=False)
    engine.beat("slow", 2, by=open_inserter)
    assert not make(engine)
    goes_at_once(engine)
    assert engine.value("SELECT to_regclass(%s) IS NULL", f"health.{NAME}")
    open_inserter.commit()
    assert make(engine)
    assert counts(engine) == (3, 0)
    assert engine.value(f"SELECT count(*) FROM health.{NAME}") == 2  # type: ignore[arg-type]
    engine.tick(10)
    assert engine.status("slow")["beat_count"] == engine.status("early")["beat_count"] == 1


def test_an_open_reader_is_waited_for_briefly(engine: Engine) -> None:
    engine.beat("early", 1)
    reader = engine.connect(autocommit=False)
    reader.execute("SELECT count(*) FROM health.agent_heartbeats")
    assert not make(engine)
    goes_at_once(engine)
    assert counts(engine) == (2, 1)
    reader.rollback()
    assert make(engine)
    assert counts(engine) == (2, 0)


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_stray_that_commits_while_care_waits_fails_nothing(engine: Engine, ending: str) -> None:
    open_inserter = engine.connect(autocommit=False)
    engine.beat("slow", 2, by=open_inserter)
    found: list[Any] = []
    care = engine.connect()
    thread = threading.Thread(target=attempt, args=(care, found))
    thread.start()
    pid = care.info.backend_pid
    while thread.is_alive() and not engine.value(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)", pid
    ):
        time.sleep(0.002)
    getattr(open_inserter, ending)()
    thread.join()
    assert found in ([True], [False])  # it came in time or gave up, but never raised
    assert make(engine)
    assert counts(engine) == ((1, 0) if ending == "commit" else (0, 0))


def attempt(care: psycopg.Connection[Any], found: list[Any], query: LiteralString = MAKE) -> None:
    """Make the partition by another session; what it returned, or the error."""
    try:
        row = care.execute(query).fetchone()
        found.append(next(iter(row.values())) if row else None)
    except psycopg.Error as error:
        found.append(error)


def by_four_at_once(engine: Engine, query: LiteralString) -> list[Any]:
    """The same by four sessions, as pg_cron and several bridges would."""
    sessions = [engine.connect() for _ in range(4)]
    found: list[Any] = []
    threads = [threading.Thread(target=attempt, args=(one, found, query)) for one in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_carers_at_once_make_and_drop_a_partition_once(engine: Engine) -> None:
    engine.beat("early", 1)
    made = by_four_at_once(engine, MAKE)
    assert True in made
    assert set(made) <= {True, False}
    assert counts(engine) == (1, 0)
    engine.tick(10)
    dropped = by_four_at_once(
        engine, "SELECT health_internal.drop_partition('agent_heartbeats_p20310506_070000')"
    )
    assert sorted(dropped) == [False, False, False, True]
    assert counts(engine) == (0, 0)


@pytest.mark.parametrize(
    "held",
    [
        "INSERT INTO health.agent_heartbeats (agent_id) VALUES ('slow')",
        "SELECT count(*) FROM health.agent_heartbeats",
    ],
    ids=["open inserter", "open reader"],
)
def test_dropping_waits_briefly_and_comes_again(engine: Engine, held: LiteralString) -> None:
    assert make(engine)
    engine.beat("early", 1)
    engine.tick(10)
    open_one = engine.connect(autocommit=False)
    open_one.execute(held)
    assert not drop(engine)
    goes_at_once(engine)
    assert (
        engine.value("SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = 'early'") == 1
    )
    open_one.commit()
    assert drop(engine)
    goes_at_once(engine)
    assert (
        engine.value("SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = 'early'") == 0
    )


def test_housekeeping_makes_what_it_can_and_the_rest_next_time(
    engine: Engine, login: Callable[..., str]
) -> None:
    engine.run("UPDATE health.settings SET partitions_ahead = partitions_ahead + 1")
    reader = engine.connect(autocommit=False)
    reader.execute("SELECT count(*) FROM health.agent_heartbeats")
    missing: LiteralString = (
        "SELECT DISTINCT table_name FROM health_internal.missing_partitions(clock_timestamp())"
    )
    with psycopg.connect(login(engine.dsn, "health_bridge"), autocommit=True) as bridge:
        bridge.execute("CALL health.run_housekeeping()")
        assert [row["table_name"] for row in engine.rows(missing)] == ["agent_heartbeats"]
        goes_at_once(engine)
        reader.rollback()
        bridge.execute("CALL health.run_housekeeping()")
    assert engine.rows(missing) == []
