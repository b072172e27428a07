"""``hha report``: availability, money, times and trends; on screen, as a file, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hha.connection import DsnOption, resolve_dsn
from hha.errors import HhaError
from hha.jsonable import to_json
from hha.reports.document import read_document
from hha.reports.page import page
from hha.reports.paper import write_pdf
from hha.reports.terminal import print_report


def register(app: typer.Typer) -> None:
    """Add ``hha report``."""

    @app.command("report")
    def report(
        begins: Annotated[
            str | None, typer.Option("--from", help="Beginning; default: seven days before --to.")
        ] = None,
        ends: Annotated[str | None, typer.Option("--to", help="End; default: now.")] = None,
        html: Annotated[
            Path | None, typer.Option("--html", help="Write one HTML file, fit for printing.")
        ] = None,
        pdf: Annotated[
            Path | None, typer.Option("--pdf", help="Write a PDF; needs the extra 'report'.")
        ] = None,
        is_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
        dsn: DsnOption = None,
    ) -> None:
        """Show the executive report of a period: availability, money, times, trends."""
        document = read_document(resolve_dsn(dsn), begins, ends)
        if html is not None:
            _save(html, page(document).encode())
        if pdf is not None:
            _save(pdf, write_pdf(document))
        if is_json:
            typer.echo(to_json(document.raw))
        elif html is None and pdf is None:
            console = Console()
            if not console.is_terminal:
                console.width = max(console.width, 120)
            print_report(document, console)


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise HhaError(
            f"cannot write {path}: {error.strerror}",
            hint="Name a file in a folder that exists and that you may write to.",
        ) from error
    typer.echo(f"wrote {path}", err=True)
