"""The report for a terminal, by Rich."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hha.reports.document import Document

_MARKS = {True: ("met", "green"), False: ("missed", "red"), None: ("", "")}


def print_report(document: Document, console: Console) -> None:
    """Print every section, the dearest agents and what is recommended."""
    console.print(_layout(document))


def _layout(document: Document) -> RenderableType:
    parts: list[RenderableType] = [
        Text(f"Report from {document.begins} to {document.ends}", style="bold"),
        Text(document.method, style="dim"),
    ]
    for section in document.sections:
        table = Table(title=section.title, title_justify="left", expand=False)
        table.add_column("figure")
        table.add_column("value", overflow="fold")
        table.add_column("objective")
        for line in section.lines:
            mark, style = _MARKS[line.is_met]
            table.add_row(Text(line.title), Text(line.text), Text(mark, style=style))
        parts += ["", table]
    if document.agents:
        table = Table(title="Agents, the dearest first", title_justify="left")
        for name in ("agent", "availability", "revenue lost", "trend", "what to do"):
            table.add_column(name, overflow="fold")
        for agent in document.agents:
            cells = (agent.name, agent.availability, agent.revenue_lost, agent.trend, agent.advice)
            table.add_row(*map(Text, cells))
        parts += ["", table]
    if document.recommendations:
        parts += ["", Text("Recommendations", style="bold")]
        parts += [Text(f"- {advice}") for advice in document.recommendations]
    return Group(*parts)
