"""Settings of the server that matter here, and what else keeps vacuum or the disk busy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, Level, read_rows

#: What must be on, how bad it is when not, and why.
SWITCHES: dict[str, tuple[Level, str]] = {
    "autovacuum": ("fail", "tables that every tick updates grow without end"),
    "track_counts": ("fail", "autovacuum does not see what to do"),
    "track_activities": ("warn", "stuck sessions and old snapshots are not seen"),
    "fsync": ("warn", "a crash of the machine can destroy the database"),
    "full_page_writes": ("warn", "a crash of the machine can damage tables"),
}
CRON_WORKERS = 12
CONNECTION_SHARE = 0.9
OLDEST_TRANSACTION_ID = 1_000_000_000
SLOT_BYTES = 1024**3
CHECKPOINTS = 10

SETTINGS_SQL = """
SELECT name, setting FROM pg_catalog.pg_settings
WHERE name = ANY (%s)
"""

LOAD_SQL = """
SELECT
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')
        AS session_count,
    (SELECT max(age(datfrozenxid)) FROM pg_catalog.pg_database WHERE datallowconn) AS oldest_age,
    (
        SELECT string_agg(quote_literal(gid), ', ') FROM pg_catalog.pg_prepared_xacts
        WHERE prepared < clock_timestamp() - interval '5 minutes'
    ) AS prepared
"""

SLOTS_SQL = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS kept_bytes,
    coalesce(xmin, catalog_xmin) IS NOT NULL AS is_holding_vacuum
FROM pg_catalog.pg_replication_slots
WHERE NOT active
ORDER BY slot_name
"""

# From 17 on checkpoints have a view of their own.
CHECKPOINTS_SQL = """
SELECT checkpoints_req AS requested, checkpoints_timed AS timed FROM pg_catalog.pg_stat_bgwriter
"""
CHECKPOINTS_17_SQL = """
SELECT num_requested AS requested, num_timed AS timed FROM pg_catalog.pg_stat_checkpointer
"""


async def check_settings(connection: AsyncConnection[Any]) -> list[Finding]:
    """Vacuum and the write-ahead log can do their work; there is room for sessions and workers."""
    names = [*SWITCHES, "max_connections", "max_worker_processes", "cron.use_background_workers"]
    rows = await read_rows(connection, SETTINGS_SQL, names)
    values = {row["name"]: row["setting"] for row in rows}
    load = (await read_rows(connection, LOAD_SQL))[0]
    is_new = connection.info.server_version >= 170000
    checkpoints = await read_rows(connection, CHECKPOINTS_17_SQL if is_new else CHECKPOINTS_SQL)
    slots = await read_rows(connection, SLOTS_SQL)
    bad = [
        *judge_switches(values),
        *judge_room(values, int(load["session_count"])),
        *judge_vacuum(int(load["oldest_age"]), load["prepared"]),
        *judge_checkpoints(int(checkpoints[0]["requested"]), int(checkpoints[0]["timed"])),
        *(finding for slot in slots for finding in judge_slot(slot)),
    ]
    return bad or [Finding("settings", "ok", "autovacuum, WAL, workers and connections as needed")]


def judge_switches(values: Mapping[str, str]) -> list[Finding]:
    """Settings that are off."""
    return [
        Finding(
            "settings",
            level,
            f"{name} is off: {reason}",
            f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();",
        )
        for name, (level, reason) in SWITCHES.items()
        if values.get(name, "on") == "off"
    ]


def judge_room(values: Mapping[str, str], session_count: int) -> list[Finding]:
    """Workers for pg_cron's jobs, and connections for agents."""
    findings = []
    workers = int(values["max_worker_processes"])
    if values.get("cron.use_background_workers") == "on" and workers < CRON_WORKERS:
        findings.append(
            Finding(
                "settings",
                "warn",
                f"max_worker_processes is {workers}, and up to 6 jobs of the monitor run at once",
                f"ALTER SYSTEM SET max_worker_processes = {CRON_WORKERS + 8}; restart the server.",
            )
        )
    limit = int(values["max_connections"])
    if session_count > CONNECTION_SHARE * limit:
        findings.append(
            Finding(
                "connections",
                "warn",
                f"{session_count} of {limit} are in use",
                "Raise max_connections and restart the server, or let agents share a gateway.",
            )
        )
    return findings


def judge_vacuum(oldest_age: int, prepared: str | None) -> list[Finding]:
    """What keeps rows alive that nobody needs."""
    findings = []
    if oldest_age > OLDEST_TRANSACTION_ID:
        findings.append(
            Finding(
                "settings",
                "warn",
                f"vacuum cannot keep up: the oldest transaction is {oldest_age} transactions old",
                "Find what holds it back: old snapshots, replication slots, prepared transactions.",
            )
        )
    if prepared is not None:
        findings.append(
            Finding(
                "settings",
                "warn",
                f"prepared transactions stay open: {prepared}",
                "COMMIT PREPARED or ROLLBACK PREPARED them: they hold vacuum back.",
            )
        )
    return findings


def judge_checkpoints(requested: int, timed: int) -> list[Finding]:
    """Checkpoints come by time, not because the log is full."""
    if requested < CHECKPOINTS or requested <= timed:
        return []
    return [
        Finding(
            "settings",
            "warn",
            f"{requested} checkpoints came because the log was full, {timed} by time",
            "Raise max_wal_size, such as to 4GB, and reload: each writes every page once more.",
        )
    ]


def judge_slot(slot: Mapping[str, Any]) -> list[Finding]:
    """A replication slot that nobody reads keeps the log, or dead rows, or both."""
    kept = int(slot["kept_bytes"] or 0)
    if kept < SLOT_BYTES and not slot["is_holding_vacuum"]:
        return []
    return [
        Finding(
            "settings",
            "warn",
            f"replication slot {slot['slot_name']} is not read and keeps {kept // 1024**2} MB",
            f"Start its reader, or SELECT pg_drop_replication_slot('{slot['slot_name']}').",
        )
    ]
