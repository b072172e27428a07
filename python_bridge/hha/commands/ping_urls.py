"""``hha ping-url`` and ``hha revoke-ping-url``: addresses under which jobs beat by HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from hha.commands.asking import ByOption, JsonOption, ask
from hha.connection import DsnOption
from hha.gateway.settings import DEFAULT_PORT
from hha.jsonable import to_json

REGISTER_SQL = "SELECT health.register_agent(%(agent_id)s)"
CREATE_SQL = """
SELECT health.create_ping_url(
    %(agent_id)s, %(slug)s, %(known)s::uuid, coalesce(%(by)s, current_user)
)::text AS ping_id
"""
REVOKE_SQL = "SELECT health.revoke_ping_url(%(ping_id)s::uuid, coalesce(%(by)s, current_user))"


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""

    @app.command("ping-url")
    def ping_url(
        agent_id: Annotated[str, typer.Argument(help="The job's id, as in hha status.")],
        slug: Annotated[
            str | None,
            typer.Option("--slug", help="A name for it beside the UUID.", show_default=False),
        ] = None,
        known: Annotated[
            str | None,
            typer.Option("--uuid", help="Keep an address that callers know, as of Healthchecks."),
        ] = None,
        is_new: Annotated[
            bool, typer.Option("--register", help="Register the agent, if it is not known.")
        ] = False,
        base: Annotated[
            str, typer.Option("--base", envvar="HHA_PING_BASE", help="Where the gateway answers.")
        ] = f"http://127.0.0.1:{DEFAULT_PORT}",
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Make an address under which a job beats with curl; whoever knows it may."""
        values = {"agent_id": agent_id, "slug": slug, "known": known, "by": by}
        if is_new:
            ask(dsn, REGISTER_SQL, values)
        (row,) = ask(dsn, CREATE_SQL, values)
        url = f"{base.rstrip('/')}/ping/{row['ping_id']}"
        typer.echo(to_json({**row, "url": url}) if is_json else url)

    @app.command("revoke-ping-url")
    def revoke_ping_url(
        ping_id: Annotated[str, typer.Argument(help="The UUID in the address.")],
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Answer pings to this address 404 from now on."""
        ask(dsn, REVOKE_SQL, {"ping_id": ping_id, "by": by})
        typer.echo(to_json({"ping_id": ping_id}) if is_json else f"{ping_id} is revoked")
