"""Who may log in as what, and what the engine itself may."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, read_rows

# From 16 on who made a role is a member that may give it away, but has no use of it.
LOGINS_SQL = """
SELECT roles.rolname AS role, string_agg(DISTINCT logins.rolname::text, ', ') AS logins,
    count(DISTINCT logins.oid) AS login_count
FROM pg_catalog.pg_auth_members AS memberships
JOIN pg_catalog.pg_roles AS roles ON roles.oid = memberships.roleid
JOIN pg_catalog.pg_roles AS logins ON logins.oid = memberships.member
WHERE roles.rolname = ANY (%s) AND logins.rolcanlogin
    AND pg_has_role(logins.oid, roles.oid, 'USAGE')
GROUP BY roles.rolname
ORDER BY roles.rolname
"""
ROLES = ("health_agent", "health_gateway", "health_bridge", "health_operator", "health_admin")
NAMES_SHOWN = 5

OWNER_SQL = """
SELECT system_roles.rolname AS name
FROM pg_catalog.pg_roles AS system_roles
WHERE system_roles.rolname IN ('pg_read_all_stats', 'pg_signal_backend')
    AND NOT pg_has_role('health_owner', system_roles.oid, 'USAGE')
ORDER BY system_roles.rolname
"""
WHAT_FOR = {
    "pg_read_all_stats": "it sees neither crashes of the server, old snapshots nor stuck sessions",
    "pg_signal_backend": "it ends no stuck sessions",
}

# Superusers write as they like and are members of everything.
STRANGE_SQL = """
SELECT logins.rolname AS login, 'writes for nobody' AS what
FROM pg_catalog.pg_roles AS logins
WHERE logins.rolcanlogin AND NOT logins.rolsuper
    AND (pg_has_role(logins.oid, 'health_agent', 'USAGE')
        OR pg_has_role(logins.oid, 'health_gateway', 'USAGE'))
    AND NOT EXISTS (
        SELECT FROM health.agent_logins WHERE agent_logins.login_name = logins.rolname
    )
    AND NOT pg_has_role(logins.oid, 'health_owner', 'MEMBER')
UNION ALL
SELECT DISTINCT entries.login_name,
    CASE WHEN logins.oid IS NULL THEN 'is missing' ELSE 'may not' END
FROM health.agent_logins AS entries
LEFT JOIN pg_catalog.pg_roles AS logins ON logins.rolname = entries.login_name
WHERE logins.oid IS NULL
    OR NOT (pg_has_role(logins.oid, 'health_agent', 'USAGE')
        OR pg_has_role(logins.oid, 'health_gateway', 'USAGE'))
ORDER BY 1, 2
LIMIT 20
"""


async def check_logins(connection: AsyncConnection[Any]) -> list[Finding]:
    """Memberships: of logins in the monitor's roles, and of the engine in those of the server."""
    rows = await read_rows(connection, LOGINS_SQL, list(ROLES))
    told = [
        f"{row['role'].removeprefix('health_')}: {row['logins']}"
        if row["login_count"] <= NAMES_SHOWN
        else f"{row['role'].removeprefix('health_')}: {row['login_count']} logins"
        for row in rows
    ]
    findings = [Finding("logins", "ok", "; ".join(told) or "none but the owner of the database")]
    findings += [
        Finding(
            "engine's rights",
            "warn",
            f"the engine lacks {row['name']}: {WHAT_FOR[row['name']]}",
            f"As a superuser: GRANT {row['name']} TO health_owner;",
        )
        for row in await read_rows(connection, OWNER_SQL)
    ]
    return findings + [
        _strange(row["login"], row["what"]) for row in await read_rows(connection, STRANGE_SQL)
    ]


def _strange(login: str, what: str) -> Finding:
    match what:
        case "writes for nobody":
            fact = f'login "{login}" is an agent\'s, but may write for none'
            advice = "INSERT INTO health.agent_logins (login_name, agent_id) VALUES (…);"
        case "is missing":
            fact = f'health.agent_logins names "{login}", which does not exist'
            advice = f"Make it: hha add-login {login} health_agent; or delete those rows."
        case _:
            fact = f'health.agent_logins names "{login}", which is no agent\'s login'
            advice = f'GRANT health_agent TO "{login}";'
    return Finding("logins", "warn", fact, advice)
