"""Server, schema and roles."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from hha import __version__
from hha.deploy import status
from hha.diagnosis.finding import Finding, read_rows

OLDEST_SERVER = 150000
EXPECTED_ROLES = (
    "health_owner",
    "health_agent",
    "health_gateway",
    "health_analyst",
    "health_operator",
    "health_bridge",
    "health_rules",
    "health_rules_runner",
    "health_helper",
    "health_admin",
)


async def check_server(connection: AsyncConnection[Any]) -> list[Finding]:
    """The server is PostgreSQL 15 or later and not a standby."""
    version = connection.info.server_version
    name = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < OLDEST_SERVER:
        return [Finding("server", "fail", f"{name} is too old", "Use PostgreSQL 15 or later.")]
    rows = await read_rows(connection, "SELECT pg_is_in_recovery() AS is_standby")
    if rows[0]["is_standby"]:
        advice = "Connect to the primary server."
        return [Finding("server", "fail", f"{name}, but it is a standby", advice)]
    return [Finding("server", "ok", name)]


async def check_installation(connection: AsyncConnection[Any]) -> list[Finding]:
    """Schema ``health`` is there with its entry points."""
    rows = await read_rows(
        connection,
        """
        SELECT to_regnamespace('health') IS NOT NULL AS has_schema,
               to_regclass('health.agent_heartbeats') IS NOT NULL
               AND to_regclass('health.fleet') IS NOT NULL
               AND to_regclass('health.engine_health') IS NOT NULL
               AND to_regproc('health.tick') IS NOT NULL
               AND to_regproc('health.run_tick') IS NOT NULL
               AND to_regproc('health.explain') IS NOT NULL AS has_surface
        """,
    )
    database = f'database "{connection.info.dbname}"'
    if not rows[0]["has_schema"]:
        return [
            Finding(
                "installation",
                "fail",
                f'schema "health" is not in {database}',
                "Run hha deploy, or connect to the database that has it.",
            )
        ]
    if not rows[0]["has_surface"]:
        return [
            Finding(
                "installation",
                "fail",
                'schema "health" is there, but some of its tables or functions are missing',
                "Run hha deploy to finish the installation.",
            )
        ]
    return [Finding("installation", "ok", f"deployed in {database}")]


async def check_version(connection: AsyncConnection[Any]) -> list[Finding]:
    """The database is where the plan of this installation of hha ends."""
    info = connection.info
    dsn = make_conninfo(info.dsn, password=info.password or None)
    check = "schema version"
    found = await asyncio.to_thread(status, dsn)
    if found.pending:
        fact = f"{len(found.pending)} changes are not deployed, the next is {found.pending[0]}"
        return [Finding(check, "warn", fact, "Run hha deploy.")]
    count = len(found.deployed)
    return [Finding(check, "ok", f"newest, {count} changes; this is hha {__version__}")]


async def check_roles(connection: AsyncConnection[Any]) -> list[Finding]:
    """The roles exist, the owner cannot log in, and this login may act for the bridge."""
    rows = await read_rows(
        connection,
        "SELECT rolname, rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = ANY (%s)",
        list(EXPECTED_ROLES),
    )
    present = {row["rolname"] for row in rows}
    missing = [role for role in EXPECTED_ROLES if role not in present]
    findings = [
        Finding("roles", "fail", f"missing: {', '.join(missing)}", "Run hha deploy.")
        if missing
        else Finding("roles", "ok", f"all {len(EXPECTED_ROLES)} exist")
    ]
    if any(row["rolname"] == "health_owner" and row["rolcanlogin"] for row in rows):
        findings.append(
            Finding(
                "roles",
                "warn",
                "health_owner can log in",
                "ALTER ROLE health_owner NOLOGIN: everything of the engine belongs to it.",
            )
        )
    if "health_bridge" in present:
        user = connection.info.user
        may = await read_rows(
            connection, "SELECT pg_has_role('health_bridge', 'USAGE') AS may_bridge"
        )
        if not may[0]["may_bridge"]:
            findings.append(
                Finding(
                    "roles",
                    "warn",
                    f'"{user}" may not act for the bridge',
                    f'If the bridge logs in as this role: GRANT health_bridge TO "{user}".',
                )
            )
    return findings
