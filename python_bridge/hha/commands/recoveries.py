"""``hha recoveries``: what is being recovered, what it waits for, and what was done."""

from __future__ import annotations

from typing import Annotated

import typer

from hha.commands.asking import JsonOption, ask, show
from hha.connection import DsnOption

RECOVERIES_SQL = """
SELECT actions.action_id, actions.agent_id, actions.issue_type, actions.state, actions.attempt,
    actions.created_at, actions.finished_at, actions.requested_by,
    coalesce(backlog.waits_for, history.what_happened) AS what
FROM health.recovery_actions AS actions
LEFT JOIN health.recovery_backlog AS backlog USING (action_id)
LEFT JOIN health.recovery_history AS history USING (action_id)
WHERE actions.agent_id = coalesce(%(agent_id)s, actions.agent_id)
    AND (backlog.action_id IS NOT NULL OR NOT %(is_open)s)
ORDER BY actions.created_at DESC, actions.action_id DESC
LIMIT %(limit)s
"""


def register(app: typer.Typer) -> None:
    """Add ``hha recoveries``."""

    @app.command("recoveries")
    def recoveries(
        agent_id: Annotated[
            str | None, typer.Option("--agent", help="Only this agent's.", show_default=False)
        ] = None,
        is_open: Annotated[
            bool, typer.Option("--open", help="Only those under way, with what they wait for.")
        ] = False,
        limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """List recoveries, the newest first: what they wait for, or what was done."""
        rows = ask(dsn, RECOVERIES_SQL, {"agent_id": agent_id, "is_open": is_open, "limit": limit})
        show(rows, is_json=is_json, title="Recoveries", nothing="nothing was recovered")
