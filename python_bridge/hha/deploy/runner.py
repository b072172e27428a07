"""Deploys, verifies and reverts the changes of a plan, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from hha.deploy import registry
from hha.deploy.one_change import deploy_change, revert_change, verify_change
from hha.deploy.plan import Change, Plan, read_plan
from hha.deploy.registry import Deployed
from hha.deploy.scripts import read_script, script_hash
from hha.deploy.session import connected
from hha.errors import DeployError, VerifyError


@dataclass(frozen=True, slots=True)
class Step:
    """Told to `report` before (`is_done` False) and after each change: `number` of `count`."""

    action: Literal["deploy", "verify", "revert"]
    change: Change
    is_done: bool
    number: int
    count: int


Report = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands. `edited`: deployed changes whose script is another one by now."""

    project: str
    deployed: tuple[str, ...]
    pending: tuple[str, ...]
    edited: tuple[str, ...]
    last_tag: str | None

    @property
    def is_up_to_date(self) -> bool:
        """Is every change of the plan deployed?"""
        return not self.pending


def migrations_dir() -> Path:
    """The migrations that come with this package."""
    return Path(str(files("hha") / "migrations"))


def deploy(
    dsn: str,
    *,
    to: str | None = None,
    verify: bool = True,
    log_only: bool = False,
    migrations: Path | None = None,
    report: Report | None = None,
) -> list[Change]:
    """Deploy what is pending, up to and with `to`; returns what was deployed, [] if nothing was.

    `log_only` records the changes without running a script. Raises PlanError, ScriptError,
    VerifyError, DeployError, DatabaseError; the changes before the one that failed remain.
    """
    folder = migrations or migrations_dir()
    plan = read_plan(folder / "sqitch.plan")
    if not plan.changes:
        raise DeployError("the plan has no changes")
    end = len(plan.changes) if to is None else plan.index(to) + 1
    with connected(dsn) as connection:
        registry.lock(connection)
        position = _position(plan, registry.deployed(connection, plan.project))
        if end < position and to is not None:
            raise DeployError(
                f'"{to}" is behind what is deployed',
                hint=f"Go back with `hha revert --to {to}`.",
            )
        if position:
            with connection.transaction():
                registry.log_tags(connection, plan.changes[position - 1])
        pending = plan.changes[position:end]
        if not pending:
            return []
        for change in pending:  # every script must be there before the first one runs
            read_script(folder, change, "deploy")
        registry.install(connection, plan)
        for number, change in enumerate(pending, 1):
            _tell(report, Step("deploy", change, is_done=False, number=number, count=len(pending)))
            deploy_change(connection, plan, change, folder, verify=verify, log_only=log_only)
            _tell(report, Step("deploy", change, is_done=True, number=number, count=len(pending)))
        return list(pending)


def revert(
    dsn: str,
    *,
    to: str | None = None,
    migrations: Path | None = None,
    report: Report | None = None,
) -> list[Change]:
    """Undo what was deployed after `to`, newest first, or everything; returns what was reverted."""
    folder = migrations or migrations_dir()
    plan = read_plan(folder / "sqitch.plan")
    start = 0 if to is None else plan.index(to) + 1
    with connected(dsn) as connection:
        registry.lock(connection)
        position = _position(plan, registry.deployed(connection, plan.project))
        if start > position:
            raise DeployError(f'"{to}" is not deployed')
        changes = list(reversed(plan.changes[start:position]))
        if not changes:
            return []
        if others := registry.requiring(connection, [change.id for change in changes]):
            raise DeployError(f"still required by {', '.join(others)}", hint="Revert that first.")
        for number, change in enumerate(changes, 1):
            _tell(report, Step("revert", change, is_done=False, number=number, count=len(changes)))
            revert_change(connection, change, folder)
            _tell(report, Step("revert", change, is_done=True, number=number, count=len(changes)))
        return changes


def verify(
    dsn: str, *, migrations: Path | None = None, report: Report | None = None
) -> list[Change]:
    """Run the verify script of every deployed change; VerifyError names those that failed."""
    folder = migrations or migrations_dir()
    plan = read_plan(folder / "sqitch.plan")
    failures: list[str] = []
    with connected(dsn) as connection:
        position = _position(plan, registry.deployed(connection, plan.project))
        changes = [change for change in plan.changes[:position] if not change.rework_tags]
        for number, change in enumerate(changes, 1):
            _tell(report, Step("verify", change, is_done=False, number=number, count=len(changes)))
            try:
                verify_change(connection, change, folder)
            except VerifyError as error:
                failures.append(str(error))
            _tell(report, Step("verify", change, is_done=True, number=number, count=len(changes)))
    if failures:
        raise VerifyError("\n".join(failures))
    return changes


def status(dsn: str, *, migrations: Path | None = None) -> Status:
    """Compare a database with the plan; changes nothing."""
    folder = migrations or migrations_dir()
    plan = read_plan(folder / "sqitch.plan")
    with connected(dsn) as connection:
        rows = registry.deployed(connection, plan.project)
    position = _position(plan, rows)
    pairs = zip(plan.changes, rows, strict=False)
    tags = [tag.name for change in plan.changes[:position] for tag in change.tags]
    return Status(
        project=plan.project,
        deployed=tuple(change.name for change in plan.changes[:position]),
        pending=tuple(change.name for change in plan.changes[position:]),
        edited=tuple(
            change.name
            for change, row in pairs
            if row.script_hash not in (None, script_hash(folder, change))
        ),
        last_tag=tags[-1] if tags else None,
    )


def _position(plan: Plan, rows: list[Deployed]) -> int:
    """How many changes of the plan are deployed; they must be its first ones."""
    for index, row in enumerate(rows):
        if index >= len(plan.changes) or plan.changes[index].id != row.change_id:
            raise DeployError(
                f'the database has the change "{row.name}" ({row.change_id[:8]}),'
                f" which this plan does not have in place {index + 1}",
                hint="It was deployed from another version: use that one, or revert with it.",
            )
    return len(rows)


def _tell(report: Report | None, step: Step) -> None:
    if report is not None:
        report(step)
