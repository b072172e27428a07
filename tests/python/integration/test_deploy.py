"""`hha deploy` and sqitch leave the same registry, and either goes on after the other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hha import deploy as schema
from hha.errors import DatabaseUnavailable, DeployError, PlanError, ScriptError, VerifyError

PROJECT = Path(__file__).parents[1] / "data" / "lighthouse"
ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "dbname": "PGDATABASE",
}
REGISTRY = {
    "projects": "project, uri, creator_name, creator_email",
    "releases": "version, installer_name, installer_email",
    "changes": "change_id, script_hash, change, project, note, committer_name, committer_email,"
    " planned_at, planner_name, planner_email",
    "tags": "tag_id, tag, project, change_id, note, committer_name, committer_email, planned_at,"
    " planner_name, planner_email",
    "dependencies": "change_id, type, dependency, dependency_id",
    "events": "event, change_id, change, project, note, requires, conflicts, tags, committer_name,"
    " committer_email, planned_at, planner_name, planner_email",
}
NEW_CHANGE = (
    "sql/boats [functions/shine] 2026-02-01T00:00:00Z Ada Example <ada@lighthouse.example>"
    " # Boats arrive.\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that a test may change."""
    return shutil.copytree(PROJECT, tmp_path / "lighthouse")


@pytest.fixture
def second_database(empty_database: str) -> Iterator[str]:
    """Another empty database of the same server."""
    name = conninfo_to_dict(empty_database)["dbname"]
    other = sql.Identifier(f"{name}_second")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(other))
        yield make_conninfo(empty_database, dbname=f"{name}_second")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(other))


def sqitch(project: Path, dsn: str, *arguments: str) -> str:
    """Run the real sqitch; its output, or the test fails with it."""
    done = run_sqitch(project, dsn, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_sqitch(project: Path, dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("sqitch") is None:
        pytest.skip("sqitch is not installed (apt-get install sqitch libdbd-pg-perl)")
    parts = conninfo_to_dict(dsn)
    environment = {ENVIRONMENT[name]: str(value) for name, value in parts.items()}
    command, *rest = arguments
    return subprocess.run(
        ["sqitch", command, *rest, "--target", "db:pg:"],
        cwd=project,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
    )


def registry(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the registry but for times of the clock."""
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(
                f"SELECT {columns} FROM sqitch.{table} ORDER BY {columns}"  # type: ignore[arg-type]
            ).fetchall()
            for table, columns in REGISTRY.items()
        }


def shape(dsn: str) -> list[tuple[object, ...]]:
    """Columns and constraints of the registry."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            """
            SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod),
                   attnotnull, pg_get_expr(adbin, adrelid), attnum::int
            FROM pg_attribute
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid IN (SELECT oid FROM pg_class
                               WHERE relnamespace = 'sqitch'::regnamespace AND relkind = 'r')
              AND attnum > 0
            UNION ALL
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), true, '', 0
            FROM pg_constraint
            WHERE connamespace = 'sqitch'::regnamespace
            ORDER BY 1, 6, 2
            """
        ).fetchall()


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def append_change(project: Path, deploy: str, verify: str = "") -> None:
    migrations = project / "migrations"
    with (migrations / "sqitch.plan").open("a") as file:
        file.write(NEW_CHANGE.replace("functions/shine", "functions/shine@v1"))
    (migrations / "deploy/sql/boats.sql").write_text(deploy)
    (migrations / "verify/sql/boats.sql").write_text(verify)
    (migrations / "revert/sql/boats.sql").write_text("DROP TABLE IF EXISTS lighthouse.boats;\n")


def test_the_registry_is_the_one_that_sqitch_leaves(
    project: Path, empty_database: str, second_database: str
) -> None:
    done = schema.deploy(empty_database, migrations=project / "migrations")
    assert len(done) == 5
    sqitch(project, second_database, "deploy")

    ours, theirs = registry(empty_database), registry(second_database)
    for table in REGISTRY:
        assert ours[table] == theirs[table], table
    assert len(ours["tags"]) == 2
    assert shape(empty_database) == shape(second_database)


def test_sqitch_is_content_and_goes_on(project: Path, empty_database: str) -> None:
    schema.deploy(empty_database, migrations=project / "migrations")
    assert "Nothing to deploy (up-to-date)" in sqitch(project, empty_database, "status")
    assert "Verify successful" in sqitch(project, empty_database, "verify")
    assert "Check successful" in sqitch(project, empty_database, "check")

    append_change(project, "BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\nCOMMIT;\n")
    sqitch(project, empty_database, "deploy")
    status = schema.status(empty_database, migrations=project / "migrations")
    assert status.is_up_to_date
    assert status.deployed[-1] == "sql/boats"

    reverted = schema.revert(empty_database, migrations=project / "migrations")
    assert reverted[0].name == "sql/boats"
    assert value(empty_database, "SELECT to_regnamespace('lighthouse')::text") is None
    assert run_sqitch(project, empty_database, "status").returncode == 1  # nothing deployed


def test_hha_goes_on_after_sqitch(project: Path, empty_database: str) -> None:
    sqitch(project, empty_database, "deploy", "--to-change", "functions/shine@v1")
    done = schema.deploy(empty_database, migrations=project / "migrations")
    assert [change.name for change in done] == ["functions/shine", "sql/views"]
    assert "up-to-date" in sqitch(project, empty_database, "status")
    assert "Verify successful" in sqitch(project, empty_database, "verify")
    sqitch(project, empty_database, "revert", "-y")
    assert value(empty_database, "SELECT to_regnamespace('lighthouse')::text") is None


def test_reverts_leave_the_events_that_sqitch_leaves(
    project: Path, empty_database: str, second_database: str
) -> None:
    schema.deploy(empty_database, migrations=project / "migrations")
    schema.revert(empty_database, to="sql/roles", migrations=project / "migrations")
    sqitch(project, second_database, "deploy")
    sqitch(project, second_database, "revert", "-y", "--to-change", "sql/roles")
    ours, theirs = registry(empty_database), registry(second_database)
    for table in REGISTRY:
        assert ours[table] == theirs[table], table


def test_a_second_deploy_has_nothing_to_do(project: Path, empty_database: str) -> None:
    migrations = project / "migrations"
    assert schema.deploy(empty_database, to="@v1", migrations=migrations)[-1].tags[0].name == "@v1"
    assert value(empty_database, "SELECT lighthouse.shine()") == 1
    assert schema.deploy(empty_database, migrations=migrations)
    assert value(empty_database, "SELECT lighthouse.shine()") == 2
    assert schema.deploy(empty_database, migrations=migrations) == []
    assert len(schema.verify(empty_database, migrations=migrations)) == 4
    with pytest.raises(DeployError, match="behind"):
        schema.deploy(empty_database, to="@v1", migrations=migrations)


def test_a_tag_added_later_is_recorded(project: Path, empty_database: str) -> None:
    schema.deploy(empty_database, migrations=project / "migrations")
    with (project / "migrations/sqitch.plan").open("a") as file:
        file.write("@v2 2026-03-01T00:00:00Z Ada Example <ada@lighthouse.example> # Two.\n")
    assert schema.deploy(empty_database, migrations=project / "migrations") == []
    assert schema.status(empty_database, migrations=project / "migrations").last_tag == "@v2"
    assert "@v2" in sqitch(project, empty_database, "status")


@pytest.mark.parametrize(
    ("deploy", "verify", "error", "words"),
    [
        (
            "BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\nSELECT 1 / 0;\nCOMMIT;\n",
            "",
            ScriptError,
            "division by zero",
        ),
        (
            "BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\nSELECT nothing;\nCOMMIT;\n",
            "",
            ScriptError,
            'deploy of "sql/boats", line 3 failed',
        ),
        (
            "BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\nCOMMIT;\n",
            "BEGIN;\nSELECT boat, colour FROM lighthouse.boats WHERE FALSE;\nROLLBACK;\n",
            VerifyError,
            "colour",
        ),
        (
            "BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\n",
            "",
            ScriptError,
            "does not end in COMMIT",
        ),
        (
            "CREATE TABLE lighthouse.boats (boat int);\n",
            "SELECT boat, colour FROM lighthouse.boats WHERE FALSE;\n",
            VerifyError,
            "colour",
        ),
    ],
    ids=["deploy fails", "deploy fails at a line", "verify fails", "no COMMIT", "no transaction"],
)
def test_a_failure_leaves_nothing_half_done(
    project: Path,
    empty_database: str,
    deploy: str,
    verify: str,
    error: type[DeployError],
    words: str,
) -> None:
    append_change(project, deploy, verify)
    with pytest.raises(error, match=words):
        schema.deploy(empty_database, migrations=project / "migrations")
    assert value(empty_database, "SELECT to_regclass('lighthouse.boats')::text") is None
    status = schema.status(empty_database, migrations=project / "migrations")
    assert status.pending == ("sql/boats",)
    last_event = "SELECT event || ' ' || change FROM sqitch.events ORDER BY committed_at DESC"
    assert value(empty_database, last_event) == "fail sql/boats"

    # Put right, it goes through: nothing was left in the way.
    script = project / "migrations/deploy/sql/boats.sql"
    script.write_text("BEGIN;\nCREATE TABLE lighthouse.boats (boat int);\nCOMMIT;\n")
    (project / "migrations/verify/sql/boats.sql").write_text("SELECT 1;\n")
    assert len(schema.deploy(empty_database, migrations=project / "migrations")) == 1


def test_a_script_may_not_leave_settings_behind(project: Path, empty_database: str) -> None:
    # sql/tables/lamps sets search_path and work_mem for its whole session.
    append_change(
        project,
        "BEGIN;\nDO $$ BEGIN\n"
        "ASSERT current_setting('work_mem') <> '7MB';\n"
        "ASSERT current_setting('search_path') <> 'lighthouse';\n"
        "ASSERT current_user = session_user;\nEND $$;\nCOMMIT;\n",
    )
    assert len(schema.deploy(empty_database, migrations=project / "migrations")) == 6
    assert (
        value(
            empty_database,
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'sqitch'::regnamespace"
            " AND relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)",
        )
        == 0
    )


def test_log_only_records_without_running(project: Path, empty_database: str) -> None:
    schema.deploy(empty_database, log_only=True, migrations=project / "migrations")
    assert value(empty_database, "SELECT count(*) FROM sqitch.changes") == 5
    assert value(empty_database, "SELECT to_regnamespace('lighthouse')::text") is None
    with pytest.raises(VerifyError, match="lighthouse"):
        schema.verify(empty_database, migrations=project / "migrations")


def test_an_edited_script_is_reported(project: Path, empty_database: str) -> None:
    schema.deploy(empty_database, migrations=project / "migrations")
    with (project / "migrations/deploy/sql/roles.sql").open("a") as file:
        file.write("\n")
    assert schema.status(empty_database, migrations=project / "migrations").edited == ("sql/roles",)


def test_another_plan_is_refused(project: Path, empty_database: str) -> None:
    schema.deploy(empty_database, migrations=project / "migrations")
    plan = project / "migrations/sqitch.plan"
    plan.write_text(plan.read_text().replace("Roles come first", "Roles come last"))
    with pytest.raises(DeployError, match="sql/roles"):
        schema.deploy(empty_database, migrations=project / "migrations")


def test_a_missing_script_is_found_before_anything_runs(project: Path, empty_database: str) -> None:
    (project / "migrations/deploy/sql/views.sql").unlink()
    with pytest.raises(PlanError, match=r"views\.sql"):
        schema.deploy(empty_database, migrations=project / "migrations")
    assert value(empty_database, "SELECT to_regnamespace('sqitch')::text") is None


def test_two_deployments_at_once_follow_each_other(project: Path, empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(schema.deploy, empty_database, migrations=project / "migrations")
            for _ in range(2)
        ]
        assert sorted(len(future.result()) for future in both) == [0, 5]


def test_a_role_with_createrole_that_owns_the_database_suffices(
    project: Path, empty_database: str
) -> None:
    # Roles belong to the whole server: this test uses ones of its own.
    for script in (project / "migrations").rglob("*.sql"):
        script.write_text(script.read_text().replace("lighthouse_owner", "harbour_owner"))
    database = sql.Identifier(str(conninfo_to_dict(empty_database)["dbname"]))
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE harbour_master LOGIN CREATEROLE PASSWORD 'harbour'")
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO harbour_master").format(database))
        dsn = make_conninfo(empty_database, user="harbour_master", password="harbour")
        try:
            assert len(schema.deploy(dsn, migrations=project / "migrations")) == 5
            assert len(schema.revert(dsn, migrations=project / "migrations")) == 5
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(database))
            connection.execute("DROP OWNED BY harbour_master CASCADE")
            connection.execute("DROP ROLE IF EXISTS harbour_owner")
            connection.execute("DROP ROLE harbour_master")


def test_no_server_is_one_clear_error(project: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        schema.deploy("host=127.0.0.1 port=1 dbname=nothing", migrations=project / "migrations")
