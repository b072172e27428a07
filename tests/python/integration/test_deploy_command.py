"""`hha deploy` and `hha revert` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from hha.cli import app
from hha.deploy import runner

MIGRATIONS = Path(__file__).parents[1] / "data" / "lighthouse" / "migrations"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line, with the lighthouse's migrations in place of the project's own."""
    monkeypatch.setattr("hha.deploy.runner.migrations_dir", lambda: MIGRATIONS)
    monkeypatch.setattr("hha.deploy.migrations_dir", lambda: MIGRATIONS)
    return CliRunner()


def test_it_deploys_checks_and_reverts(call: CliRunner, empty_database: str) -> None:
    first = call.invoke(app, ["deploy", "--dsn", empty_database, "--to", "@v1"])
    assert first.exit_code == 0, first.output
    assert first.output.splitlines() == [
        "  + sql/roles",
        "  + sql/tables/lamps",
        "  + functions/shine @v1 @v1.1",
        "deployed 3 changes",
    ]
    pending = call.invoke(app, ["deploy", "--dsn", empty_database, "--check"])
    assert pending.exit_code == 1
    assert "pending  sql/views" in pending.output

    assert call.invoke(app, ["deploy", "--dsn", empty_database]).exit_code == 0
    again = call.invoke(app, ["deploy", "--dsn", empty_database])
    assert again.output == "nothing to deploy\n"
    checked = call.invoke(app, ["deploy", "--dsn", empty_database, "--check"])
    assert checked.output == "5 changes deployed and verified\n"

    asked = call.invoke(app, ["revert", "--dsn", empty_database], input="n\n")
    assert asked.exit_code == 1
    assert "the whole schema with all its data" in asked.output
    assert runner.status(empty_database).is_up_to_date
    reverted = call.invoke(app, ["revert", "--dsn", empty_database, "-y", "--to", "sql/roles"])
    assert reverted.output.splitlines()[-1] == "reverted 4 changes"
    assert runner.status(empty_database).deployed == ("sql/roles",)


def test_the_environment_names_the_database(
    call: CliRunner, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHA_DSN", empty_database)
    assert call.invoke(app, ["deploy"]).exit_code == 0
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT lighthouse.shine()").fetchone() == (2,)


def test_the_plan_can_be_listed_without_a_database(call: CliRunner) -> None:
    listed = call.invoke(app, ["deploy", "--plan"])
    assert listed.output.splitlines()[2] == "functions/shine @v1 @v1.1"


def test_it_speaks_json(call: CliRunner, empty_database: str) -> None:
    def answer(*arguments: str, code: int = 0) -> Any:
        done = call.invoke(app, [*arguments, "--json", "--dsn", empty_database])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    names = answer("deploy", "--plan")
    assert answer("deploy", "--to", names[0]) == {"deployed": names[:1]}
    assert answer("deploy", "--check", code=1) == {
        "deployed": names[:1],
        "pending": names[1:],
        "edited": [],
    }
    assert answer("deploy") == {"deployed": names[1:]}
    assert answer("deploy") == {"deployed": []}
    assert answer("deploy", "--check")["pending"] == []
    assert answer("revert", "--yes") == {"reverted": names[::-1]}
