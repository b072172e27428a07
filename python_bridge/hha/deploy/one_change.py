"""Deploys, verifies or reverts one change, in a transaction of its own.

A deploy script, its verify script and the rows of the registry commit together: where one of them
fails, nothing of the change remains but an event `fail`. A script that cannot run inside a
transaction (CREATE INDEX CONCURRENTLY) is followed by the registry's rows in a second one.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.pq import TransactionStatus

from hha.deploy import registry
from hha.deploy.plan import Change, Dependency, Plan, find
from hha.deploy.registry import Connection
from hha.deploy.scripts import (
    read_script,
    script_hash,
    script_path,
    without_commit,
    without_transaction,
)
from hha.deploy.session import commit, run_script, script_error, take_back
from hha.errors import DeployError, ScriptError, VerifyError

logger = logging.getLogger(__name__)


def deploy_change(
    connection: Connection,
    plan: Plan,
    change: Change,
    folder: Path,
    *,
    verify: bool,
    log_only: bool,
) -> None:
    """Run a deploy script, verify it, and note the change in the registry."""
    script = read_script(folder, change, "deploy")
    is_open = True
    try:
        for conflict in change.conflicts:
            if _resolve(connection, plan, conflict) is not None:
                raise DeployError(f'"{change.name}" conflicts with "{conflict.text}"')
        required_ids = [
            _required_id(connection, plan, change, dependency) for dependency in change.requires
        ]
        if not log_only:
            run_script(connection, without_commit(script))
            is_open = connection.info.transaction_status == TransactionStatus.INTRANS
            if is_open and without_commit(script) == script:
                raise ScriptError(f'the deploy script of "{change.name}" does not end in COMMIT;')
        with connection.transaction():
            if verify and not log_only and not change.rework_tags:
                verify_change(connection, change, folder)
            registry.log_deploy(connection, change, script_hash(folder, change), required_ids)
        commit(connection)
    except (psycopg.Error, DeployError) as error:
        take_back(connection)
        if not is_open:  # it committed by itself, so that nothing was taken back
            with suppress(psycopg.Error, DeployError):
                run_script(connection, read_script(folder, change, "revert"))
        if not connection.closed:
            with connection.transaction():
                registry.log_event(connection, "fail", change)
        if isinstance(error, DeployError):
            raise
        raise script_error("deploy", change, error, script) from error
    logger.info("change deployed", extra={"action": "deploy_change", "change": change.name})


def revert_change(connection: Connection, change: Change, folder: Path) -> None:
    """Run a revert script and take the change out of the registry."""
    script = read_script(folder, change, "revert")
    try:
        run_script(connection, without_commit(script))
        with connection.transaction():
            registry.log_revert(connection, change)
        commit(connection)
    except psycopg.Error as error:
        take_back(connection)
        raise script_error("revert", change, error, script) from error


def verify_change(connection: Connection, change: Change, folder: Path) -> None:
    """Run a verify script and take back what it did; a missing one is no failure."""
    if not script_path(folder, change, "verify").exists():
        logger.warning("no verify script", extra={"action": "verify", "change": change.name})
        return
    script = read_script(folder, change, "verify")
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(without_transaction(script))
    except psycopg.Error as error:
        text = script_error("verify", change, error, script).message
        raise VerifyError(text) from error


def _required_id(connection: Connection, plan: Plan, change: Change, one: Dependency) -> str:
    found = _resolve(connection, plan, one)
    if found is None:
        raise DeployError(f'"{change.name}" requires "{one.text}", which is not deployed')
    return found


def _resolve(connection: Connection, plan: Plan, dependency: Dependency) -> str | None:
    """Id of the deployed change that a dependency means; of several by that name the earliest."""
    if dependency.project is not None:
        return registry.find_foreign(connection, dependency)
    planned = find(plan.changes, dependency.text)
    wanted = plan.changes[planned[0]].id if planned else dependency.change_id
    if wanted is None:
        return None
    row = connection.execute("SELECT 1 FROM sqitch.changes WHERE change_id = %s", [wanted])
    return wanted if row.fetchone() else None
