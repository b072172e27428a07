"""The test servers keep their promises; the rest of the suite leans on them."""

from __future__ import annotations

import psycopg
import pytest
from servers import Server
from servers.base import CRON_DATABASE
from servers.tap import run_pgtap


def test_restart_keeps_address_and_data(server: Server, empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.execute("CHECKPOINT")  # the test servers run with fsync off
        server.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_crash_is_recovered_from(server: Server) -> None:
    server.restart("immediate")
    assert server.value("SELECT 1") == 1


def test_a_database_in_use_can_be_dropped(server: Server) -> None:
    server.create_database("hha_in_use")
    with psycopg.connect(server.dsn("hha_in_use")):
        server.drop_database("hha_in_use")
    exists = server.value("SELECT count(*) FROM pg_database WHERE datname = 'hha_in_use'")
    assert exists == 0


def test_databases_are_utf8_with_a_c_locale(server: Server, empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        query = (
            "SELECT pg_encoding_to_char(encoding), datcollate "
            "FROM pg_database WHERE datname = current_database()"
        )
        assert connection.execute(query).fetchone() == ("UTF8", "C.UTF-8")


def test_tools_are_of_the_servers_version(server: Server, empty_database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    dump = server.run_tool("pg_dump", "--schema-only", dbname=str(name))
    assert f"-- Dumped by pg_dump version {server.major_version}." in dump


def test_pg_cron_can_be_created_in_its_database(server: Server) -> None:
    if not server.has_pg_cron:
        pytest.skip(f"the {server.kind} server has no pg_cron")
    with server.connect(CRON_DATABASE) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_cron")
        connection.execute("DROP EXTENSION pg_cron")


def test_pgtap_failures_and_errors_are_reported(server: Server, empty_database: str) -> None:
    if not server.has_pgtap:
        pytest.skip("pgTAP is not on this machine")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pgtap")
    script = "BEGIN; SELECT plan(2); SELECT ok(true, 'fine'); SELECT is(1, 2, 'differs');\n"
    ending = "SELECT * FROM finish(); ROLLBACK;"

    report = run_pgtap(empty_database, script + ending)
    assert (report.planned, report.passed, len(report.failures)) == (2, 1, 1)
    assert "have: 1" in report.failures[0]

    report = run_pgtap(empty_database, script + "SELECT 1 / 0;\n" + ending)
    assert "ERROR 22012: division by zero" in report.failures[-1]
    assert "(last test before the error: not ok 2 - differs" in report.failures[-1]

    report = run_pgtap(empty_database, script + "SELECT nothing;\n" + ending)
    assert '"nothing" does not exist (line 2)' in report.failures[-1]
