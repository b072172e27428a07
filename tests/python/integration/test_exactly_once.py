"""Every row is folded exactly once: late commits, two tickers, roll-backs, restores."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from servers import start

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine
    from servers import Server


def beat_count(engine: Engine, agent_id: str) -> int:
    """How many beats of the agent were folded."""
    return int(engine.status(agent_id)["beat_count"])


# --- transactions that commit late -----------------------------------------------------------


def test_a_transaction_that_commits_two_ticks_later_loses_nothing(engine: Engine) -> None:
    long = engine.connect(autocommit=False)
    engine.beat("late", 1, 2, 3, by=long, error_count=0)
    engine.beat("late", 3, by=long, into="ingest_heartbeats")
    long.execute(
        "INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value) "
        "VALUES ('late', 'depth', 4)"
    )
    long.execute(
        "INSERT INTO health.system_events (agent_id, event_type, severity, received_at) "
        "VALUES ('prompt', 'error', 'error', '2031-05-06 07:00:03+00')"
    )
    engine.beat("prompt", 1)
    assert engine.tick(5)["folded_rows"] == 3  # prompt's beat, the engine's own and its metric
    with long.transaction():  # a savepoint: its rows carry the id of the whole transaction
        engine.beat("late", 6, by=long)
    engine.beat("prompt", 6)
    engine.tick(10)
    assert engine.rows("SELECT FROM health.agent_status WHERE agent_id = 'late'") == []
    long.commit()
    engine.tick(15)
    engine.tick(20)
    assert beat_count(engine, "late") == 5
    assert beat_count(engine, "prompt") == 2
    assert engine.status("prompt")["error_sum"] == pytest.approx(1, rel=0.01)
    series = engine.row("SELECT * FROM health_internal.metric_series WHERE agent_id = 'late'")
    assert (series["value_count"], series["last_value"]) == (1, 4)


def test_a_transaction_that_rolls_back_adds_nothing(engine: Engine) -> None:
    long = engine.connect(autocommit=False)
    engine.beat("gone", 1, by=long)
    engine.beat("here", 1)
    engine.tick(5)
    long.rollback()
    engine.beat("here", 6)
    engine.tick(10)
    assert beat_count(engine, "here") == 2
    assert engine.rows("SELECT FROM health.agent_status WHERE agent_id = 'gone'") == []


def raw_blocks(engine: Engine) -> int:
    """Blocks of raw tables and their indexes read so far, from memory or disk."""
    engine.run("SELECT pg_stat_force_next_flush()")
    return int(
        engine.value(
            """
            SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))
            FROM pg_statio_all_tables
            WHERE schemaname = 'health' AND relname ~ '^(agent|ingest)_heartbeats'
            """
        )
    )


def test_a_tick_reads_no_more_while_a_transaction_stays_open(engine: Engine) -> None:
    def add(round_number: int) -> None:
        engine.run(
            "INSERT INTO health.agent_heartbeats (agent_id, received_at) "
            "SELECT 'agent-' || n, %s::timestamptz + make_interval(secs => %s) "
            "FROM generate_series(1, 500) AS n",
            "2031-05-06 07:00:00+00",
            round_number,
        )

    for number in range(10):
        add(number)
        engine.tick(number)
    engine.run("ANALYZE health.agent_heartbeats")
    long = engine.connect(autocommit=False)
    engine.beat("late", 10, by=long)
    costs = []
    for number in range(10, 26):
        add(number)
        before = raw_blocks(engine)
        engine.tick(number)
        costs.append(raw_blocks(engine) - before)
    long.commit()
    engine.tick(30)
    assert beat_count(engine, "late") == 1
    assert beat_count(engine, "agent-7") == 26
    # Each round adds 500 rows to what an open transaction holds back from a simpler cursor.
    assert max(costs[-4:]) < 1.5 * max(costs[1:5]), costs


# --- who ticks -------------------------------------------------------------------------------


def test_of_two_ticks_at_once_one_is_busy(engine: Engine) -> None:
    engine.beat("one", 1)
    first = engine.connect(autocommit=False)
    assert not engine.tick(2, by=first)["is_busy"]
    second = engine.tick(3)
    assert second["is_busy"]
    assert (second["folded_rows"], second["agents_judged"], second["alerts_opened"]) == (0, 0, 0)
    engine.run("CALL health.run_tick()")  # returns, and does nothing
    first.commit()
    assert beat_count(engine, "one") == 1
    assert not engine.tick(4)["is_busy"]
    assert beat_count(engine, "one") == 1


def test_a_tick_that_is_rolled_back_is_made_good_by_the_next(engine: Engine) -> None:
    engine.beat("one", 1)
    failing = engine.connect(autocommit=False)
    engine.tick(2, by=failing)
    failing.rollback()
    engine.tick(3)
    assert beat_count(engine, "one") == 1


def test_ticks_inside_one_transaction_fold_its_own_rows_once(engine: Engine) -> None:
    single = engine.connect(autocommit=False)
    for number in range(1, 4):
        engine.beat("one", number, number + 0.5, by=single)
        engine.tick(number + 1, by=single)
        engine.tick(number + 1.2, by=single)
    engine.beat("one", 4.5, by=single)  # after the last tick of its transaction
    single.commit()
    engine.beat("one", 5)
    engine.tick(6)
    engine.tick(7)
    assert beat_count(engine, "one") == 8


def test_nothing_is_lost_or_doubled_while_many_write(engine: Engine) -> None:
    writers = 4
    transactions = 40
    is_over = threading.Event()

    def write(number: int) -> None:
        with psycopg.connect(engine.dsn) as connection:
            for turn in range(transactions):
                engine.beat(f"writer-{number}", *([0.001 * turn] * 3), by=connection)
                if turn % 3 == 0:
                    engine.beat("shared", 0.001 * turn, by=connection)
                if turn % 10 == 9:
                    connection.rollback()
                else:
                    connection.commit()

    def tick() -> None:
        with psycopg.connect(engine.dsn, autocommit=True) as connection:
            while not is_over.is_set():
                connection.execute("CALL health.run_tick()")

    # run_tick ticks by the clock: rows of another year are far ahead of it, and fold all the same.
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    tickers = [threading.Thread(target=tick) for _ in range(2)]
    for thread in (*threads, *tickers):
        thread.start()
    for thread in threads:
        thread.join()
    is_over.set()
    for thread in tickers:
        thread.join()
    engine.run("CALL health.run_tick()")
    folded = {
        row["agent_id"]: row["beat_count"]
        for row in engine.rows(
            "SELECT agent_id, beat_count FROM health.agent_status WHERE beat_count > 0"
        )
    }
    written = {
        row["agent_id"]: row["count"]
        for row in engine.rows(
            "SELECT agent_id, count(*) FROM health.agent_heartbeats GROUP BY agent_id"
        )
    }
    assert folded == written
    assert folded["writer-0"] == 3 * (transactions - transactions // 10)
    assert engine.value("SELECT last_error FROM health.engine_health") is None


# --- another cluster -------------------------------------------------------------------------


def restore(source: Server, name: str, target: Server) -> None:
    """pg_dump of one database into a new one of the same name elsewhere."""
    dump = source.run_tool("pg_dump", dbname=name)
    target.create_database(name)
    with target.connect(name) as connection:
        for row in source_roles(source):
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(row)))
    target.run_tool("psql", "--quiet", "--set=ON_ERROR_STOP=1", dbname=name, stdin=dump)


def source_roles(source: Server) -> list[str]:
    """The project's roles; a dump of one database does not hold them."""
    with source.connect() as connection:
        query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'health\\_%'"
        return [row[0] for row in connection.execute(query)]


@pytest.mark.slow
def test_a_restored_dump_goes_on_where_it_was(
    server: Server, engine: Engine, open_engine: Callable[[str], Engine]
) -> None:
    name = str(conninfo_to_dict(engine.dsn)["dbname"])
    engine.register("steady")
    for second in range(0, 100, 10):
        engine.beat("steady", second, error_count=second, work_items_processed=10 * second)
        engine.tick(second + 1)
    # Seen by no tick before the dump; one of them in a transaction a tick found open.
    late = engine.connect(autocommit=False)
    engine.beat("late", 95, 96, by=late)
    engine.tick(97)
    late.commit()
    engine.beat("steady", 100, error_count=100, work_items_processed=1000)
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id, received_at) "
        "SELECT 'crowd', '2031-05-06 07:01:39+00' FROM generate_series(1, 50)"
    )
    with server.connect(name) as connection, connection.transaction():
        connection.execute("SAVEPOINT inner_one")
        engine.beat("steady", 101, by=connection, error_count=101)

    other = start(server.kind)
    try:
        restore(server, name, other)
        engine.tick(105)  # the old cluster goes on too: what would have been
        restored = open_engine(other.dsn(name))
        try:
            restored.beat("steady", 104, error_count=104)  # new rows before the first tick here
            with restored.connection.transaction(), restored.connection.transaction():
                restored.beat("late", 104)
            engine.beat("steady", 104, error_count=104)
            engine.beat("late", 104)
            for second in (105, 106, 107):
                restored.tick(second)
                engine.tick(second)
            restored.beat("steady", 110, error_count=110)
            engine.beat("steady", 110, error_count=110)
            restored.tick(111)
            engine.tick(111)
            compared = ("beat_count", "error_count", "gap_count", "last_heartbeat_at")
            for agent_id, beats in (("steady", 14), ("late", 3), ("crowd", 50)):
                here, there = engine.status(agent_id), restored.status(agent_id)
                assert beat_count(restored, agent_id) == beats
                assert [here[key] for key in compared] == [there[key] for key in compared]
                assert here["error_sum"] == pytest.approx(there["error_sum"], rel=1e-9)
                assert here["score"] == pytest.approx(there["score"], abs=1e-6)
            gaps = restored.value("SELECT count(*) FROM health.monitor_gaps")
            assert gaps == 0
        finally:
            restored.close()
    finally:
        other.close()


def test_ids_that_agree_by_chance_after_a_restore_are_no_new_rows(engine: Engine) -> None:
    """A restore writes all rows of a table in one transaction; its id may be one of theirs."""
    engine.beat("one", 1, 2, 3)
    engine.tick(4)
    engine.beat("one", 5)
    with engine.connection.transaction():
        # What a restore leaves: every row rewritten by one transaction, old ids kept, but for
        # the few whose id is that transaction's.
        engine.run("UPDATE health.agent_heartbeats SET txid = txid")
        engine.run(
            "UPDATE health.agent_heartbeats SET txid = pg_current_xact_id() "
            "WHERE received_at = '2031-05-06 07:00:01+00'"
        )
        engine.run(
            "UPDATE health_internal.engine SET system_identifier = 1, "
            "folded_until = format('%s:%s:', id, id)::pg_snapshot "
            "FROM (SELECT pg_current_xact_id()::text::bigint + 1 AS id) AS next"
        )
    # Rows 2 and 3 were folded by the stored snapshot, and so was 1, whose id is now the restore's.
    engine.tick(10)
    assert beat_count(engine, "one") == 3
    engine.tick(11)
    assert beat_count(engine, "one") == 3


def test_files_that_moved_to_another_cluster_are_folded_on(engine: Engine) -> None:
    """pg_upgrade keeps rows, their system columns and transaction ids, under a new identifier."""
    with engine.connection.transaction(), engine.connection.transaction():
        engine.beat("one", 1)
    engine.beat("one", 2, 3)
    engine.run("CALL health.run_tick()")  # writes its own rows in a subtransaction
    assert beat_count(engine, "one") == 3
    engine.beat("one", 4)
    engine.run("UPDATE health_internal.engine SET system_identifier = 1")
    engine.beat("one", 5)
    with engine.connection.transaction(), engine.connection.transaction():
        engine.beat("one", 6)
    engine.run("CALL health.run_tick()")
    engine.run("CALL health.run_tick()")
    assert beat_count(engine, "one") == 6
    own = engine.value(
        "SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = 'heartbeat_health_agent'"
    )
    assert beat_count(engine, "heartbeat_health_agent") == own
