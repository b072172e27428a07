"""Each role with a login of its own that has nothing else: what it can do, and what is refused."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

import psycopg
import psycopg.conninfo
import pytest
from psycopg import errors

from hha import BaseAgent, SharedState
from hha.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable

    Login = Callable[..., str]

REFUSED = (errors.InsufficientPrivilege,)


def run(dsn: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """One statement in a session of its own; its rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(cast("Any", statement), values or None)
        return cursor.fetchall() if cursor.description else []


def refused(dsn: str, statement: str, *values: object) -> None:
    with pytest.raises(REFUSED):
        run(dsn, statement, *values)


class Worker(BaseAgent):
    async def do_work(self) -> int:
        return 1


async def test_a_python_agent_lives_with_the_role_of_agents(
    deployed_database: str, login: Login
) -> None:
    dsn = login(deployed_database, "health_agent", agents=["worker"])
    async with SharedState(dsn) as state:
        agent = Worker("worker", state, interval=0.05, heartbeat_interval=0.1)
        life = asyncio.create_task(agent.run())
        attached = "SELECT count(*) FROM health.agent_sessions WHERE agent_id = 'worker'"
        async with asyncio.timeout(60):
            while run(deployed_database, attached) == [(0,)]:  # noqa: ASYNC110 (a row tells)
                await asyncio.sleep(0.05)
        await agent.log_performance_metrics()
        assert await state.log_system_event("started_work", {}, agent_id="worker")
        await agent.stop()
        await asyncio.wait_for(life, 30)
        with pytest.raises(NotAllowed):
            await state.update_agent_state("another", "running")
    run(deployed_database, "SELECT health.tick()")
    assert run(deployed_database, "SELECT state FROM health.fleet WHERE agent_id = 'worker'") == [
        ("stopped",)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT health.register_agent('another')",
        "SELECT health.heartbeat('another')",
        "SELECT health.update_agent_state('another', 'failed')",
        "SELECT health.log_performance_metric('another', 'speed', 1)",
        "SELECT health.log_system_event('another', 'error')",
        "INSERT INTO health.agent_heartbeats (agent_id) VALUES ('mine'), ('another')",
        "INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('mine', now())",
        "INSERT INTO health.agent_sessions (agent_id, agent_number, pid) VALUES ('mine', 1, 1)",
        "INSERT INTO health.agent_logins VALUES (current_user, 'another')",
        "UPDATE health.agents SET revenue_usd_per_hour = 1e6",
        "DELETE FROM health.agents",
        "SELECT * FROM health.agent_heartbeats",
        "SELECT * FROM health.fleet",
        "SELECT health.tick()",
        "CALL health.run_tick()",
        "SELECT health.request_recovery('mine', 'agent_unresponsive', 'me')",
        "SELECT * FROM health.claim_recovery_actions('me')",
        "SELECT health.bridge_heartbeat('bridge:me')",
        "SELECT health.set_policy('standard', '{}')",
    ],
)
def test_an_agent_may_not(deployed_database: str, login: Login, statement: str) -> None:
    run(deployed_database, "SELECT health.register_agent('mine')")
    refused(login(deployed_database, "health_agent", agents=["mine"]), statement)


def test_an_agent_cannot_attach_or_see_another(deployed_database: str, login: Login) -> None:
    run(
        deployed_database, "SELECT health.register_agent(id) FROM unnest('{mine,other}'::text[]) id"
    )
    dsn = login(deployed_database, "health_agent", agents=["mine"])
    assert run(dsn, "SELECT agent_id FROM health.agents") == [("mine",)]
    assert run(dsn, "SELECT agent_id FROM health.agent_logins") == [("mine",)]
    assert run(dsn, "SELECT health.attach('mine')")
    with pytest.raises(psycopg.Error, match="is not registered") as caught:
        run(dsn, "SELECT health.attach('other')")
    assert caught.value.sqlstate == "AG001"


def test_a_login_may_write_for_several_agents(deployed_database: str, login: Login) -> None:
    dsn = login(deployed_database, "health_agent", agents=["one", "two"])
    run(dsn, "INSERT INTO health.agent_heartbeats (agent_id) SELECT unnest('{one,two}'::text[])")
    ((folded,),) = run(deployed_database, "SELECT folded_rows FROM health.tick()")
    assert folded >= 2


def test_a_gateway_copies_for_its_agents_only(deployed_database: str, login: Login) -> None:
    dsn = login(deployed_database, "health_gateway", agents=["one", "two"])
    copy = "COPY health.ingest_heartbeats (agent_id, state) FROM STDIN"
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        with cursor.copy(copy) as stream:
            stream.write("one\trunning\ntwo\tidle\n")
        connection.commit()
        with (
            pytest.raises(psycopg.Error, match='may not write for agent "three"') as caught,
            cursor.copy(copy) as stream,
        ):
            stream.write("one\trunning\nthree\tidle\n")
        assert caught.value.sqlstate == "AG005"
    refused(dsn, "INSERT INTO health.agent_heartbeats (agent_id) VALUES ('one')")
    run(deployed_database, "SELECT health.tick()")
    found = run(deployed_database, "SELECT agent_id FROM health.fleet WHERE agent_id <= 'two'")
    assert {("one",), ("two",)} <= set(found)


@pytest.fixture
def analyst(deployed_database: str, login: Login) -> str:
    """The DSN of an analyst; a worker has beaten and been judged."""
    run(deployed_database, "SELECT health.heartbeat('worker')")
    run(deployed_database, "SELECT health.log_performance_metric('worker', 'speed', 1)")
    run(deployed_database, "SELECT health.log_system_event('worker', 'error')")
    run(deployed_database, "SELECT health.tick()")
    return login(deployed_database, "health_analyst")


async def test_an_analyst_asks_in_python(analyst: str) -> None:
    async with SharedState(analyst) as state:
        agents = await state.get_registered_agents()
        assert "worker" in {row["agent_id"] for row in agents}
        assert len(await state.get_recent_heartbeats("worker")) == 1
        assert len(await state.get_performance_metrics("worker")) == 1
        assert len(await state.get_system_events("error")) == 1
        with pytest.raises(NotAllowed):
            await state.update_agent_state("worker", "failed")


def test_an_analyst_reads_every_view(analyst: str) -> None:
    names = run(
        analyst,
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relnamespace = 'health'::regnamespace AND relkind = 'v' ORDER BY 1",
    )
    assert len(names) > 5
    for (name,) in names:
        run(analyst, f"SELECT * FROM {name} LIMIT 1")
    assert run(analyst, "SELECT count(*) FROM health.explain('worker')") == [(6,)]


def test_an_analyst_changes_nothing(analyst: str) -> None:
    refused(analyst, "SELECT health.heartbeat('worker')")
    refused(analyst, "DELETE FROM health.agent_heartbeats")
    refused(analyst, "SELECT health.acknowledge_alert(1, 'me')")
    refused(analyst, "SELECT health.request_recovery('worker', 'agent_unresponsive', 'me')")
    refused(analyst, "SELECT health.tick()")


@pytest.mark.parametrize("command", [("status",), ("explain", "worker"), ("report",)])
def test_the_commands_of_analysts_need_no_more(analyst: str, command: tuple[str, ...]) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from hha.cli import main; main()", *command],
        env={**os.environ, "HHA_DSN": analyst},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "worker" in shown.stdout


def test_an_operator_takes_alerts_and_asks_for_recoveries(
    deployed_database: str, login: Login
) -> None:
    run(deployed_database, "SELECT health.heartbeat('worker', 'failed')")
    run(deployed_database, "SELECT health.tick()")
    dsn = login(deployed_database, "health_operator")
    ((alert_id,),) = run(
        dsn, "SELECT min(alert_id) FROM health.open_alerts WHERE agent_id = 'worker'"
    )
    run(dsn, "SELECT health.acknowledge_alert(%s, NULL, 'mine')", alert_id)
    run(dsn, "SELECT health.resolve_alert(%s, NULL)", alert_id)
    run(deployed_database, "SELECT health.register_agent('other')")
    run(deployed_database, "SELECT health.tick()")
    assert run(dsn, "SELECT health.request_recovery('other', 'agent_unresponsive', NULL)")
    refused(dsn, "SELECT health.set_policy('standard', '{}')")
    refused(dsn, "UPDATE health.alerts SET resolved_at = now()")


def test_an_administrator_configures(deployed_database: str, login: Login) -> None:
    dsn = login(deployed_database, "health_admin")
    run(dsn, "SELECT health.set_policy('standard', '{\"critical_below\": 55}', 'a try')")
    run(dsn, "SELECT health.set_channel('on_call', 'webhook', 'critical')")
    run(dsn, "UPDATE health.settings SET raw_retention = '48 hours'")
    run(dsn, "INSERT INTO health.agent_logins VALUES ('somebody', 'worker')")
    run(dsn, "DELETE FROM health.agent_logins WHERE login_name = 'somebody'")
    run(dsn, "SELECT health.register_agent('worker', p_expected_interval => '5 seconds')")
    run(dsn, "UPDATE health.agents SET latency_slo_ms = 200 WHERE agent_id = 'worker'")
    run(dsn, "DELETE FROM health.agents WHERE agent_id = 'worker'")
    run(dsn, "CALL health.run_tick()")
    run(dsn, "CALL health.run_housekeeping()")
    run(dsn, "CALL health.run_rollups()")
    run(dsn, "SELECT health.load_history(now() - interval '3 days', now() - interval '2 days')")
    refused(dsn, "UPDATE health_internal.engine SET tick_id = 0")


@pytest.mark.parametrize("statement", ["SELECT * FROM health.fleet", "SELECT health.tick()"])
def test_the_role_of_rules_has_no_right_of_its_own(
    deployed_database: str, login: Login, statement: str
) -> None:
    refused(login(deployed_database, "health_rules"), statement)


def test_a_bridge_speaks_for_bridges_only(deployed_database: str, login: Login) -> None:
    dsn = login(deployed_database, "health_bridge")
    run(dsn, "SELECT health.bridge_heartbeat('bridge:one')")
    run(dsn, "SELECT health.log_system_event('bridge:one', 'process_exit')")
    run(dsn, "SELECT health.attach('bridge:one')")
    run(dsn, "CALL health.run_tick()")
    run(dsn, "CALL health.run_housekeeping()")
    run(dsn, "CALL health.run_rollups()")
    assert run(dsn, "SELECT scheduler FROM health.engine_health") == [("bridge",)]
    refused(dsn, "SELECT health.heartbeat('worker')")
    refused(dsn, "SELECT health.log_system_event('worker', 'error')")
    refused(dsn, "SELECT health.set_channel('mine', 'webhook')")
    refused(dsn, "INSERT INTO health.deliveries DEFAULT VALUES")
    refused(dsn, "UPDATE health.recovery_actions SET state = 'succeeded'")
    with pytest.raises(psycopg.Error, match="is no bridge") as caught:
        run(dsn, "SELECT health.bridge_heartbeat('worker')")
    assert caught.value.sqlstate == "AG006"


@pytest.fixture
def confined(deployed_database: str, login: Login) -> str:
    """An analyst of tenant north; both tenants have a row in everything that names an agent."""
    dsn = login(deployed_database, "health_analyst")
    run(
        deployed_database,
        "INSERT INTO health.tenant_logins VALUES (%s, 'north')",
        psycopg.conninfo.conninfo_to_dict(dsn)["user"],
    )
    for statement in (
        """
        INSERT INTO health.agents (agent_id, agent_name, tenant, agent_type)
        VALUES ('n1', 'N', 'north', 'web'), ('s1', 'S', 'south', 'web')
        """,
        """
        INSERT INTO health.agent_heartbeats (agent_id, state, cpu_usage_percent)
        VALUES ('n1', 'failed', 10), ('s1', 'failed', 10)
        """,
        """
        INSERT INTO health.ingest_heartbeats (agent_id, state)
        VALUES ('n1', 'failed'), ('s1', 'failed')
        """,
        "SELECT health.tick()",
        "CALL health.run_foresight()",
        "CALL health.run_rollups()",
    ):
        run(deployed_database, statement)
    return dsn


READABLE = """
SELECT c.oid::regclass::text, c.relkind::text, bool_or(a.attname = 'agent_id')
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'health'::regnamespace AND c.relkind IN ('r', 'p', 'v')
    AND NOT c.relispartition AND has_table_privilege('health_analyst', c.oid, 'SELECT')
GROUP BY c.oid
"""


def test_a_tenants_analyst_sees_nothing_of_another(
    confined: str, analyst: str, deployed_database: str
) -> None:
    relations = run(deployed_database, READABLE)
    seen: dict[str, set[str]] = {}
    for name, _, has_agent in relations:
        rows = run(confined, f"SELECT shown::text FROM {name} AS shown")
        assert not [row for (row,) in rows if "s1" in row], name
        if has_agent:
            ids = run(confined, f"SELECT DISTINCT agent_id FROM {name}")
            seen[name] = {agent_id for (agent_id,) in ids}
            assert seen[name] <= {"n1"}, name
    for name in ("fleet", "agent_status", "agents", "open_alerts", "incidents", "agent_timeline"):
        assert seen[f"health.{name}"] == {"n1"}, name
    assert seen["health.recent_heartbeats"] == seen["health.score_history"] == {"n1"}
    assert run(confined, "SELECT agent_count FROM health.system_health") == [(1,)]
    assert {row[0] for row in run(analyst, "SELECT agent_id FROM health.fleet")} >= {"n1", "s1"}


def test_a_tenants_analyst_asks_functions_about_his_own_agents_only(confined: str) -> None:
    week = "now() - interval '7 days', clock_timestamp()"
    for call in (
        "health.explain('{0}')",
        "health.explain_silence('{0}')",
        f"health.score_between('{{0}}', {week}, '1 hour')",
        f"health.replay_anomalies('{{0}}', 'cpu_usage_percent', {week})",
        f"health.replay_agent_anomalies('{{0}}', {week})",
        f"health.availability_between({week}, p_agent_id => '{{0}}')",
    ):
        run(confined, f"SELECT * FROM {call.format('n1')}")
        for stranger in ("s1", "nobody"):
            with pytest.raises(psycopg.DatabaseError, match="is not known") as error:
                run(confined, f"SELECT * FROM {call.format(stranger)}")
            assert error.value.sqlstate == "AG001"
    rows = run(confined, f"SELECT agent_id FROM health.availability_between({week})")
    assert {row[0] for row in rows} == {None, "n1"}
    rows = run(
        confined, f"SELECT agent_id FROM health.business_impact_detail({week}, 'incident_count')"
    )
    assert {row[0] for row in rows} == {"n1"}
    for call in (
        f"health.kpis_between({week})",
        f"health.executive_report({week})",
        f"health.backtest('live', {week})",
        "health.predict_failures(now(), interval '1 day')",
    ):
        with pytest.raises(psycopg.DatabaseError) as error:
            run(confined, f"SELECT * FROM {call}")
        assert error.value.sqlstate == "TN001", call


def test_no_way_leads_out_of_a_tenant(confined: str) -> None:
    spy = (
        "CREATE FUNCTION pg_temp.spy(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS"
        " $$ BEGIN RAISE WARNING '%', $1; RETURN true; END $$"
    )
    heard: list[str] = []
    with psycopg.connect(confined, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: heard.append(str(notice.message_primary)))
        connection.execute("SET ROLE health_analyst")
        rows = connection.execute("SELECT agent_id FROM health.fleet").fetchall()
        assert rows == [("n1",)]
        connection.execute("RESET ROLE")
        connection.execute(spy)
        for name in ("fleet", "open_alerts", "agent_status", "recent_heartbeats", "series"):
            connection.execute(
                cast("Any", f"SELECT FROM health.{name} WHERE pg_temp.spy(agent_id)")
            )
    assert "n1" in heard
    assert "s1" not in heard
    refused(confined, "DELETE FROM health.tenant_logins")
    refused(confined, "SELECT FROM health.tenant_logins")
