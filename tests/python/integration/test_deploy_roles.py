"""Deploying with a login that is no superuser, into a cluster that has none of the roles yet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from servers import start

from hha.deploy import deploy, revert, status, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import Server


@pytest.fixture
def new_server(server: Server) -> Iterator[Server]:
    """Another server of the kind the run uses: roles belong to the cluster and outlive a revert."""
    running = start(server.kind)
    yield running
    running.close()


@pytest.fixture
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
