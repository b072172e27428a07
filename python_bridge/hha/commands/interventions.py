"""``hha silence``, ``hha maintenance`` and ``hha recover``: what a person does about an agent."""

from __future__ import annotations

from typing import Annotated

import typer

from hha.commands.asking import ByOption, JsonOption, ask
from hha.connection import DsnOption
from hha.jsonable import to_json

SILENCE_SQL = """
SELECT health.silence(
    jsonb_build_object('agent_id', %(agent_id)s::text), clock_timestamp() + %(length)s::interval,
    coalesce(%(by)s, current_user), %(reason)s
) AS silence_id
"""

MAINTENANCE_SQL = """
SELECT health.schedule_maintenance(
    jsonb_build_object('agent_id', %(agent_id)s::text), starts_at,
    starts_at + %(length)s::interval, coalesce(%(by)s, current_user), %(reason)s
) AS window_id
FROM (SELECT coalesce(%(starts_at)s::timestamptz, clock_timestamp())) AS begin (starts_at)
"""

RECOVER_SQL = """
SELECT health.request_recovery(
    %(agent_id)s, %(issue_type)s, coalesce(%(by)s, current_user)
) AS action_id
"""

AgentArgument = Annotated[str, typer.Argument(help="The agent's id, as in hha status.")]
LengthOption = Annotated[str, typer.Option("--for", help="How long, such as 30m, 2h or 1d.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="What others should know of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""

    @app.command("silence")
    def silence(
        agent_id: AgentArgument,
        reason: ReasonOption,
        length: LengthOption = "1h",
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Tell nobody about an agent for a while; it is still watched and recovered."""
        values = {"agent_id": agent_id, "length": length, "by": by, "reason": reason}
        row = ask(dsn, SILENCE_SQL, values)[0]
        typer.echo(
            to_json(row)
            if is_json
            else f"{agent_id} is silenced for {length} (silence {row['silence_id']})"
        )

    @app.command("maintenance")
    def maintenance(
        agent_id: AgentArgument,
        reason: ReasonOption,
        length: LengthOption = "1h",
        starts_at: Annotated[
            str | None,
            typer.Option(
                "--from", help="When it begins, ISO 8601; default: now.", show_default=False
            ),
        ] = None,
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Announce maintenance of an agent: neither paged about nor restarted."""
        values = {
            "agent_id": agent_id,
            "length": length,
            "starts_at": starts_at,
            "by": by,
            "reason": reason,
        }
        row = ask(dsn, MAINTENANCE_SQL, values)[0]
        typer.echo(
            to_json(row)
            if is_json
            else f"maintenance of {agent_id} for {length} is announced (window {row['window_id']})"
        )

    @app.command("recover")
    def recover(
        agent_id: AgentArgument,
        issue_type: Annotated[
            str,
            typer.Argument(
                help="agent_unresponsive, high_error_rate, resource_exhaustion, "
                "performance_degradation or database_connectivity."
            ),
        ] = "agent_unresponsive",
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Queue a recovery of an agent, as its strategy for the issue says."""
        row = ask(dsn, RECOVER_SQL, {"agent_id": agent_id, "issue_type": issue_type, "by": by})[0]
        typer.echo(
            to_json(row) if is_json else f"recovery {row['action_id']} of {agent_id} is queued"
        )
