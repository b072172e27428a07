"""Partitions for the time to come, and rows that found none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection, sql

from hha.diagnosis.finding import Finding, Row, read_rows

UPPER_BOUND = re.compile(r"TO \('([^']+)'\)")
SHORTEST_LEAD = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)
ADVICE = "CALL health.run_housekeeping(), then find out why its schedule did not."


async def _partitions(connection: AsyncConnection[Any]) -> list[Row]:
    """Every partition of schema health with its bound, times in UTC."""
    await connection.execute("SET timezone TO 'UTC'")
    return await read_rows(
        connection,
        """
        SELECT parent.relname AS parent, child.relname AS child, ns.nspname AS schema_name,
               pg_get_expr(child.relpartbound, child.oid) AS bound
        FROM pg_catalog.pg_inherits AS i
        JOIN pg_catalog.pg_class AS parent ON parent.oid = i.inhparent
        JOIN pg_catalog.pg_class AS child ON child.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace AS ns ON ns.oid = child.relnamespace
        WHERE parent.relkind = 'p' AND child.relkind = 'r'
          AND parent.relnamespace = to_regnamespace('health')
        ORDER BY parent.relname, child.relname
        """,
    )


async def check_partitions(connection: AsyncConnection[Any]) -> list[Finding]:
    """Each partitioned table has a partition for the time to come; default ones are empty."""
    partitions = await _partitions(connection)
    now = (await read_rows(connection, "SELECT clock_timestamp() AS now"))[0]["now"]
    ends: dict[str, datetime] = {row["parent"]: NEVER for row in partitions}
    for row in partitions:
        if bound := UPPER_BOUND.search(row["bound"]):
            end = datetime.fromisoformat(bound.group(1))
            ends[row["parent"]] = max(ends[row["parent"]], end)
    findings = [_ahead(ends, now)]
    defaults = [row for row in partitions if row["bound"] == "DEFAULT"]
    strays = [row["child"] for row in defaults if not await _is_empty(connection, row)]
    if strays:
        fact = f"rows in {', '.join(strays)}"
        findings.append(Finding("default partitions", "warn", fact, ADVICE))
    elif defaults:
        findings.append(Finding("default partitions", "ok", f"all {len(defaults)} are empty"))
    return findings


def _ahead(ends: dict[str, datetime], now: datetime) -> Finding:
    check = "partitions ahead"
    if not ends:
        return Finding(check, "fail", "there is no partitioned table", "Run hha deploy again.")
    if late := [name for name, end in ends.items() if end <= now]:
        return Finding(check, "fail", f"none for now: {', '.join(late)}", ADVICE)
    if soon := [name for name, end in ends.items() if end <= now + SHORTEST_LEAD]:
        return Finding(check, "warn", f"ending within a minute: {', '.join(soon)}", ADVICE)
    minutes = min(end - now for end in ends.values()).total_seconds() / 60
    return Finding(check, "ok", f"{len(ends)} tables, for {minutes:.0f} minutes at least")


async def _is_empty(connection: AsyncConnection[Any], partition: Row) -> bool:
    rows = await read_rows(
        connection,
        sql.SQL("SELECT NOT EXISTS (SELECT FROM {}) AS is_empty").format(
            sql.Identifier(partition["schema_name"], partition["child"])
        ),
    )
    return bool(rows[0]["is_empty"])
