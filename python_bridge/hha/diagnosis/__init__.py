"""The checks behind ``hha doctor``: each answers ok, warn or fail, and what to do about it.

A check reads the catalog and the views of schema ``health`` and changes nothing. Where the
connecting role may not look, the finding is a warning that says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import AsyncConnection

from hha.diagnosis.channels import check_channels, check_dead_letters
from hha.diagnosis.cron import check_pg_cron
from hha.diagnosis.encryption import check_encryption
from hha.diagnosis.engine import check_backlog, check_clocks, check_listener, check_schedule
from hha.diagnosis.finding import Finding
from hha.diagnosis.installation import check_installation, check_roles, check_server, check_version
from hha.diagnosis.logins import check_logins
from hha.diagnosis.partitions import check_partitions
from hha.diagnosis.rules import check_rules
from hha.diagnosis.settings import check_settings
from hha.errors import NotAllowed

if TYPE_CHECKING:
    from hha.bridge import BridgeConfig

__all__ = ["Finding", "diagnose"]

Check = Callable[[AsyncConnection[Any]], Awaitable[list[Finding]]]

ANYWHERE: tuple[Check, ...] = (check_encryption, check_settings)
NEEDS_SCHEMA: tuple[Check, ...] = (
    check_version,
    check_roles,
    check_logins,
    check_schedule,
    check_backlog,
    check_dead_letters,
    check_listener,
    check_partitions,
    check_clocks,
    check_pg_cron,
    check_rules,
)


async def diagnose(
    connection: AsyncConnection[Any], config: BridgeConfig | None = None
) -> list[Finding]:
    """Run every check on an autocommit connection; one that cannot look becomes a warning.

    `config` is that of a bridge whose channels are to be compared with the database's.
    """
    findings = await check_server(connection)
    for check in ANYWHERE:
        findings += await _look(connection, check)
    installed = await check_installation(connection)
    findings += installed
    if any(finding.level == "fail" for finding in installed):
        return findings
    for check in NEEDS_SCHEMA:
        findings += await _look(connection, check)
    if config is not None:
        findings += await _look(connection, partial(check_channels, config=config), "channels")
    return findings


async def _look(
    connection: AsyncConnection[Any], check: Check, name: str | None = None
) -> list[Finding]:
    try:
        return await check(connection)
    except (psycopg.errors.InsufficientPrivilege, NotAllowed) as error:
        name = name or check.__name__.removeprefix("check_").replace("_", " ")
        advice = "Ask as a superuser, or as the login that deployed."
        return [Finding(name, "warn", f"may not look: {error}", advice)]
