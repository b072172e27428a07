"""The checks behind ``hha doctor``: each answers ok, warn or fail, and what to do about it.

A check reads the catalog and the views of schema ``health`` and changes nothing. Where the
connecting role may not look, the finding is a warning that says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection

from hha.diagnosis.cron import check_pg_cron
from hha.diagnosis.engine import check_backlog, check_clocks, check_listener, check_schedule
from hha.diagnosis.finding import Finding
from hha.diagnosis.installation import check_installation, check_roles, check_server
from hha.diagnosis.partitions import check_partitions
from hha.diagnosis.rules import check_rules

__all__ = ["Finding", "diagnose"]

Check = Callable[[AsyncConnection[Any]], Awaitable[list[Finding]]]

NEEDS_SCHEMA: tuple[Check, ...] = (
    check_roles,
    check_schedule,
    check_backlog,
    check_listener,
    check_partitions,
    check_clocks,
    check_pg_cron,
    check_rules,
)


async def diagnose(connection: AsyncConnection[Any]) -> list[Finding]:
    """Run every check on an autocommit connection; one that cannot look becomes a warning."""
    findings = await check_server(connection)
    installed = await check_installation(connection)
    findings += installed
    if any(finding.level == "fail" for finding in installed):
        return findings
    for check in NEEDS_SCHEMA:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            findings += await check(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            findings.append(
                Finding(
                    name,
                    "warn",
                    f"may not look: {error.diag.message_primary}",
                    "Connect as a role that may, such as one in health_admin.",
                )
            )
    return findings
