"""The registry: schema `sqitch`, version 1.1, row for row as sqitch itself would leave it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from hha.deploy.plan import Change, Dependency, Plan, Tag
from hha.deploy.registry_schema import STATEMENTS
from hha.errors import DeployError

LOCK_KEY = 75474063  # sqitch's own advisory lock
LOCK_TIMEOUT_SECONDS = 60.0
DEFAULT_NAME = "HeartbeatHealthAgent"
DEFAULT_EMAIL = "maintainers@heartbeathealthagent.invalid"

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A change that the registry says is deployed."""

    change_id: str
    name: str
    script_hash: str | None


def committer() -> tuple[str, str]:
    """Name and address to record: SQITCH_FULLNAME and SQITCH_EMAIL, else the project's."""
    return (
        os.environ.get("SQITCH_FULLNAME") or DEFAULT_NAME,
        os.environ.get("SQITCH_EMAIL") or DEFAULT_EMAIL,
    )


def lock(connection: Connection, timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> None:
    """Keep other deployments out for the rest of the session; DeployError after the time-out."""
    deadline = time.monotonic() + timeout_seconds
    while connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise DeployError(
                f"another deployment has held this database for {timeout_seconds:.0f} s",
                hint="Wait for it, or end the session that holds advisory lock 75474063.",
            )
        time.sleep(0.1)


def exists(connection: Connection) -> bool:
    """Is there a registry in this database?"""
    return connection.execute("SELECT to_regclass('sqitch.changes')").fetchone() != (None,)


def install(connection: Connection, plan: Plan) -> None:
    """Create the registry where it is missing, and the project's row."""
    with connection.transaction():
        if not exists(connection):
            for statement in STATEMENTS:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO sqitch.releases (version, installer_name, installer_email)"
                " VALUES (1.1, %s, %s)",
                committer(),
            )
        row = connection.execute(
            "SELECT uri FROM sqitch.projects WHERE project = %s", [plan.project]
        ).fetchone()
        if row is None:
            connection.execute(
                "INSERT INTO sqitch.projects (project, uri, creator_name, creator_email)"
                " VALUES (%s, %s, %s, %s)",
                [plan.project, plan.uri, *committer()],
            )
        elif row != (plan.uri,):
            raise DeployError(
                f"the database knows project {plan.project} with the URI {row[0]},"
                f" the plan has {plan.uri}"
            )


def deployed(connection: Connection, project: str) -> list[Deployed]:
    """The deployed changes of a project, oldest first; empty without a registry."""
    if not exists(connection):
        return []
    rows = connection.execute(
        "SELECT change_id, change, script_hash FROM sqitch.changes"
        " WHERE project = %s ORDER BY committed_at",
        [project],
    )
    return [
        Deployed(str(change_id), str(name), None if script_hash is None else str(script_hash))
        for change_id, name, script_hash in rows
    ]


def find_foreign(connection: Connection, dependency: Dependency) -> str | None:
    """Id of the deployed change of another project that a dependency means, or None."""
    row = connection.execute(
        """
        SELECT c.change_id
        FROM sqitch.changes AS c
        LEFT JOIN sqitch.tags AS t ON t.project = c.project AND t.tag = %(tag)s
        WHERE (%(id)s::text IS NULL OR c.change_id = %(id)s)
          AND (%(project)s::text IS NULL OR c.project = %(project)s)
          AND (%(change)s::text IS NULL OR c.change = %(change)s)
          AND (%(tag)s::text IS NULL OR CASE
                  WHEN %(change)s::text IS NULL THEN c.change_id = t.change_id
                  ELSE c.committed_at <= t.committed_at
              END)
        ORDER BY CASE WHEN %(tag)s::text IS NULL THEN c.committed_at END,
                 c.committed_at DESC
        LIMIT 1
        """,
        {
            "id": dependency.change_id,
            "project": dependency.project,
            "change": dependency.change,
            "tag": dependency.tag and f"@{dependency.tag}",
        },
    ).fetchone()
    return None if row is None else str(row[0])


def log_deploy(
    connection: Connection, change: Change, script_hash: str, required_ids: Sequence[str]
) -> None:
    """Record a deployed change with its dependencies and tags; `required_ids` as `requires`."""
    connection.execute(
        "INSERT INTO sqitch.changes (change_id, script_hash, change, project, note,"
        " committer_name, committer_email, planned_at, planner_name, planner_email)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(change.id, script_hash, change.name, change.project, change.note, *committer()),
            *(change.planned_at, change.planner_name, change.planner_email),
        ],
    )
    dependencies: list[tuple[str, str, str | None]] = [
        ("require", one.text, required_id)
        for one, required_id in zip(change.requires, required_ids, strict=True)
    ]
    dependencies += [("conflict", one.text, None) for one in change.conflicts]
    for kind, text, dependency_id in dependencies:
        connection.execute(
            "INSERT INTO sqitch.dependencies (change_id, type, dependency, dependency_id)"
            " VALUES (%s, %s, %s, %s)",
            [change.id, kind, text, dependency_id],
        )
    log_tags(connection, change)
    log_event(connection, "deploy", change)


def log_tags(connection: Connection, change: Change) -> None:
    """Record the tags of a deployed change that are not recorded yet."""
    for tag in change.tags:
        connection.execute(
            "INSERT INTO sqitch.tags (tag_id, tag, project, change_id, note,"
            " committer_name, committer_email, planned_at, planner_name, planner_email)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tag_id) DO NOTHING",
            [
                *(tag.id, tag.name, change.project, change.id, tag.note, *committer()),
                *(tag.planned_at, tag.planner_name, tag.planner_email),
            ],
        )


def log_revert(connection: Connection, change: Change) -> None:
    """Forget a change, and record that it was reverted with the tags that it had."""
    rows = connection.execute(
        "DELETE FROM sqitch.tags WHERE change_id = %s RETURNING tag", [change.id]
    )
    tags = [str(row[0]) for row in rows]
    connection.execute("DELETE FROM sqitch.changes WHERE change_id = %s", [change.id])
    log_event(connection, "revert", change, tags)


def log_event(
    connection: Connection, event: str, change: Change, tags: Sequence[str] | None = None
) -> None:
    """Append to the history; `event` is deploy, revert or fail."""
    names: Sequence[Tag | str] = change.tags if tags is None else tags
    connection.execute(
        "INSERT INTO sqitch.events (event, change_id, change, project, note, requires, conflicts,"
        " tags, committer_name, committer_email, planned_at, planner_name, planner_email)"
        " VALUES (%s, %s, %s, %s, %s, %s::text[], %s::text[], %s::text[], %s, %s, %s, %s, %s)",
        [
            *(event, change.id, change.name, change.project, change.note),
            [one.text for one in change.requires],
            [one.text for one in change.conflicts],
            [name.name if isinstance(name, Tag) else name for name in names],
            *(*committer(), change.planned_at, change.planner_name, change.planner_email),
        ],
    )


def requiring(connection: Connection, change_ids: Sequence[str]) -> list[str]:
    """Deployed changes outside `change_ids` that require one of them, as project:change."""
    rows = connection.execute(
        "SELECT c.project || ':' || c.change FROM sqitch.dependencies AS d"
        " JOIN sqitch.changes AS c ON c.change_id = d.change_id"
        " WHERE d.dependency_id = ANY (%s) AND d.change_id <> ALL (%s) ORDER BY 1",
        [list(change_ids), list(change_ids)],
    )
    return [str(row[0]) for row in rows]
