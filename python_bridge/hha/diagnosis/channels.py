"""Messages: what was given up, and channels that only one side knows."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from hha.bridge import BridgeConfig
from hha.diagnosis.finding import Finding, read_rows

DEAD_SQL = """
SELECT deliveries.channel, count(*) AS dead_count,
    (array_agg(deliveries.outcome ->> 'reason' ORDER BY deliveries.finished_at DESC))[1] AS reason
FROM health.deliveries
WHERE deliveries.state = 'dead'
    AND deliveries.finished_at > clock_timestamp() - interval '1 day'
GROUP BY deliveries.channel
ORDER BY deliveries.channel
"""

ENABLED_SQL = """
SELECT channels.channel FROM health.channels WHERE channels.is_enabled ORDER BY channels.channel
"""


async def check_dead_letters(connection: AsyncConnection[Any]) -> list[Finding]:
    """No message was given up within a day."""
    rows = await read_rows(connection, DEAD_SQL)
    if not rows:
        return [Finding("dead letters", "ok", "no message was given up within a day")]
    return [
        Finding(
            "dead letters",
            "warn",
            f"{row['dead_count']} messages through {row['channel']} were given up within a day"
            + (f", the last: {row['reason']}" if row["reason"] else ""),
            f"Mend the channel, then: hha resend {row['channel']}. "
            "What nobody got: health.deliveries in state 'dead'.",
        )
        for row in rows
    ]


async def check_channels(connection: AsyncConnection[Any], config: BridgeConfig) -> list[Finding]:
    """What the database sends through and what this bridge can send through are the same."""
    enabled = {row["channel"] for row in await read_rows(connection, ENABLED_SQL)}
    unsent = sorted(enabled - config.channels.keys())
    unused = sorted(config.channels.keys() - enabled - {"console"})
    findings = [
        Finding(
            "channels",
            "warn",
            f"this bridge cannot send through {name}, which the database uses",
            "Configure it here or in another bridge, or set is_enabled = false in health.channels.",
        )
        for name in unsent
    ]
    findings += [
        Finding(
            "channels",
            "warn",
            f"nothing is sent through {name}: the database does not know it",
            f"SELECT health.set_channel('{name}', '…', 'warning');",
        )
        for name in unused
    ]
    return findings or [Finding("channels", "ok", f"{', '.join(sorted(enabled))} on both sides")]
