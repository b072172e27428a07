"""`hha doctor` on a real database: what it says of an engine in order, and of one that is not."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from hha.cli import app
from hha.diagnosis.logins import OWNER_SQL
from hha.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Engine

Finding = dict[str, str]


def doctor(dsn: str, *arguments: str) -> list[Finding]:
    """All findings; whatever is not in order comes with advice."""
    done = CliRunner().invoke(app, ["doctor", "--dsn", dsn, "--json", *arguments])
    findings: list[Finding] = json.loads(done.stdout)
    assert all(finding["advice"] for finding in findings if finding["level"] != "ok")
    has_failed = any(finding["level"] == "fail" for finding in findings)
    assert done.exit_code == (1 if has_failed else 0), done.output
    return findings


def of(findings: list[Finding], check: str) -> list[tuple[str, str]]:
    return [(found["level"], found["fact"]) for found in findings if found["check"] == check]


def test_it_looks_at_everything(engine: Engine) -> None:
    engine.tick(None, is_replay=False)
    findings = doctor(engine.dsn)
    assert {finding["check"] for finding in findings} >= {
        "server",
        "secrets",
        "encryption",
        "settings",
        "installation",
        "schema version",
        "roles",
        "logins",
        "schedule",
        "last tick",
        "backlog",
        "dead letters",
        "listener",
        "partitions ahead",
        "default partitions",
        "clocks",
        "pg_cron",
        "rules",
    }
    assert of(findings, "dead letters") == [("ok", "no message was given up within a day")]
    assert of(findings, "last tick")[0][0] == "ok"
    plain = CliRunner().invoke(app, ["doctor", "--dsn", engine.dsn]).stdout
    assert plain.splitlines()[-1].endswith("fail")


def test_an_empty_database(empty_database: str) -> None:
    findings = doctor(empty_database)
    assert of(findings, "installation")[0][0] == "fail"
    assert of(findings, "schedule") == []


def test_an_analyst_is_told_what_he_may_not_see(engine: Engine, login: Callable[..., str]) -> None:
    engine.tick(None, is_replay=False)
    findings = doctor(login(engine.dsn, "health_analyst"))
    ((level, fact),) = of(findings, "version")
    assert level == "warn"
    assert fact.startswith("may not look: permission denied")
    assert of(findings, "last tick")[0][0] == "ok"


def test_dead_letters_and_channels(engine: Engine, tmp_path: Path) -> None:
    engine.run("SELECT health.set_channel('on_call', 'webhook', 'critical')")
    engine.run(
        "INSERT INTO health.deliveries (channel, event, severity, subject, body, state,"
        " idempotency_key, created_at, not_before, finished_at, outcome) VALUES"
        " ('on_call', 'opened', 'critical', 's', 'b', 'dead', 'k1', now(), now(), now(), %s)",
        json.dumps({"reason": "410 Gone"}),
    )
    config = tmp_path / "bridge.toml"
    config.write_text('[channels.spare]\nkind = "webhook"\nurl = "https://example.org/"\n')
    findings = doctor(engine.dsn, "--config", str(config))
    assert of(findings, "dead letters") == [
        ("warn", "1 messages through on_call were given up within a day, the last: 410 Gone")
    ]
    assert of(findings, "configuration") == [("ok", "bridge:main, 0 agents, 2 channels")]
    assert of(findings, "channels") == [
        ("warn", "this bridge cannot send through on_call, which the database uses"),
        ("warn", "nothing is sent through spare: the database does not know it"),
    ]


def test_logins_that_do_not_fit_their_agents(engine: Engine, login: Callable[..., str]) -> None:
    def name(*arguments: Any, **more: Any) -> str:
        return str(conninfo_to_dict(login(engine.dsn, *arguments, **more))["user"])

    fitting = name("health_agent", agents=["a1"])
    idle = name("health_agent")
    wrong = name("health_analyst", agents=["a2"])
    engine.run("INSERT INTO health.agent_logins (login_name, agent_id) VALUES ('hha_nobody', 'a3')")
    found = of(doctor(engine.dsn), "logins")
    assert found[0][0] == "ok"
    assert fitting in found[0][1] or "logins" in found[0][1]
    told = [fact for level, fact in found if level == "warn"]
    assert f'login "{idle}" is an agent\'s, but may write for none' in told
    assert f'health.agent_logins names "{wrong}", which is no agent\'s login' in told
    assert 'health.agent_logins names "hha_nobody", which does not exist' in told
    assert not any(fitting in fact for fact in told)


def test_the_engine_needs_two_roles_of_the_server(engine: Engine) -> None:
    assert of(doctor(engine.dsn), "engine's rights") == []
    with engine.connection.transaction(force_rollback=True):
        engine.run("REVOKE pg_signal_backend FROM health_owner")
        assert engine.rows(OWNER_SQL) == [{"name": "pg_signal_backend"}]


@pytest.mark.parametrize("role", ["health_bridge", "health_agent"])
def test_a_login_is_made_and_made_again(engine: Engine, tmp_path: Path, role: str) -> None:
    name = f"hha_made_{os.getpid()}"
    password = tmp_path / "password"
    password.write_text("the first\n")
    arguments = ["add-login", name, role, "--password-file", str(password), "--json"]
    if role == "health_agent":
        arguments += ["--agent", "a1", "--agent", "a2"]

    def made(*more: str) -> Any:
        done = CliRunner().invoke(app, [*arguments, *more, "--dsn", engine.dsn])
        if done.exception:
            raise done.exception
        return json.loads(done.stdout)

    def connect(secret: str) -> psycopg.Connection[Any]:
        return psycopg.connect(engine.dsn, user=name, password=secret, passfile=os.devnull)

    try:
        assert made()["is_new"] is True
        with connect("the first") as session:
            row = session.execute("SELECT pg_has_role(%s, 'USAGE')", (role,)).fetchone()
            assert row == (True,)
        password.write_text("the second\n")
        assert made()["is_new"] is False
        connect("the second").close()
        stored = engine.value("SELECT rolpassword FROM pg_authid WHERE rolname = %s", name)
        assert stored.startswith("SCRAM-SHA-256$")
        agents = engine.rows(
            "SELECT agent_id FROM health.agent_logins WHERE login_name = %s ORDER BY 1", name
        )
        expected = ["a1", "a2"] if role == "health_agent" else []
        assert [row["agent_id"] for row in agents] == expected
    finally:
        engine.connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def test_no_login_is_made_of_a_superuser_or_an_unknown_role(engine: Engine, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    superuser = engine.value("SELECT current_user::text")

    def refusal(name: str, role: str, file: Path = password) -> str:
        done = CliRunner().invoke(
            app, ["add-login", name, role, "--password-file", str(file), "--dsn", engine.dsn]
        )
        assert isinstance(done.exception, ConfigurationError)
        return str(done.exception)

    assert "is a superuser" in refusal(superuser, "health_bridge")
    assert '"pg_read_all_data" is no role for a login' in refusal("x", "pg_read_all_data")
    assert "cannot be read" in refusal("x", "health_bridge", tmp_path / "missing")
    assert engine.value("SELECT count(*) FROM pg_roles WHERE rolname = 'x'") == 0
