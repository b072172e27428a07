"""Which sessions of the database are stuck, and whose: each condition, with real sessions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

    Login = Callable[..., str]
    Session = psycopg.Connection[Any]

PATIENCE_SECONDS = 60.0
#: Below and above any age that a session of these tests has.
NO_TIME, LONG = 1e-6, 3600.0

FIND = "SELECT * FROM health_internal.find_stuck_sessions()"


@dataclass(slots=True)
class Shop:
    """The engine, a table of four rows to lock, and sessions by name, closed with the test."""

    engine: Engine
    login: Login
    sessions: dict[str, Session] = field(default_factory=dict)

    def limits(self, *, idle: float = NO_TIME, blocking: float = NO_TIME) -> None:
        """How long a session may idle in a transaction, and others wait for it, seconds."""
        self.engine.run(
            "SELECT health.set_policy('standard', jsonb_build_object("
            "'stuck_idle_seconds', %s::float8, 'stuck_blocking_seconds', %s::float8))",
            idle,
            blocking,
        )

    def open(self, name: str, *agents: str, role: str = "health_agent", says: str = "") -> Session:
        """A session that is in a transaction, with a login of its own for the agents."""
        dsn = self.login(self.engine.dsn, role, agents=list(agents))
        return self.open_as(name, dsn, says=says)

    def open_as(self, name: str, dsn: str, *, says: str = "") -> Session:
        """A session that is in a transaction, with a login that is there."""
        self.sessions[name] = psycopg.connect(make_conninfo(dsn, application_name=says or "shop"))
        self.sessions[name].execute("SELECT 1")
        return self.sessions[name]

    def begin(self, name: str, statement: bytes) -> None:
        """Send a statement and do not wait for its end."""
        self.sessions[name].pgconn.send_query(statement)

    def until(self, name: str, condition: str) -> None:
        """Wait until the server shows the session so."""
        pid = self.sessions[name].info.backend_pid
        deadline = time.monotonic() + PATIENCE_SECONDS
        query = f"SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND ({condition})"
        while not self.engine.value(query, pid):  # type: ignore[arg-type]
            assert time.monotonic() < deadline, f"{name} is never {condition}"
            time.sleep(0.01)

    def found(self) -> dict[str, tuple[str, str, int]]:
        """Agent, problem and number of waiters of every stuck session, by its name."""
        names = {s.info.backend_pid: name for name, s in self.sessions.items()}
        return {
            names[row["pid"]]: (row["agent_id"], row["problem"], row["waiting_count"])
            for row in self.engine.rows(FIND)
        }


@pytest.fixture
def shop(engine: Engine, login: Login) -> Iterator[Shop]:
    """Agents a to e that are well; limits that any session is beyond."""
    engine.run("CREATE SCHEMA shop")
    engine.run("CREATE TABLE shop.stock (item integer PRIMARY KEY)")
    engine.run("INSERT INTO shop.stock SELECT generate_series(1, 4)")
    engine.run("GRANT USAGE ON SCHEMA shop TO PUBLIC")
    engine.run("GRANT ALL ON shop.stock TO PUBLIC")
    for agent_id in "abcde":
        engine.run("SELECT health.register_agent(%s)", agent_id)
        engine.run("SELECT health.heartbeat(%s)", agent_id)
    engine.tick(None, is_replay=False)
    shop = Shop(engine, login)
    shop.limits()
    yield shop
    for session in shop.sessions.values():
        session.close()


LOCK_1 = "UPDATE shop.stock SET item = item WHERE item = 1"


def test_only_who_idles_in_a_transaction_or_holds_up_others_is_stuck(shop: Shop) -> None:
    """Beyond both limits: idle, idle and aborted, at work, at work and holding a lock, waiting."""
    shop.open("idle in transaction", "a")
    with pytest.raises(psycopg.errors.DivisionByZero):
        shop.open("aborted", "b").execute("SELECT 1 / 0")
    shop.open("idle", "a").rollback()
    shop.open("at work", "a")
    shop.begin("at work", b"SELECT pg_sleep(600)")
    shop.open("holder at work", "c").execute(LOCK_1)
    shop.begin("holder at work", b"SELECT pg_sleep(600)")
    shop.open("waits and holds", "d").execute("UPDATE shop.stock SET item = item WHERE item = 2")
    shop.begin("waits and holds", LOCK_1.encode())
    shop.until("waits and holds", "wait_event_type = 'Lock'")
    shop.open("waits", "e")
    shop.begin("waits", b"UPDATE shop.stock SET item = item WHERE item = 2")
    shop.until("waits", "wait_event_type = 'Lock'")
    assert shop.found() == {
        "idle in transaction": ("a", "idle_in_transaction", 0),
        "aborted": ("b", "idle_in_transaction", 0),
        "holder at work": ("c", "blocks_others", 1),
    }


def test_each_look_goes_on_where_only_one_kind_is_stuck(shop: Shop) -> None:
    """Most ticks end at the first look at the sessions: not where one is aborted, or blocks."""
    assert shop.found() == {}
    with pytest.raises(psycopg.errors.DivisionByZero):
        shop.open("aborted", "a").execute("SELECT 1 / 0")
    assert shop.found() == {"aborted": ("a", "idle_in_transaction", 0)}
    shop.sessions["aborted"].rollback()
    assert shop.found() == {}
    shop.open("holder", "c").execute(LOCK_1)
    shop.begin("holder", b"SELECT pg_sleep(600)")
    for name in ("one", "two"):
        shop.open(name, "e")
        shop.begin(name, LOCK_1.encode())
        shop.until(name, "wait_event_type = 'Lock'")
    # The second waits behind the first, which is itself no cause.
    assert shop.found()["holder"][:2] == ("c", "blocks_others")
    assert set(shop.found()) == {"holder"}


def test_both_limits_are_the_policys_and_count_from_their_own_moment(shop: Shop) -> None:
    """Idling counts from the last statement, blocking from when the first waiter began to wait."""
    holder = shop.open("holder", "c")
    holder.execute(LOCK_1)
    shop.open("waiter", "e")
    shop.begin("waiter", LOCK_1.encode())
    shop.until("waiter", "wait_event_type = 'Lock'")
    waits_since, idles_since = (
        "SELECT min(waitstart) FROM pg_locks",
        ("SELECT state_change FROM pg_stat_activity WHERE pid = %s"),
    )
    (both,) = shop.engine.rows(FIND)
    assert (both["problem"], both["waiting_count"]) == ("blocks_others", 1)
    assert both["stuck_since"] == shop.engine.value(waits_since)
    assert both["login_name"] == conninfo_to_dict(holder.info.dsn)["user"]
    shop.limits(blocking=LONG)
    (idles,) = shop.engine.rows(FIND)
    assert (idles["problem"], idles["waiting_count"]) == ("idle_in_transaction", 1)
    assert idles["stuck_since"] == shop.engine.value(idles_since, holder.info.backend_pid)
    assert idles["backend_start"] == shop.engine.value(
        "SELECT backend_start FROM pg_stat_activity WHERE pid = %s", holder.info.backend_pid
    )
    shop.limits(idle=LONG)
    assert shop.found() == {"holder": ("c", "blocks_others", 1)}
    shop.limits(idle=LONG, blocking=LONG)
    assert shop.found() == {}


def test_whose_a_session_is_says_its_attach_then_its_login(shop: Shop) -> None:
    """Of a login for several the session may say which, among these; a person's is nobody's."""
    shared = shop.login(shop.engine.dsn, "health_agent", agents=["a", "b"])
    shop.open_as("of two, silent", shared)
    shop.open_as("of two, says b", shared, says="hha:b")
    shop.open_as("of two, says c", shared, says="hha:c")
    shop.open("alone, says c", "d", says="hha:c")
    shop.open("person, says a", role="health_analyst", says="hha:a")
    attached = shop.open_as("of two, attached", shared, says="hha:b")
    attached.execute("SELECT health.attach('a')")
    attached.commit()
    attached.execute("SELECT 1")
    expected = {
        "of two, says b": ("b", "idle_in_transaction", 0),
        "alone, says c": ("d", "idle_in_transaction", 0),
        "of two, attached": ("a", "idle_in_transaction", 0),
    }
    assert shop.found() == expected
    # The process number of an earlier session is no title, nor is an attach that is over.
    shop.engine.run(
        "INSERT INTO health.agent_sessions (agent_id, agent_number, pid, attached_at)"
        " SELECT 'e', 5, pid, backend_start - interval '1 us' FROM pg_stat_activity WHERE pid = %s",
        shop.sessions["person, says a"].info.backend_pid,
    )
    shop.engine.run(
        "INSERT INTO health.agent_sessions (agent_id, agent_number, pid, lost_at, lost_reason)"
        " VALUES ('e', 5, %s, clock_timestamp(), 'a test')",
        shop.sessions["of two, silent"].info.backend_pid,
    )
    assert shop.found() == expected
    shop.engine.run("UPDATE health.agent_sessions SET lost_at = clock_timestamp()")
    expected["of two, attached"] = ("b", "idle_in_transaction", 0)
    assert shop.found() == expected
    # Of two that hold the later counts.
    for agent_id in ("a", "d", "c"):
        shop.engine.run(
            "INSERT INTO health.agent_sessions (agent_id, agent_number, pid, lost_at)"
            " SELECT %s, 5, pid, CASE %s WHEN 'c' THEN now() END FROM pg_stat_activity"
            " WHERE pid = %s",
            agent_id,
            agent_id,
            attached.info.backend_pid,
        )
    expected["of two, attached"] = ("d", "idle_in_transaction", 0)
    assert shop.found() == expected


def test_the_session_that_looks_accuses_itself_of_nothing(shop: Shop) -> None:
    engine = shop.engine
    user = str(conninfo_to_dict(engine.dsn)["user"])
    engine.run("INSERT INTO health.agent_logins (login_name, agent_id) VALUES (%s, 'a')", user)
    looks = shop.open_as("looks", engine.dsn)
    looks.execute(LOCK_1)
    shop.open("waiter", "e")
    shop.begin("waiter", LOCK_1.encode())
    shop.until("waiter", "wait_event_type = 'Lock'")
    assert looks.execute(FIND).fetchall() == []
    assert shop.found() == {"looks": ("a", "blocks_others", 1)}


def test_what_is_noted_is_what_is_stuck_now(shop: Shop) -> None:
    engine = shop.engine
    watch = "SELECT health_internal.watch_stuck_sessions(%s)"
    kept = (
        "SELECT pid, agent_id, problem, waiting_count, found_at FROM health.stuck_sessions"
        " ORDER BY agent_id"
    )
    shop.limits(blocking=LONG)
    one, two = shop.open("one", "a"), shop.open("two", "b")
    one.execute(LOCK_1)
    first, second, third = ("2031-05-06 07:00+00", "2031-05-06 07:01+00", "2031-05-06 07:02+00")
    assert engine.value(watch, first) == 2
    noted = engine.rows(kept)
    assert [tuple(row.values())[:4] for row in noted] == [
        (one.info.backend_pid, "a", "idle_in_transaction", 0),
        (two.info.backend_pid, "b", "idle_in_transaction", 0),
    ]
    # Forgotten is what is gone, though it had the same process number, or began with it.
    engine.run(
        "INSERT INTO health.stuck_sessions SELECT gone.pid, gone.began, 'e', login_name, problem,"
        " stuck_since, waiting_count, found_at FROM health.stuck_sessions AS noted CROSS JOIN"
        " LATERAL (VALUES (pid, backend_start - interval '1 h'), (1, backend_start))"
        " AS gone (pid, began) WHERE noted.agent_id = 'a'"
    )
    shop.open("waiter", "e")
    shop.begin("waiter", LOCK_1.encode())
    shop.until("waiter", "wait_event_type = 'Lock'")
    two.rollback()
    assert engine.value(watch, second) == 1
    (row,) = engine.rows(kept)
    assert (row["agent_id"], row["problem"], row["waiting_count"]) == (
        "a",
        "idle_in_transaction",
        1,
    )
    assert row["found_at"] == noted[0]["found_at"], "it was found when it was found first"
    # The problem changes with nothing else, and the time with it.
    shop.limits(idle=LONG)
    place = "SELECT ctid::text FROM health.stuck_sessions"
    assert engine.value(watch, third) == 1
    (row,) = engine.rows("SELECT problem, stuck_since FROM health.stuck_sessions")
    assert (row["problem"], row["stuck_since"]) == (
        "blocks_others",
        engine.value("SELECT min(waitstart) FROM pg_locks"),
    )
    before = engine.value(place)
    assert engine.value(watch, third) == 1
    assert engine.value(place) == before, "what stays as it is is not written"


def test_of_an_agents_sessions_the_stuck_ones_are_ended_and_their_attaches_only(
    shop: Shop,
) -> None:
    engine = shop.engine
    for name, agent_id in (("mine", "a"), ("of another", "b")):
        shop.open(name, agent_id).execute("SELECT health.attach(%s)", (agent_id,))
        shop.sessions[name].commit()
        shop.sessions[name].execute("SELECT 1")
    # Attached too, and not in a transaction.
    shop.open("mine at rest", "a").commit()
    engine.run(
        "INSERT INTO health.agent_sessions (agent_id, agent_number, pid) VALUES ('a', 5, %s)",
        shop.sessions["mine at rest"].info.backend_pid,
    )
    pids = {name: session.info.backend_pid for name, session in shop.sessions.items()}
    engine.run(
        "INSERT INTO health.agent_sessions (agent_id, agent_number, pid, lost_at, lost_reason)"
        " VALUES ('a', 5, %s, '2031-01-01', 'long ago')",
        pids["mine"],
    )
    result = engine.value(
        "SELECT health_internal.terminate_stuck_sessions('2031-05-06 07:00+00', 'a')"
    )
    assert result == {"ended_pids": [pids["mine"]]}
    for name, is_there in (("mine", False), ("of another", True), ("mine at rest", True)):
        if is_there:
            shop.sessions[name].execute("SELECT 1")
        else:
            with pytest.raises(psycopg.errors.AdminShutdown):
                shop.sessions[name].execute("SELECT 1")
    rows = engine.rows(
        "SELECT pid, lost_reason, lost_at = '2031-05-06 07:00+00' AS is_now"
        " FROM health.agent_sessions ORDER BY session_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (pids["mine"], "ended_by_recovery", True),
        (pids["of another"], None, None),
        (pids["mine at rest"], None, None),
        (pids["mine"], "long ago", False),
    ]
