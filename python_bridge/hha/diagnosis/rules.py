"""Alert rules written by users: somebody evaluates them, as a login that can do nothing else."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, read_rows

ADVICE = (
    "Give a bridge a rules_dsn, or schedule the job health_rules with pg_cron:"
    " see docs/operations.md."
)


async def check_rules(connection: AsyncConnection[Any]) -> list[Finding]:
    """Rules are evaluated when they are due; none is disabled; their logins cannot become more."""
    rules = await read_rows(
        connection,
        """
        SELECT rule, is_enabled, last_error,
               clock_timestamp() - next_evaluation_at
               > greatest(3 * period, interval '1 minute') AS is_late
        FROM health.alert_rules
        WHERE NOT is_builtin AND removed_at IS NULL
        ORDER BY rule
        """,
    )
    findings = [
        Finding(
            "rules",
            "warn",
            f"{row['rule']} was disabled: {row['last_error']}",
            f"Correct its view, then SELECT health.enable_alert_rule('{row['rule']}').",
        )
        for row in rules
        if row["last_error"] is not None
    ]
    enabled = [row for row in rules if row["is_enabled"]]
    late = [row["rule"] for row in enabled if row["is_late"]]
    if late:
        findings.append(Finding("rules", "warn", f"nobody evaluates {', '.join(late)}", ADVICE))
    elif enabled or not rules:
        fact = f"{len(enabled)} are evaluated" if enabled else "there are none of users"
        findings.append(Finding("rules", "ok", fact))
    return findings + await _logins(connection)


async def _logins(connection: AsyncConnection[Any]) -> list[Finding]:
    rows = await read_rows(
        connection,
        """
        SELECT login.rolname AS name, string_agg(others.rolname, ', ') AS others
        FROM pg_catalog.pg_roles AS login
        JOIN pg_catalog.pg_auth_members AS membership ON membership.member = login.oid
        JOIN pg_catalog.pg_roles AS rules
            ON rules.oid = membership.roleid AND rules.rolname = 'health_rules'
        JOIN pg_catalog.pg_roles AS others
            ON others.rolname NOT IN (login.rolname, 'health_rules')
            AND pg_has_role(login.oid, others.oid, 'MEMBER')
        WHERE login.rolcanlogin AND NOT login.rolsuper
            AND pg_has_role(login.oid, rules.oid, 'USAGE')
        GROUP BY login.rolname
        """,
    )
    return [
        Finding(
            "rules",
            "warn",
            f'login "{row["name"]}" has health_rules and may become {row["others"]}',
            "It is refused: rules need a login of their own, such as health_rules_runner.",
        )
        for row in rows
    ]
