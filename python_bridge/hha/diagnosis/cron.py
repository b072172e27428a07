"""The settings and the last runs of pg_cron."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, read_rows

# Superusers, and members of pg_read_all_settings, see these; others see only the extension, which
# can be created in the database where pg_cron lives and in no other.
SETTINGS_SQL = "SELECT name, setting FROM pg_catalog.pg_settings WHERE name LIKE 'cron.%'"
VERSION_SQL = "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'"


async def check_pg_cron(connection: AsyncConnection[Any]) -> list[Finding]:
    """Where pg_cron is loaded: its database, its version, its workers and its last runs."""
    settings = {row["name"]: row["setting"] for row in await read_rows(connection, SETTINGS_SQL)}
    created = await read_rows(connection, VERSION_SQL)
    if not settings and not created:
        return [Finding("pg_cron", "ok", "not in this database; the bridge ticks")]
    database = settings.get("cron.database_name", connection.info.dbname)
    if database != connection.info.dbname:
        advice = "Schedule from there with cron.schedule_in_database, or let the bridge tick."
        return [Finding("pg_cron", "ok", f'it lives in database "{database}"', advice)]
    if not created:
        advice = "CREATE EXTENSION pg_cron, then run what health.schedule_sql() returns."
        return [Finding("pg_cron", "warn", "loaded, but not created here", advice)]
    findings = [Finding("pg_cron", "ok", f"version {created[0]['extversion']}")]
    if settings.get("cron.use_background_workers") == "off":
        findings.append(
            Finding(
                "pg_cron",
                "warn",
                "jobs connect through libpq, which needs trust or a password file",
                "Set cron.use_background_workers = on and restart the server.",
            )
        )
    return findings + await _jobs(connection) + await _failed_runs(connection)


async def _jobs(connection: AsyncConnection[Any]) -> list[Finding]:
    jobs = await read_rows(
        connection,
        "SELECT coalesce(jobname, jobid::text) AS name, active AS is_active FROM cron.job"
        " WHERE command ~* 'health'",
    )
    if not jobs:
        return [Finding("pg_cron", "warn", "no job calls the engine", "Run hha deploy again.")]
    return [
        Finding(
            "pg_cron", "warn", f"job {job['name']} is not active", "Activate it: cron.alter_job."
        )
        for job in jobs
        if not job["is_active"]
    ]


async def _failed_runs(connection: AsyncConnection[Any]) -> list[Finding]:
    rows = await read_rows(
        connection,
        """
        SELECT count(*) AS failed_count, max(return_message) AS message
        FROM cron.job_run_details
        WHERE status = 'failed' AND start_time > clock_timestamp() - interval '10 minutes'
        """,
    )
    if not rows[0]["failed_count"]:
        return []
    fact = f"{rows[0]['failed_count']} runs failed within 10 minutes: {rows[0]['message']}"
    return [Finding("pg_cron", "warn", fact, "Look at cron.job_run_details.")]
