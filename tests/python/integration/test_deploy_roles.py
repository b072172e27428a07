"""Deploying with a login that is no superuser, into a cluster that has none of the roles yet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from servers import start
from servers.base import CRON_DATABASE
from typer.testing import CliRunner

from hha.cli import app
from hha.deploy import deploy, revert, status, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import Server


@pytest.fixture(scope="module")
def new_server(server: Server) -> Iterator[Server]:
    """Another server of the kind the run uses: roles belong to the cluster and outlive a revert."""
    running = start(server.kind)
    yield running
    running.close()


@pytest.fixture(scope="module")
def deployer(new_server: Server) -> str:
    """The DSN of a login with CREATEROLE that owns its database."""
    new_server.create_database("monitor")
    with new_server.connect() as connection:
        connection.execute("CREATE ROLE deployer LOGIN CREATEROLE PASSWORD 'of the tests'")
        connection.execute("ALTER DATABASE monitor OWNER TO deployer")
    return make_conninfo(
        new_server.dsn("monitor", user="deployer"), password="of the tests", passfile=os.devnull
    )


def test_a_login_that_may_create_roles_deploys_and_reverts(deployer: str) -> None:
    assert deploy(deployer)
    verify(deployer)
    with psycopg.connect(deployer, autocommit=True) as connection:
        connection.execute("SET ROLE health_owner")
        connection.execute("SELECT health.heartbeat('worker')")
        connection.execute("CALL health.run_tick()")
        connection.execute("CALL health.run_housekeeping()")
        row = connection.execute(
            "SELECT liveness FROM health.fleet WHERE agent_id = 'worker'"
        ).fetchone()
        assert row is not None
        assert row[0] in ("starting", "alive")
        (owner_count,) = connection.execute(
            "SELECT count(DISTINCT relowner) FROM pg_class"
            " WHERE relnamespace::regnamespace::text IN ('health', 'health_internal')"
        ).fetchone() or (0,)
        assert owner_count == 1
    revert(deployer)
    assert deploy(deployer)
    assert status(deployer).is_up_to_date


def test_that_login_schedules_what_it_may(new_server: Server, deployer: str) -> None:
    """As on a managed server: pg_cron's functions are granted, jobs of other logins are not."""
    if not new_server.has_pg_cron:
        pytest.skip(f"the {new_server.kind} server has no pg_cron")
    with new_server.connect(CRON_DATABASE) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_cron")
        connection.execute(f"ALTER DATABASE {CRON_DATABASE} OWNER TO deployer")
        connection.execute("GRANT USAGE ON SCHEMA cron TO deployer")
        connection.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cron TO deployer")
    dsn = make_conninfo(deployer, dbname=CRON_DATABASE)
    assert deploy(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT DISTINCT username, jobname ~ 'rules' FROM cron.job"
            " WHERE jobname ~ 'health_tick|rules'"
        ).fetchall()
    assert rows == [("deployer", False)]
    found = CliRunner().invoke(app, ["doctor", "--dsn", dsn, "--json"])
    levels = [finding for finding in json.loads(found.stdout) if finding["check"] == "pg_cron"]
    assert levels[0]["fact"].startswith("version ")
    revert(dsn)


def test_that_login_makes_others_and_the_doctor_sees_what_it_lacks(
    deployer: str, tmp_path: Path
) -> None:
    deploy(deployer)
    password = tmp_path / "password"
    password.write_text("of an agent")

    def hha(*arguments: str) -> Any:
        done = CliRunner().invoke(app, [*arguments, "--dsn", deployer, "--json"])
        assert done.exit_code in (0, 1), done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return json.loads(done.stdout)

    made = hha(
        *("add-login", "worker_login", "health_agent", "--agent", "worker"),
        *("--password-file", str(password)),
    )
    assert made["is_new"]
    worker = make_conninfo(deployer, user="worker_login", password="of an agent")
    with psycopg.connect(worker, autocommit=True) as connection:
        connection.execute("SELECT health.heartbeat('worker')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT health.heartbeat('another')")
        is_new = connection.info.server_version >= 160000
    findings = hha("doctor")
    lacking = {found["fact"].split(":")[0] for found in findings if "lacks" in found["fact"]}
    # Before 16 CREATEROLE may give away any role but a superuser's.
    roles = ("pg_read_all_stats", "pg_signal_backend") if is_new else ()
    assert lacking == {f"the engine lacks {name}" for name in roles}
    logins = {found["fact"] for found in findings if found["level"] == "ok"}
    assert {"agent: health_helper, worker_login"} & logins
