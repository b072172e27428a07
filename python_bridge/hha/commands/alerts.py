"""``hha alerts``, ``why``, ``ack``, ``resolve``, ``resend``: what is open, and who knows of it."""

from __future__ import annotations

from typing import Annotated

import typer

from hha.commands.asking import ByOption, JsonOption, ask, show
from hha.connection import DsnOption
from hha.jsonable import to_json

ALERTS_SQL = """
SELECT alerts.alert_id, alerts.severity, alerts.agent_id, alerts.rule, alerts.summary,
    alerts.opened_at, alerts.acknowledged_by, alerts.told_at, alerts.withheld
FROM health.open_alerts AS alerts
WHERE alerts.agent_id = coalesce(%(agent_id)s, alerts.agent_id)
    OR (%(agent_id)s::text IS NULL AND alerts.agent_id IS NULL)
ORDER BY
    array_position(ARRAY['emergency', 'critical', 'warning', 'info'], alerts.severity),
    alerts.opened_at
"""

WHY_SQL = """
SELECT told.occurred_at, told.incident_id, told.was_told, told.explanation, told.channel
FROM health.explain_silence(
    %(agent_id)s, clock_timestamp() - %(since)s::interval
) AS told
ORDER BY told.occurred_at
"""

ACKNOWLEDGE_SQL = """
SELECT health.acknowledge_alert(%(alert_id)s, coalesce(%(by)s, current_user), %(note)s)
"""

RESOLVE_SQL = "SELECT health.resolve_alert(%(alert_id)s, coalesce(%(by)s, current_user), %(note)s)"

RESEND_SQL = """
SELECT health.resend_messages(%(channel)s, coalesce(%(by)s, current_user)) AS message_count
"""

AlertArgument = Annotated[int, typer.Argument(help="The alert's number, as in its message.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="What to remember of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""

    @app.command("alerts")
    def alerts(
        agent_id: Annotated[
            str | None, typer.Option("--agent", help="Only this agent's.", show_default=False)
        ] = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """List open alerts, the gravest and oldest first."""
        rows = ask(dsn, ALERTS_SQL, {"agent_id": agent_id})
        show(rows, is_json=is_json, title="Open alerts", nothing="no alert is open")

    @app.command("why")
    def why(
        agent_id: Annotated[str, typer.Argument(help="The agent's id, as in hha status.")],
        since: Annotated[
            str, typer.Option("--since", help="How far back, such as 2h, 30m or 7d.")
        ] = "7d",
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Say why you were, or were not, told about an agent."""
        rows = ask(dsn, WHY_SQL, {"agent_id": agent_id, "since": since})
        show(rows, is_json=is_json, title=f"Told about {agent_id}", nothing="nothing was decided")

    @app.command("ack")
    def ack(
        alert_id: AlertArgument,
        by: ByOption = None,
        note: NoteOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Acknowledge an open alert: its messages not yet sent are cancelled."""
        ask(dsn, ACKNOWLEDGE_SQL, {"alert_id": alert_id, "by": by, "note": note})
        done = {"alert_id": alert_id, "is_acknowledged": True}
        typer.echo(to_json(done) if is_json else f"alert {alert_id} is acknowledged")

    @app.command("resolve")
    def resolve(
        alert_id: AlertArgument,
        by: ByOption = None,
        note: NoteOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Close an open alert by hand; it opens again if its reason still holds."""
        ask(dsn, RESOLVE_SQL, {"alert_id": alert_id, "by": by, "note": note})
        done = {"alert_id": alert_id, "is_closed": True}
        typer.echo(to_json(done) if is_json else f"alert {alert_id} is closed")

    @app.command("resend")
    def resend(
        channel: Annotated[str, typer.Argument(help="The channel's name, mended by now.")],
        by: ByOption = None,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Send again what was given up on a channel and it should still hear."""
        row = ask(dsn, RESEND_SQL, {"channel": channel, "by": by})[0]
        typer.echo(
            to_json(row) if is_json else f"{row['message_count']} messages go to {channel} again"
        )
