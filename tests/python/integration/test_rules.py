"""Alert rules of users: what they find, what disables them, and what a hostile one cannot do."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from servers.waiting import until

from .conftest import Engine, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "a password of the tests"

GOOD = """
    SELECT 'worker'::text AS agent_id, 'critical'::text AS severity,
           'disk is full'::text AS summary, '{"percent": 97}'::jsonb AS details
"""

DIVIDES = "SELECT 'worker'::text AS agent_id, (1 / (random() * 0))::text AS summary"


class Rules:
    """The engine with a schema `ops` of a user's, and the session that evaluates rules."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.run("SELECT health.register_agent('worker')")
        engine.run("SELECT health.register_agent('other')")
        engine.run("CREATE SCHEMA ops; GRANT USAGE ON SCHEMA ops TO health_rules")
        engine.run(f"ALTER ROLE health_rules_runner PASSWORD '{PASSWORD}'".encode())  # type: ignore[arg-type]
        self.dsn = make_conninfo(
            engine.dsn, user="health_rules_runner", password=PASSWORD, passfile=os.devnull
        )

    def view(self, name: str, query: str) -> None:
        self.engine.run(cast(Any, f"CREATE OR REPLACE VIEW ops.{name} AS {query}"))
        self.engine.run(cast(Any, f"GRANT SELECT ON ops.{name} TO health_rules"))

    def function(self, name: str, body: str, returns: str = "text") -> None:
        """A function anybody may call, and the view that calls it for its summary."""
        self.engine.run(
            cast(
                Any,
                f"CREATE FUNCTION ops.{name}() RETURNS {returns} LANGUAGE plpgsql VOLATILE"
                f" AS $f$ {body} $f$",
            )
        )

    def hostile(self, body: str, declare: str = "") -> None:
        """A rule `hostile` whose function has this body, and a good rule beside it."""
        self.function("attack", f"{declare} BEGIN {body} RETURN 'done'; END")
        self.view("hostile", "SELECT 'worker'::text AS agent_id, ops.attack() AS summary")
        self.view("good", GOOD)
        self.add("hostile")
        self.add("good")

    def add(self, name: str, **options: object) -> None:
        named = "".join(f", {key} => %({key})s" for key in options)
        self.engine.connection.execute(
            cast(
                Any,
                f"SELECT health.add_alert_rule('{name}', 'ops.{name}', p_now => %(now)s{named})",
            ),
            {"now": at(0), **options},
        )

    def evaluate(self, seconds: float = 0, dsn: str | None = None) -> None:
        with psycopg.connect(dsn or self.dsn, autocommit=True) as connection:
            connection.execute("CALL health.evaluate_rules(%s)", (at(seconds),))

    def findings(self, rule: str) -> list[dict[str, Any]]:
        return self.engine.rows(
            "SELECT * FROM health.rule_findings WHERE rule = %s ORDER BY agent_id", rule
        )

    def rule(self, name: str) -> dict[str, Any]:
        return self.engine.row("SELECT * FROM health.alert_rules WHERE rule = %s", name)

    def error(self, name: str) -> str:
        row = self.rule(name)
        assert not row["is_enabled"], "it was not disabled"
        return str(row["last_error"])


@pytest.fixture
def rules(engine: Engine) -> Iterator[Rules]:
    yield Rules(engine)
    engine.run("ALTER ROLE health_rules_runner PASSWORD NULL")


# --- what a rule does --------------------------------------------------------------------------


def test_a_view_finds_and_takes_back(rules: Rules) -> None:
    rules.engine.run("CREATE TABLE ops.disks (agent_id text, percent int)")
    rules.view(
        "disk_full",
        "SELECT agent_id, 'critical'::text AS severity, 'disk at ' || percent AS summary,"
        " jsonb_build_object('percent', percent) AS details FROM ops.disks WHERE percent > 90",
    )
    rules.add("disk_full", p_description="its disk is full")
    rules.engine.run("INSERT INTO ops.disks VALUES ('worker', 97), ('other', 12), (NULL, 99)")
    rules.evaluate()
    assert [
        (row["agent_id"], row["severity"], row["summary"], row["details"], row["found_at"])
        for row in rules.findings("disk_full")
    ] == [
        ("worker", "critical", "disk at 97", {"percent": 97}, at(0)),
        (None, "critical", "disk at 99", {"percent": 99}, at(0)),
    ]
    rules.engine.run("UPDATE ops.disks SET percent = percent + 1 WHERE agent_id IS NOT NULL")
    rules.evaluate(59)
    assert rules.findings("disk_full")[0]["summary"] == "disk at 97", "not due yet"
    rules.evaluate(60)
    (worker, system) = rules.findings("disk_full")
    assert (worker["summary"], worker["found_at"], worker["changed_at"]) == (
        "disk at 98",
        at(0),
        at(60),
    )
    assert system["changed_at"] == at(0)
    rules.engine.run("DELETE FROM ops.disks")
    rules.evaluate(120)
    assert rules.findings("disk_full") == []
    row = rules.rule("disk_full")
    assert (row["last_evaluated_at"], row["last_row_count"], row["last_error"]) == (
        at(120),
        0,
        None,
    )
    assert row["last_duration_ms"] >= 0


def test_what_the_view_leaves_open_the_rule_says(rules: Rules) -> None:
    rules.view(
        "few",
        "SELECT * FROM (VALUES ('worker'::text, NULL::text, NULL::text, NULL::jsonb),"
        " ('other', 'INFO', E'two\\nlines', '[1]')) AS v (agent_id, severity, summary, details)",
    )
    rules.add("few", p_severity="emergency", p_description="something is few")
    rules.evaluate()
    (other, worker) = rules.findings("few")
    assert (worker["severity"], worker["summary"], worker["details"]) == (
        "emergency",
        "something is few",
        {},
    )
    assert (other["severity"], other["summary"], other["details"]) == (
        "info",
        "two lines",
        {"details": [1]},
    )


def test_severity_and_details_need_not_be_columns(rules: Rules) -> None:
    rules.view("plain", "SELECT 'worker'::varchar(20) AS agent_id, 'slow'::text AS summary")
    rules.add("plain")
    rules.evaluate()
    (finding,) = rules.findings("plain")
    assert (finding["severity"], finding["summary"]) == ("warning", "slow")


def test_unknown_agents_are_left_out_and_noted_and_an_agent_has_one_finding(rules: Rules) -> None:
    rules.view(
        "many",
        "SELECT * FROM (VALUES ('nobody', 'critical', 'a'), ('worker', 'info', 'b'),"
        " ('worker', 'critical', 'c')) AS v (agent_id, severity, summary)",
    )
    rules.add("many")
    rules.evaluate()
    (finding,) = rules.findings("many")
    assert (finding["agent_id"], finding["summary"]) == ("worker", "c")
    note = rules.rule("many")["last_note"]
    assert 'rows of agents that are not registered: 1, such as "nobody"' in note
    assert "a more severe row speaks of: 1" in note
    assert rules.rule("many")["is_enabled"]


def test_large_texts_are_cut(rules: Rules) -> None:
    rules.view(
        "large",
        "SELECT 'worker'::text AS agent_id, repeat('x', 5000000) AS summary,"
        " jsonb_build_object('x', (SELECT string_agg(md5(n::text), '')"
        " FROM generate_series(1, 5000) AS n)) AS details",
    )
    rules.add("large")
    rules.evaluate()
    (finding,) = rules.findings("large")
    assert len(finding["summary"]) == 500
    assert finding["details"]["left_out_bytes"] > 8192


# --- what disables a rule ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (
            "SELECT 'worker'::text AS agent_id, (1 / (random() * 0))::text AS summary",
            "division by zero",
        ),
        (
            "SELECT 'worker'::text AS agent_id, 'loud'::text AS severity, 'x'::text AS summary",
            'severity "loud" is not known',
        ),
        (
            "SELECT NULL AS agent_id, n::text AS summary FROM generate_series(1, 1000000) AS n",
            "more than 1000 rows",
        ),
        ("SELECT 'worker'::text AS agent_id, pg_sleep(20)::text AS summary", "longer than 500 ms"),
    ],
)
def test_a_rule_that_fails_is_disabled_and_the_others_go_on(
    rules: Rules, query: str, error: str
) -> None:
    rules.view("bad", query)
    rules.view("good", GOOD)
    rules.add("bad")
    rules.add("good")
    rules.evaluate()
    rules.evaluate()  # a time-out ends the call; the next one goes on
    assert error in rules.error("bad")
    assert rules.rule("bad")["last_error_at"] == at(0)
    assert len(rules.findings("good")) == 1
    (finding,) = rules.findings("rule_disabled")
    assert finding["agent_id"] is None
    assert "alert rule bad was disabled" in finding["summary"]
    rules.evaluate(60)
    assert rules.rule("good")["last_evaluated_at"] == at(60)


def test_a_rule_whose_view_is_dropped_changed_or_closed_is_disabled(rules: Rules) -> None:
    for name in ("dropped", "altered", "closed"):
        rules.view(name, GOOD)
        rules.add(name)
    rules.evaluate()
    assert len(rules.findings("dropped")) == 1
    rules.engine.run("DROP VIEW ops.dropped")
    rules.engine.run("DROP VIEW ops.altered")
    rules.view("altered", "SELECT 7 AS agent_id, 'x'::text AS summary, 'y'::text AS details")
    rules.engine.run("REVOKE SELECT ON ops.closed FROM health_rules")
    rules.evaluate(60)
    assert "there is no view ops.dropped" in rules.error("dropped")
    assert "agent_id is not text, details is not jsonb" in rules.error("altered")
    assert "health_rules may not read ops.closed" in rules.error("closed")
    assert rules.findings("dropped") == [], "what nobody can confirm is taken back"
    (finding,) = rules.findings("rule_disabled")
    assert finding["summary"] == "3 alert rules were disabled: altered, closed, dropped"
    rules.view("dropped", GOOD)
    rules.engine.run("SELECT health.enable_alert_rule('dropped', %s)", at(70))
    rules.engine.run("SELECT health.remove_alert_rule('altered')")
    rules.engine.run("SELECT health.disable_alert_rule('closed')")
    assert rules.findings("rule_disabled") == [], "by a person is no error"
    rules.evaluate(70)
    assert len(rules.findings("dropped")) == 1


def test_many_quick_rules_share_a_call_and_none_is_blamed_for_another(rules: Rules) -> None:
    for number in range(6):
        name = f"slow_{number}"
        rules.view(
            name, f"SELECT 'worker'::text AS agent_id, pg_sleep(0.2)::text || {number} AS summary"
        )
        rules.add(name)
    for _ in range(6):
        rules.evaluate()
    rows = rules.engine.rows(
        "SELECT rule, is_enabled, last_evaluated_at FROM health.alert_rules WHERE NOT is_builtin"
    )
    assert all(row["is_enabled"] and row["last_evaluated_at"] == at(0) for row in rows), rows


# --- hostile rules -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE health.alert_rules SET is_enabled = false", "read-only"),
        ("DELETE FROM health.agents", "read-only"),
        ("PERFORM health.tick()", "permission denied"),
        ("PERFORM health.add_alert_rule('mine', 'ops.good')", "permission denied"),
        ("PERFORM health.heartbeat('worker', 'failed')", "permission denied"),
        ("SET ROLE health_owner", "permission denied"),
        ("SET SESSION AUTHORIZATION postgres", "permission denied"),
        ("SET LOCAL transaction_read_only = off; CREATE TABLE ops.mine ()", "read-write"),
        ("CREATE TABLE ops.mine ()", "read-only"),
        ("ALTER ROLE CURRENT_USER SET statement_timeout = 0", "read-only"),
        ("COMMIT", "invalid transaction termination"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = 'P0001'", "no (P0001)"),
        ("RAISE EXCEPTION 'rolled back'", "rolled back (P0001)"),
        ("ASSERT false, 'assertion of mine'", "assertion of mine"),
        (
            "PERFORM health_internal.finish_rule('good', 1, '[]', 'sabotage', 1, now())",
            "read-only",
        ),
    ],
)
def test_a_hostile_rule_is_refused(rules: Rules, statement: str, error: str) -> None:
    rules.hostile(statement + ";")
    rules.evaluate()
    assert error in rules.error("hostile")
    assert len(rules.findings("good")) == 1
    assert rules.rule("good")["is_enabled"]


def test_resetting_the_role_leads_nowhere(rules: Rules) -> None:
    rules.hostile(
        "RESET ROLE; RESET SESSION AUTHORIZATION; SET ROLE NONE;"
        " IF current_user <> 'health_rules_runner' OR session_user <> current_user THEN"
        " RAISE EXCEPTION 'became %', current_user; END IF;"
        " BEGIN PERFORM FROM health.agents; EXCEPTION"
        " WHEN insufficient_privilege THEN RETURN 'refused'; END;"
    )
    rules.evaluate()
    (finding,) = rules.findings("hostile")
    assert finding["summary"] == "refused"


def test_nothing_a_rule_does_outlives_it(rules: Rules) -> None:
    """Settings, temporary objects, notifications, locks: the next rule meets a fresh session."""
    rules.hostile(
        "PERFORM set_config('search_path', 'pg_temp, ops', false);"
        " PERFORM set_config('statement_timeout', '0', false);"
        " PERFORM set_config('ops.mark', 'was here', false);"
        " CREATE TEMP TABLE alert_rules (rule text);"
        " CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'info' $$;"
        " PERFORM pg_notify('health_wakeup', 'mine');"
        " PERFORM pg_advisory_lock(4711);"
        " PERFORM pg_advisory_lock_shared(4712);"
    )
    rules.function(
        "look",
        "BEGIN RETURN concat_ws(' ', current_setting('search_path'),"
        " current_setting('statement_timeout'), coalesce(current_setting('ops.mark', true), ''),"
        " (SELECT count(*) FROM pg_catalog.pg_class WHERE relpersistence = 't'),"
        " (SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory')); END",
    )
    rules.view("then_look", "SELECT 'worker'::text AS agent_id, ops.look() AS summary")
    rules.add("then_look")
    listener = rules.engine.connect()
    listener.execute("LISTEN health_wakeup")
    with psycopg.connect(rules.dsn, autocommit=True, row_factory=dict_row) as session:
        session.execute("CALL health.evaluate_rules(%s)", (at(0),))
        after = session.execute(
            "SELECT current_setting('search_path') AS path,"
            " current_setting('statement_timeout') AS timeout"
        ).fetchone()
    assert after == {"path": '"$user", public', "timeout": "500ms"}
    (finding,) = rules.findings("then_look")
    assert finding["summary"] == "pg_catalog, pg_temp 500ms  0 0"
    assert list(listener.notifies(timeout=0.2)) == []
    hostile = rules.rule("hostile")
    # A temporary table may be made in a read-only transaction, a function may not.
    assert "read-only" in hostile["last_error"]


def test_a_rule_that_catches_its_cancellation_is_disabled(rules: Rules) -> None:
    rules.hostile("BEGIN PERFORM pg_sleep(5); EXCEPTION WHEN query_canceled THEN NULL; END;")
    # Only a call that had its time for this rule alone blames it: on a busy machine not the first.
    for _ in range(10):
        rules.evaluate()
        if not rules.rule("hostile")["is_enabled"]:
            break
    assert "longer than 500 ms" in rules.error("hostile")
    assert len(rules.findings("good")) == 1


def test_a_rule_that_never_ends_loses_its_session(rules: Rules) -> None:
    rules.hostile(
        "LOOP BEGIN PERFORM pg_sleep(0.1); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP;"
    )
    ended: list[BaseException] = []

    def evaluate() -> None:
        try:
            rules.evaluate()
        except psycopg.Error as error:
            ended.append(error)

    thread = threading.Thread(target=evaluate)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while rules.rule("hostile")["evaluating_pid"] is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert rules.engine.value("SELECT health.end_overrunning_rules()") == 0, "not yet"
        ahead = rules.engine.value(
            "SELECT health.end_overrunning_rules(clock_timestamp() + interval '11 seconds')"
        )
        assert ahead == 1
    finally:
        thread.join(30)
    assert not thread.is_alive()
    assert isinstance(ended[0], psycopg.errors.AdminShutdown | psycopg.OperationalError)
    assert "its session was ended" in rules.error("hostile")
    rules.evaluate()
    assert len(rules.findings("good")) == 1


def give_up(rules: Rules, since: str) -> None:
    """As if the evaluation under way had begun at `since` and its session had gone."""
    uptime = float(
        rules.engine.value(
            "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())"
        )
    )
    time.sleep(max(0.0, 16 - uptime))  # only where this test is the first of a server
    query = f"UPDATE health.alert_rules SET evaluating_since = {since} WHERE rule = 'hostile'"
    rules.engine.run(cast(Any, query))


def test_a_rule_that_ends_its_own_session_is_disabled_the_second_time(rules: Rules) -> None:
    rules.hostile("PERFORM pg_terminate_backend(pg_backend_pid());")
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            rules.evaluate()  # the good rule comes first, in the same call
        assert rules.rule("hostile")["evaluating_pid"] is not None
        give_up(rules, "pg_postmaster_start_time() + interval '1 millisecond'")
    rules.evaluate()
    assert "twice in a row" in rules.error("hostile")
    assert len(rules.findings("good")) == 1


def test_a_rule_whose_evaluation_somebody_cancels_stays_due(rules: Rules) -> None:
    rules.view("slow", GOOD)
    rules.add("slow")
    rules.evaluate()
    asleep = "'worker'::text AS agent_id, 'critical'::text AS severity, pg_sleep(3)::text"
    rules.view("slow", f"SELECT {asleep} AS summary, NULL::jsonb AS details")
    patient = make_conninfo(rules.dsn, options="-c statement_timeout=5s")
    thread = threading.Thread(target=rules.evaluate, args=(60, patient))
    thread.start()
    try:
        until(
            lambda: rules.engine.rows(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                " AND pid IN (SELECT evaluating_pid FROM health.alert_rules)"
            ),
            "the rule is asked",
        )
    finally:
        thread.join(30)
    rule = rules.rule("slow")
    assert (rule["is_enabled"], rule["evaluating_pid"]) == (True, None)
    assert rule["last_evaluated_at"] == at(0), "it is still due"
    assert len(rules.findings("slow")) == 1, "and what it found holds"


def test_a_restart_of_the_server_is_no_fault_of_the_rule_under_way(rules: Rules) -> None:
    rules.hostile("NULL;")
    with psycopg.connect(rules.dsn, autocommit=True) as session:
        for _ in range(3):
            rules.engine.run("SELECT health.enable_alert_rule('hostile', %s)", at(-1))
            session.execute("SELECT health_internal.begin_rule(%s)", (at(0),))
            give_up(rules, "pg_postmaster_start_time() - interval '1 hour'")
            session.execute("SELECT health_internal.begin_rule(%s)", (at(0),))
            assert rules.rule("hostile")["unfinished_count"] == 0
    assert rules.rule("hostile")["is_enabled"]


def test_an_answer_that_comes_after_a_change_is_ignored(rules: Rules) -> None:
    rules.view("good", GOOD)
    rules.add("good")
    with psycopg.connect(rules.dsn, autocommit=True, row_factory=dict_row) as session:
        begun = session.execute("SELECT * FROM health_internal.begin_rule(%s)", (at(0),)).fetchone()
        assert begun is not None
        second = session.execute(
            "SELECT * FROM health_internal.begin_rule(%s)", (at(0),)
        ).fetchone()
        assert second is not None
        assert second["rule"] is None, "one evaluation at a time"
        rules.engine.run("SELECT health.disable_alert_rule('good')")
        session.execute(
            "SELECT health_internal.finish_rule('good', %s, '[{\"summary\": \"x\"}]', NULL, 1, %s)",
            (begun["evaluation_id"], at(0)),
        )
    assert rules.findings("good") == []


# --- who may -----------------------------------------------------------------------------------


def test_no_session_that_could_become_more_evaluates(
    rules: Rules, login: Callable[..., str]
) -> None:
    def refusal(dsn: str, *before: str) -> str:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in before:
                connection.execute(statement.encode())
            with pytest.raises(psycopg.Error) as caught:
                connection.execute("CALL health.evaluate_rules()")
        assert caught.value.sqlstate == "RU003", caught.value
        return f"{caught.value} {caught.value.diag.message_detail}"

    timeout = "SET statement_timeout = '500ms'"
    assert "a superuser" in refusal(rules.engine.dsn, timeout)
    assert "superuser" in refusal(rules.engine.dsn, timeout, "SET ROLE health_rules")
    assert "began as somebody else" in refusal(
        rules.engine.dsn, timeout, "SET SESSION AUTHORIZATION health_rules_runner"
    )
    both = login(rules.engine.dsn, "health_rules", "health_bridge")
    assert "may become health_bridge" in refusal(both, timeout)
    only = login(rules.engine.dsn, "health_rules")
    assert "statement_timeout" in refusal(only)
    assert "statement_timeout" in refusal(only, "SET statement_timeout = 5001")
    name = conninfo_to_dict(only)["user"]
    for right in ("CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"):
        rules.engine.run(cast(Any, f'ALTER ROLE "{name}" {right}'))
        assert "rights over the whole server" in refusal(only, timeout), right
        rules.engine.run(cast(Any, f'ALTER ROLE "{name}" NO{right}'))
    rules.evaluate(dsn=make_conninfo(only, options="-c statement_timeout=400"))


@pytest.mark.parametrize("role", ["health_bridge", "health_admin", "health_agent"])
def test_other_roles_do_not_evaluate(rules: Rules, login: Callable[..., str], role: str) -> None:
    with (
        psycopg.connect(login(rules.engine.dsn, role), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CALL health.evaluate_rules()")


def test_who_may_not_read_a_view_makes_no_rule_of_it(
    rules: Rules, login: Callable[..., str]
) -> None:
    rules.view("good", GOOD)
    rules.view("other", GOOD)
    rules.engine.run("CREATE SCHEMA elsewhere CREATE VIEW good AS SELECT 1 AS one")
    dsn = login(rules.engine.dsn, "health_admin")
    with psycopg.connect(dsn, autocommit=True) as admin:
        for half in (
            "SELECT",
            "GRANT SELECT ON ops.good TO health_admin",
            "REVOKE SELECT ON ops.good FROM health_admin",
            "GRANT USAGE ON SCHEMA ops, elsewhere TO health_admin",
            "GRANT SELECT ON ops.other, elsewhere.good TO health_admin",
        ):
            rules.engine.run(cast(Any, half))
            with pytest.raises(psycopg.Error) as caught:
                admin.execute("SELECT health.add_alert_rule('good', 'ops.good')")
            assert caught.value.sqlstate == "RU001"
            assert "may not read" in str(caught.value)
        rules.engine.run("GRANT SELECT ON ops.good TO health_admin")
        admin.execute("SELECT health.add_alert_rule('good', 'ops.good')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("UPDATE health.alert_rules SET is_enabled = false")
        admin.execute("SELECT health.remove_alert_rule('good')")
    for role in ("health_operator", "health_bridge", "health_rules"):
        with (
            psycopg.connect(login(rules.engine.dsn, role), autocommit=True) as other,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            other.execute("SELECT health.add_alert_rule('good', 'ops.good')")


def test_a_view_with_its_owners_rights_and_one_with_the_invokers(
    rules: Rules, login: Callable[..., str]
) -> None:
    """A view reads tables as its owner or as health_rules; its functions run as the session's."""
    rules.engine.run("CREATE TABLE ops.secrets AS SELECT 'worker'::text AS agent_id")
    rules.function("who", "BEGIN RETURN current_user; END")
    query = "SELECT agent_id, ops.who() AS summary FROM ops.secrets"
    rules.view("owners", query)
    rules.view("invokers", query)
    rules.engine.run("ALTER VIEW ops.invokers SET (security_invoker = true)")
    rules.add("owners")
    rules.add("invokers")
    rules.evaluate()
    assert [row["summary"] for row in rules.findings("owners")] == ["health_rules_runner"]
    assert "permission denied for table secrets" in rules.error("invokers")


def test_a_removed_rule_that_opened_alerts_stays_on_record(rules: Rules) -> None:
    rules.view("good", GOOD)
    rules.add("good")
    rules.evaluate()
    rules.engine.run(
        "INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at)"
        " VALUES ('worker', 'critical', %s, %s)",
        at(0),
        at(0),
    )
    rules.engine.run(
        "INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)"
        " SELECT incident_id, agent_id, 'good', severity, 'x', detected_at FROM health.incidents"
    )
    rules.engine.run("SELECT health.remove_alert_rule('good', %s)", at(10))
    assert rules.findings("good") == []
    assert rules.rule("good")["removed_at"] == at(10)
    rules.evaluate(100)
    assert rules.rule("good")["last_evaluated_at"] == at(0)
    rules.add("good")
    assert rules.rule("good")["removed_at"] is None


# --- the bridge, the doctor ---------------------------------------------------------------------


def bridge_until(
    rules: Rules, login: Callable[..., str], condition: Callable[[], bool], **options: str
) -> None:
    """Run the bridge's part with real logins until the condition holds."""
    from hha.bridge.database import HealthDatabase
    from hha.bridge.pace import Counters, Stop
    from hha.bridge.rules import RuleRunner

    async def run() -> None:
        database = HealthDatabase(login(rules.engine.dsn, "health_bridge"), "bridge:test")
        stop = Stop()
        await database.open()
        runner = RuleRunner(
            database, options.get("dsn", rules.dsn), "bridge:test", stop, Counters()
        )
        task = asyncio.create_task(runner.run())
        try:
            await asyncio.to_thread(until, condition)
        finally:
            stop.request()
            await task
            await database.close()

    asyncio.run(run())


def test_a_bridge_evaluates_what_is_due(rules: Rules, login: Callable[..., str]) -> None:
    rules.view("good", GOOD)
    rules.engine.run("SELECT health.add_alert_rule('good', 'ops.good', p_period => '1 second')")
    first: list[Any] = []

    def evaluated_twice() -> bool:
        found = rules.rule("good")["last_evaluated_at"]
        if found is not None and found not in first:
            first.append(found)
        return len(first) >= 2

    bridge_until(rules, login, evaluated_twice)
    assert len(rules.findings("good")) == 1


def test_a_bridge_ends_the_session_of_a_rule_that_never_ends(
    rules: Rules, login: Callable[..., str]
) -> None:
    rules.function(
        "attack",
        "BEGIN LOOP BEGIN PERFORM pg_sleep(0.1); EXCEPTION WHEN query_canceled THEN NULL; END;"
        " END LOOP; END",
    )
    rules.view("hostile", "SELECT 'worker'::text AS agent_id, ops.attack() AS summary")
    rules.view("good", GOOD)
    for name in ("hostile", "good"):
        rules.engine.run("SELECT health.add_alert_rule(%s, %s)", name, f"ops.{name}")
    bridge_until(
        rules,
        login,
        lambda: not rules.rule("hostile")["is_enabled"] and bool(rules.findings("good")),
    )
    assert "its session was ended" in rules.error("hostile")


def test_a_bridge_whose_login_could_become_more_says_so_and_evaluates_nothing(
    rules: Rules, login: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    rules.view("good", GOOD)
    rules.engine.run("SELECT health.add_alert_rule('good', 'ops.good')")
    dsn = make_conninfo(
        login(rules.engine.dsn, "health_rules", "health_bridge"),
        options="-c statement_timeout=500",
    )
    bridge_until(rules, login, lambda: "may not evaluate rules" in caplog.text, dsn=dsn)
    assert rules.findings("good") == []


def test_the_doctor_knows_whether_rules_are_evaluated(
    rules: Rules, login: Callable[..., str]
) -> None:
    from hha.diagnosis.rules import check_rules

    def check() -> list[tuple[str, str]]:
        async def ask() -> list[tuple[str, str]]:
            async with await psycopg.AsyncConnection.connect(
                rules.engine.dsn, autocommit=True
            ) as connection:
                return [(found.level, found.fact) for found in await check_rules(connection)]

        return asyncio.run(ask())

    assert check() == [("ok", "there are none of users")]
    rules.view("good", GOOD)
    rules.view("bad", DIVIDES)
    rules.engine.run("SELECT health.add_alert_rule('good', 'ops.good')")
    assert check() == [("ok", "1 are evaluated")]
    rules.engine.run(
        "UPDATE health.alert_rules SET next_evaluation_at = now() - interval '1 hour'"
        " WHERE rule = 'good'"
    )
    assert check() == [("warn", "nobody evaluates good")]
    rules.engine.run("SELECT health.add_alert_rule('bad', 'ops.bad')")
    with psycopg.connect(rules.dsn, autocommit=True) as session:
        session.execute("CALL health.evaluate_rules()")
        session.execute("CALL health.evaluate_rules()")
    assert ("ok", "1 are evaluated") in check()
    assert any(level == "warn" and "bad was disabled" in fact for level, fact in check())
    both = psycopg.conninfo.conninfo_to_dict(
        login(rules.engine.dsn, "health_rules", "health_agent")
    )
    assert (
        "warn",
        f'login "{both["user"]}" has health_rules and may become health_agent',
    ) in check()
