"""database_connectivity with real sessions: an agent's stuck ones are ended, nobody else's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

    Login = Callable[..., str]

PATIENCE_SECONDS = 60.0

#: As short as the policy allows with room: "longer than" must be real time of the server.
LIMITS = '{"stuck_idle_seconds": 0.2, "stuck_blocking_seconds": 0.2, "verify_beats": 1}'


@pytest.fixture
def stuck(engine: Engine) -> Engine:
    """The engine with short limits, a table to quarrel about, and two agents that are well."""
    engine.run("CREATE SCHEMA shop")
    engine.run("CREATE TABLE shop.stock (item integer PRIMARY KEY)")
    engine.run("INSERT INTO shop.stock VALUES (1)")
    engine.run("GRANT USAGE ON SCHEMA shop TO PUBLIC")
    engine.run("GRANT ALL ON shop.stock TO PUBLIC")
    engine.run("SELECT health.set_policy('standard', %s::jsonb)", LIMITS)
    for agent_id in ("a", "b"):
        engine.run("SELECT health.register_agent(%s)", agent_id)
        engine.run("SELECT health.heartbeat(%s)", agent_id)
    engine.tick(None, is_replay=False)
    return engine


@pytest.fixture
def sessions() -> Iterator[Callable[..., psycopg.Connection[Any]]]:
    """Opens a session that is in a transaction and holds the item's row, if asked."""
    opened: list[psycopg.Connection[Any]] = []

    def connect(dsn: str, *, locks: bool = False, name: str = "") -> psycopg.Connection[Any]:
        connection = psycopg.connect(make_conninfo(dsn, application_name=name or "shop"))
        opened.append(connection)
        connection.execute("SELECT 1")
        if locks:
            connection.execute("UPDATE shop.stock SET item = item")
        return connection

    yield connect
    for connection in opened:
        connection.close()


def pid(connection: psycopg.Connection[Any]) -> int:
    """The session's backend."""
    return connection.info.backend_pid


def is_alive(engine: Engine, backend: int) -> bool:
    """Whether the backend is there, once one that was ended has had the time to go."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not engine.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", backend):
            return False
        if not engine.value(
            "SELECT count(*) FROM health.recovery_steps WHERE details->'ended_pids'"
            " @> to_jsonb(%s)",
            backend,
        ):
            return True
        time.sleep(0.02)
    return True


def until_stuck(engine: Engine, *agent_ids: str) -> None:
    """Tick until these agents' sessions are found, and no others'."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        engine.tick(None, is_replay=False)
        found = engine.rows(
            "SELECT DISTINCT agent_id FROM health.recovery_actions"
            " WHERE issue_type = 'database_connectivity' ORDER BY agent_id"
        )
        if [row["agent_id"] for row in found] == list(agent_ids):
            return
        time.sleep(0.02)
    pytest.fail(f"found {found}")


def story(engine: Engine, agent_id: str) -> str:
    """What happened to the agent, in one line."""
    return str(
        engine.value(
            "SELECT what_happened FROM health.recovery_history WHERE agent_id = %s", agent_id
        )
    )


def test_an_idle_transaction_is_ended_and_the_recovery_verified(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    mine = sessions(login(stuck.dsn, "health_agent", agents=["a"]))
    other = sessions(login(stuck.dsn, "health_agent", agents=["b"]))
    other.rollback()
    until_stuck(stuck, "a")
    assert not is_alive(stuck, pid(mine))
    assert is_alive(stuck, pid(other))
    assert stuck.value("SELECT problem FROM health.stuck_sessions") == "idle_in_transaction"
    stuck.run("SELECT health.heartbeat('a')")
    stuck.tick(None, is_replay=False)
    assert story(stuck, "a") == "ended 1 session; verified"
    assert stuck.value("SELECT count(*) FROM health.stuck_sessions") == 0


def test_who_blocks_others_is_ended_who_waits_is_not(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    stuck.run("SELECT health.set_policy('standard', '{\"stuck_idle_seconds\": 3600}')")
    holder = sessions(login(stuck.dsn, "health_agent", agents=["a"]), locks=True)
    # Next in the queue: pg_blocking_pids names it too, yet it is a victim.
    waiting = [
        psycopg.connect(login(stuck.dsn, "health_agent", agents=["b"]), autocommit=True),
        psycopg.connect(stuck.dsn, autocommit=True),
    ]
    for connection in waiting:
        connection.pgconn.send_query(b"UPDATE shop.stock SET item = item")
    until_stuck(stuck, "a")
    assert not is_alive(stuck, pid(holder))
    assert is_alive(stuck, pid(waiting[0]))
    stuck.run("SELECT health.heartbeat('a')")
    stuck.tick(None, is_replay=False)
    assert story(stuck, "a") == "ended 1 session; verified"
    for connection in waiting:
        while connection.pgconn.is_busy():
            connection.pgconn.consume_input()
            time.sleep(0.01)
        result = connection.pgconn.get_result()
        assert result is not None
        assert result.command_tuples == 1
        connection.close()


def test_nobody_but_agents_is_ever_accused(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    # A person who calls his session an agent's, a gateway of two that says nothing, a superuser.
    person = sessions(login(stuck.dsn, "health_analyst"), locks=True, name="hha:a")
    gateway = sessions(login(stuck.dsn, "health_gateway", agents=["a", "b"]))
    root = sessions(stuck.dsn)
    stuck.run("SET lock_timeout = '400ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        stuck.run("UPDATE shop.stock SET item = item")
    stuck.run("RESET lock_timeout")
    for _ in range(3):
        stuck.tick(None, is_replay=False)
    stuck.run("SELECT health.request_recovery('a', 'database_connectivity', 'ana')")
    stuck.tick(None, is_replay=False)
    assert stuck.rows("SELECT * FROM health.stuck_sessions") == []
    assert all(is_alive(stuck, pid(session)) for session in (person, gateway, root))
    stuck.run("SELECT health.heartbeat('a')")
    stuck.tick(None, is_replay=False)
    assert story(stuck, "a").startswith("ended no session: none was stuck")


def test_of_a_login_for_several_the_session_says_whose_it_is(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    shared = login(stuck.dsn, "health_agent", agents=["a", "b"])
    silent = sessions(shared)
    named = sessions(shared, name="hha:b")
    until_stuck(stuck, "b")
    assert not is_alive(stuck, pid(named))
    assert is_alive(stuck, pid(silent))


def test_an_attached_session_that_is_ended_is_no_sign_of_death(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    mine = sessions(login(stuck.dsn, "health_agent", agents=["a"]))
    mine.execute("SELECT health.attach('a')")
    mine.commit()
    stuck.tick(None, is_replay=False)
    mine.execute("SELECT 1")
    until_stuck(stuck, "a")
    assert not is_alive(stuck, pid(mine))
    stuck.tick(None, is_replay=False)
    assert stuck.value("SELECT lost_reason FROM health.agent_sessions") == "ended_by_recovery"
    assert stuck.status("a")["liveness"] == "alive"


def test_a_superusers_session_cannot_be_ended_and_the_outcome_says_so(
    stuck: Engine, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    user = str(conninfo_to_dict(stuck.dsn)["user"])
    mine = sessions(stuck.dsn)
    mine.execute("SELECT health.attach('a')")
    mine.commit()
    stuck.tick(None, is_replay=False)
    mine.execute("SELECT 1")
    until_stuck(stuck, "a")
    assert is_alive(stuck, pid(mine))
    assert story(stuck, "a") == (
        f"ending sessions failed after 0 s: pid {pid(mine)} is a session of the superuser"
        f' "{user}", which the monitor may not end'
    )
    # The strategy's next step is a bridge's.
    assert stuck.value("SELECT action FROM health.recovery_backlog") == "restart_agent"


def test_without_pg_signal_backend_the_outcome_says_so(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    dsn = login(stuck.dsn, "health_agent", agents=["a"])
    name = str(conninfo_to_dict(dsn)["user"])
    mine = sessions(dsn)
    stuck.run("REVOKE pg_signal_backend FROM health_owner")
    try:
        until_stuck(stuck, "a")
    finally:
        stuck.run("GRANT pg_signal_backend TO health_owner")
    assert is_alive(stuck, pid(mine))
    assert story(stuck, "a") == (
        f'ending sessions failed after 0 s: pid {pid(mine)} of "{name}" could not be ended:'
        " health_owner lacks pg_signal_backend"
    )


def test_without_pg_read_all_stats_nobody_is_accused(
    stuck: Engine, login: Login, sessions: Callable[..., psycopg.Connection[Any]]
) -> None:
    mine = sessions(login(stuck.dsn, "health_agent", agents=["a"]))
    time.sleep(0.3)
    stuck.run("REVOKE pg_read_all_stats FROM health_owner")
    try:
        stuck.tick(None, is_replay=False)
        assert stuck.rows("SELECT * FROM health.stuck_sessions") == []
    finally:
        stuck.run("GRANT pg_read_all_stats TO health_owner")
    assert is_alive(stuck, pid(mine))


def test_the_login_of_another_agent_cannot_be_named(stuck: Engine, login: Login) -> None:
    """Row-level security: an agent may not add itself to agent_logins."""
    dsn = login(stuck.dsn, "health_agent", agents=["a"])
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            sql.SQL("INSERT INTO health.agent_logins VALUES (current_user, {})").format("b")
        )
