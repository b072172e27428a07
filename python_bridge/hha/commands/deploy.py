"""`hha deploy` and `hha revert`."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""

    @app.command("deploy")
    def deploy() -> None:
        """Bring a database to the newest change of the plan."""
