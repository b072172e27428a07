"""Ingest by real logins, also in numbers: many agents, bad rows, clocks, the bell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conftest import Engine

    Login = Callable[..., str]

COPY: Any = "COPY health.ingest_heartbeats (agent_id, state, cpu_usage_percent, sent_at) FROM STDIN"
BY_CLOCK = "2031-05-06 07:00:00+00"


def names_of(count: int) -> list[str]:
    """Agents by number."""
    return [f"agent-{number:06d}" for number in range(count)]


def allow(engine: Engine, dsn: str, names: list[str]) -> None:
    """Let a login write for all of them."""
    engine.run(
        "INSERT INTO health.agent_logins (login_name, agent_id) SELECT %s, unnest(%s::text [])",
        psycopg.conninfo.conninfo_to_dict(dsn)["user"],
        names,
    )


def copy(connection: psycopg.Connection[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into the gateway's table."""
    with connection.cursor().copy(COPY) as stream:
        for row in rows:
            stream.write_row(row)


def test_a_login_of_a_thousand_agents_writes_for_each_and_no_other(
    engine: Engine, login: Login
) -> None:
    names = names_of(1_000)
    dsn = login(engine.dsn, "health_agent")
    allow(engine, dsn, names)
    with psycopg.connect(dsn, autocommit=True) as connection:
        insert = "INSERT INTO health.agent_heartbeats (agent_id) SELECT unnest(%s::text [])"
        connection.execute(insert, (names,))
        connection.execute(insert, ([names[-1], names[0]],))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(insert, ([*names, "agent-001000"],))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(insert, (["agent-00000"],))
    assert engine.value("SELECT count(*) FROM health.agent_heartbeats") == 1_002


def test_a_gateway_of_a_hundred_thousand_agents(engine: Engine, login: Login) -> None:
    names = names_of(100_000)
    dsn = login(engine.dsn, "health_gateway")
    allow(engine, dsn, names)
    with psycopg.connect(dsn, autocommit=True) as connection:
        copy(connection, ((name, "running", 1, None) for name in names))
        for batch in (names[:1_000], names[500:1_500], names[-3:] * 3):
            copy(connection, ((name, "running", 1, None) for name in batch))
        with pytest.raises(
            psycopg.Error, match='may not write for agent "agent-100000"'
        ) as refused:
            copy(connection, ((name, "running", 1, None) for name in [*names, "agent-100000"]))
        assert refused.value.sqlstate == "AG005"
    assert engine.value("SELECT count(*) FROM health.ingest_heartbeats") == 102_009


@pytest.mark.parametrize(
    ("row", "sqlstate", "said"),
    [
        (("a\nb", "running", 1, None), "23514", "agent_id_is_1_to_200_bytes_without_control"),
        (("one", "running", "NaN", None), "23514", "cpu_usage_percent_is_a_plain_number"),
        (("one", "running", "1e300", None), "23514", "cpu_usage_percent_is_a_plain_number"),
        (("one", "running", 1, "2030-01-01"), "23514", "sent_at_is_within_one_day_of_received_at"),
        (("one", "dancing", 1, None), "23514", "state_is_initializing_active_running"),
        (("two", "running", 1, None), "AG005", 'may not write for agent "two"'),
    ],
)
def test_a_bad_row_refuses_its_batch_and_no_other(
    row: tuple[Any, ...], sqlstate: str, said: str, engine: Engine, login: Login
) -> None:
    dsn = login(engine.dsn, "health_gateway", agents=["one"])
    good = ("one", "running", 1, None)
    with psycopg.connect(dsn, autocommit=True) as connection:
        copy(connection, [good])
        with pytest.raises(psycopg.Error, match=said) as refused:
            copy(connection, [good, row, good])
        assert refused.value.sqlstate == sqlstate
        copy(connection, [good])
    engine.tick(None)
    assert engine.status("one")["beat_count"] == 2


def test_a_clock_a_year_off_is_refused_with_both_times(engine: Engine, login: Login) -> None:
    dsn = login(engine.dsn, "health_agent", agents=["one"])
    with psycopg.connect(dsn, autocommit=True) as connection:
        with pytest.raises(errors.CheckViolation) as refused:
            connection.execute(
                "INSERT INTO health.agent_heartbeats (agent_id, sent_at) VALUES ('one', %s)",
                (BY_CLOCK,),
            )
        connection.execute(
            "INSERT INTO health.agent_heartbeats (agent_id, sent_at) VALUES ('one', now())"
        )
    said = refused.value.diag
    assert said.constraint_name == "sent_at_is_within_one_day_of_received_at"
    assert (said.schema_name, said.table_name) == ("health", "agent_heartbeats")
    assert "sent_at is 2031-05-06" in (said.message_detail or "")
    assert said.message_hint == "Set the agent's clock, or leave sent_at out."


@pytest.mark.parametrize("by", ["health_agent", "health_gateway", "owner"])
def test_bad_news_rings_once_until_it_is_known(by: str, engine: Engine, login: Login) -> None:
    table = "agent_heartbeats" if by == "health_agent" else "ingest_heartbeats"
    dsn = engine.dsn if by == "owner" else login(engine.dsn, by, agents=["one", "two"])
    insert: Any = f"INSERT INTO health.{table} (agent_id, state) SELECT unnest(%s::text []), %s"
    listener = engine.connect()
    listener.execute("LISTEN health_wakeup")

    def rings() -> int:
        """How often it rang; a notification of our own is the last that counts."""
        engine.run("NOTIFY health_wakeup, 'counted'")
        for count, notification in enumerate(listener.notifies(timeout=60)):
            if notification.payload == "counted":
                return count
        pytest.fail("the bell was not heard")

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(insert, (["one", "two"], "running"))
        assert rings() == 0
        connection.execute(insert, (["one"], "failed"))
        assert rings() == 1
        engine.tick(None)
        rings()
        connection.execute(insert, (["one"], "error"))
        assert rings() == 0
        connection.execute(insert, (["one", "two"], "error"))
        assert rings() == 1
