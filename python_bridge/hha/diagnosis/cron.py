"""The settings and the last runs of pg_cron."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, read_rows


async def _setting(connection: AsyncConnection[Any], name: str) -> str:
    rows = await read_rows(connection, "SELECT current_setting(%s, true) AS value", name)
    return str(rows[0]["value"] or "")


async def check_pg_cron(connection: AsyncConnection[Any]) -> list[Finding]:
    """Where pg_cron is loaded: its database, its version, its workers and its last runs."""
    libraries = await _setting(connection, "shared_preload_libraries")
    if "pg_cron" not in libraries:
        return [Finding("pg_cron", "ok", "not loaded; the bridge ticks")]
    database = await _setting(connection, "cron.database_name") or "postgres"
    if database != connection.info.dbname:
        advice = "Schedule from there with cron.schedule_in_database, or let the bridge tick."
        return [Finding("pg_cron", "ok", f'it lives in database "{database}"', advice)]
    rows = await read_rows(
        connection, "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'"
    )
    if not rows:
        advice = "CREATE EXTENSION pg_cron, then run hha deploy."
        return [Finding("pg_cron", "warn", "loaded, but not created here", advice)]
    findings = [Finding("pg_cron", "ok", f"version {rows[0]['extversion']}")]
    if await _setting(connection, "cron.use_background_workers") != "on":
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
