"""Who ticks, what waits, who listens, whose clock is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection

from hha.diagnosis.finding import Finding, read_engine, read_rows

CLOCK_TOLERANCE_SECONDS = 2.0
AGENT_CLOCK_TOLERANCE_SECONDS = 5.0
OLDEST_MESSAGE_SECONDS = 60.0


async def check_schedule(connection: AsyncConnection[Any]) -> list[Finding]:
    """Somebody ticks, the last tick is not too old, and no old snapshot holds the tables up."""
    engine = await read_engine(connection)
    if engine is None:
        return [Finding("schedule", "fail", "engine_health has no row", "Run hha deploy again.")]
    scheduler = engine["scheduler"]
    findings = [
        Finding("schedule", "ok", f"ticked by {scheduler}")
        if scheduler not in (None, "none")
        else Finding(
            "schedule",
            "fail",
            "nobody ticks",
            "Start hha bridge, or create the extension pg_cron and run hha deploy again.",
        )
    ]
    findings.append(_last_tick(engine["seconds_since_tick"], float(engine["tick_period_seconds"])))
    holder = engine["snapshot_holder_pid"]
    if holder is not None:
        findings.append(
            Finding(
                "old snapshot",
                "warn",
                f"backend {holder} holds an old snapshot, so tables grow",
                f"End that transaction, or SELECT pg_terminate_backend({holder}).",
            )
        )
    return findings


def _last_tick(age: float | None, period: float) -> Finding:
    advice = "Look at the bridge's log and at cron.job_run_details."
    if age is None:
        return Finding("last tick", "fail", "there was none yet", advice)
    fact = f"{float(age):.1f} s ago, period {period:g} s"
    if float(age) <= max(3 * period, 3):
        return Finding("last tick", "ok", fact)
    is_recent = float(age) <= max(10 * period, 60)
    return Finding("last tick", "warn" if is_recent else "fail", fact, advice)


async def check_backlog(connection: AsyncConnection[Any]) -> list[Finding]:
    """Recoveries and messages do not wait for long."""
    engine = await read_engine(connection)
    if engine is None:
        return []
    oldest = float(engine["oldest_pending_delivery_seconds"] or 0)
    fact = (
        f"{engine['pending_recovery_count'] or 0} recoveries and"
        f" {engine['pending_delivery_count'] or 0} messages wait"
    )
    if oldest <= OLDEST_MESSAGE_SECONDS:
        return [Finding("backlog", "ok", fact)]
    return [
        Finding(
            "backlog",
            "warn",
            f"{fact}, the oldest message for {oldest:.0f} s",
            "Check that a bridge runs and that its channels answer.",
        )
    ]


async def check_listener(connection: AsyncConnection[Any]) -> list[Finding]:
    """A bridge is alive and listens for wake-ups."""
    bridges = await read_rows(
        connection,
        "SELECT agent_id, liveness FROM health.fleet WHERE starts_with(agent_id, 'bridge:')",
    )
    alive = [row["agent_id"] for row in bridges if row["liveness"] in ("alive", "starting")]
    listening = await read_rows(
        connection,
        """
        SELECT count(*) AS session_count, pg_has_role('pg_read_all_stats', 'USAGE') AS may_see
        FROM pg_catalog.pg_stat_activity
        WHERE datname = current_database() AND query ~* '^\\s*listen\\s+"?health_wakeup'
        """,
    )
    count = listening[0]["session_count"]
    if alive and not listening[0]["may_see"]:
        fact = f"{', '.join(alive)} alive; who listens this login may not see"
        return [Finding("listener", "ok", fact)]
    if alive and count:
        return [Finding("listener", "ok", f"{', '.join(alive)} alive, {count} sessions listen")]
    if alive:
        advice = "It polls all the same; if this lasts, restart it."
        fact = f"{', '.join(alive)} alive, but no session listens"
        return [Finding("listener", "warn", fact, advice)]
    return [
        Finding(
            "listener",
            "warn",
            f"no bridge is alive, {count} sessions listen",
            "Nothing is restarted and no message leaves without one: start hha bridge.",
        )
    ]


async def check_clocks(connection: AsyncConnection[Any]) -> list[Finding]:
    """This machine's clock and the agents' clocks agree with the database's."""
    advice = "Synchronise the clocks (NTP). Liveness uses the database's clock alone."
    before = datetime.now(UTC)
    rows = await read_rows(connection, "SELECT clock_timestamp() AS now")
    middle = before + (datetime.now(UTC) - before) / 2
    skew = abs((rows[0]["now"] - middle).total_seconds())
    fact = f"this machine and the database differ by {skew:.2f} s"
    findings = [
        Finding("clocks", "ok", fact)
        if skew < CLOCK_TOLERANCE_SECONDS
        else Finding("clocks", "warn", fact, advice)
    ]
    rows = await read_rows(
        connection,
        """
        SELECT agent_id,
               max(abs(extract(epoch FROM received_at - sent_at)))::float8 AS skew_seconds
        FROM health.recent_heartbeats
        WHERE sent_at IS NOT NULL AND received_at > clock_timestamp() - interval '5 minutes'
        GROUP BY agent_id
        ORDER BY skew_seconds DESC
        LIMIT 1
        """,
    )
    for worst in rows:
        fact = f"the largest difference, {worst['skew_seconds']:.2f} s, is {worst['agent_id']}'s"
        findings.append(
            Finding("agents' clocks", "ok", fact)
            if worst["skew_seconds"] < AGENT_CLOCK_TOLERANCE_SECONDS
            else Finding("agents' clocks", "warn", fact, advice)
        )
    return findings
