"""`hha deploy` and `hha revert`: the schema in, and out again."""

from __future__ import annotations

from typing import Annotated

import typer

from hha import deploy as schema
from hha.commands.asking import JsonOption
from hha.commands.progress import StepProgress
from hha.connection import DsnOption, Target, resolve_target
from hha.errors import VerifyError
from hha.jsonable import to_json

ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="CHANGE", help="A change, change@tag or @tag of the plan."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command("deploy")(deploy)
    app.command("revert")(revert)


def deploy(
    dsn: DsnOption = None,
    to: ToOption = None,
    *,
    verify: Annotated[
        bool, typer.Option(help="Run each change's verify script before it is committed.")
    ] = True,
    log_only: Annotated[
        bool, typer.Option("--log-only", help="Record the changes without running a script.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Deploy nothing; exit 1 if something is pending.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="List the plan and end.")] = False,
    is_json: JsonOption = False,
) -> None:
    """Bring a database to the newest change of the plan, as sqitch would.

    Needs a superuser, or a role with CREATEROLE that may create schemas in the database.
    """
    if plan:
        changes = schema.read_plan(schema.migrations_dir() / "sqitch.plan").changes
        if is_json:
            typer.echo(to_json([change.name for change in changes]))
            return
        for change in changes:
            typer.echo(str(change))
        return
    target = resolve_target(dsn, start_embedded=not check)
    try:
        if check:
            _check(target, is_json=is_json)
            return
        with StepProgress(is_silent=is_json) as progress:
            done = schema.deploy(
                target.dsn, to=to, verify=verify, log_only=log_only, report=progress
            )
        if is_json:
            typer.echo(to_json({"deployed": [change.name for change in done]}))
            return
        typer.echo(f"deployed {len(done)} changes" if done else "nothing to deploy")
    finally:
        _leave(target)


def revert(
    dsn: DsnOption = None,
    to: ToOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    is_json: JsonOption = False,
) -> None:
    """Undo what was deployed after a change, or everything. Data is lost."""
    target = resolve_target(dsn, start_embedded=True)
    try:
        what = f"everything after {to}" if to else "the whole schema with all its data"
        if not yes:
            typer.confirm(f"Remove {what}?", abort=True, err=is_json)
        with StepProgress(is_silent=is_json) as progress:
            done = schema.revert(target.dsn, to=to, report=progress)
        if is_json:
            typer.echo(to_json({"reverted": [change.name for change in done]}))
            return
        typer.echo(f"reverted {len(done)} changes" if done else "nothing to revert")
    finally:
        _leave(target)


def _check(target: Target, *, is_json: bool) -> None:
    status = schema.status(target.dsn)
    if is_json:
        lists = {"deployed": status.deployed, "pending": status.pending, "edited": status.edited}
        typer.echo(to_json(lists))
    else:
        for name in status.pending:
            typer.echo(f"pending  {name}")
        for name in status.edited:
            typer.echo(f"edited   {name}  (deployed from another version of its script)")
    with StepProgress(is_silent=is_json) as progress:
        schema.verify(target.dsn, report=progress)
    if status.pending:
        raise VerifyError(f"{len(status.pending)} changes are not deployed", hint="hha deploy")
    if not is_json:
        typer.echo(f"{len(status.deployed)} changes deployed and verified")


def _leave(target: Target) -> None:
    """A server that was started for this command alone is stopped again."""
    if target.server is not None and target.server.is_started_here:
        target.server.stop()
