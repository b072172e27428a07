"""The report as PDF, by fpdf2 (the extra `report`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hha.errors import HhaError
from hha.reports.document import Document

if TYPE_CHECKING:
    from fpdf import FPDF

_BLUE = (5, 80, 174)


def write_pdf(document: Document) -> bytes:
    """The file's bytes. Raises HhaError where fpdf2 is not installed."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise HhaError(
            "a PDF needs the package fpdf2, which is not installed",
            hint="pip install 'hha[report]', or write HTML and print it.",
        ) from None
    paper = FPDF(format="A4")
    paper.set_title(f"Report from {document.begins} to {document.ends}")
    paper.set_auto_page_break(True, margin=15)
    paper.add_page()
    paper.set_font("Helvetica", "B", 16)
    _write(paper, f"Report from {document.begins} to {document.ends}", 8)
    paper.set_font("Helvetica", size=9)
    _write(paper, document.method, 5)
    for section in document.sections:
        rows = [
            (line.title, line.text, {True: "met", False: "missed", None: ""}[line.is_met])
            for line in section.lines
        ]
        _table(paper, section.title, ("Figure", "Value", "Objective"), rows, (60, 100, 30))
    _chart(paper, document)
    if document.agents:
        rows_of_agents = [
            (agent.name, agent.availability, agent.revenue_lost, agent.trend, agent.advice)
            for agent in document.agents
        ]
        head = ("Agent", "Availability", "Revenue lost", "Trend", "What to do")
        _table(paper, "Agents, the dearest first", head, rows_of_agents, (45, 28, 30, 25, 62))
    if document.recommendations:
        _heading(paper, "Recommendations")
        for advice in document.recommendations:
            _write(paper, f"- {advice}", 5)
    return bytes(paper.output())


def _known(text: str) -> str:
    """The built-in fonts know Western letters; others become a question mark."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _write(paper: FPDF, text: str, height: float) -> None:
    paper.multi_cell(0, height, _known(text), new_x="LMARGIN", new_y="NEXT")


def _heading(paper: FPDF, text: str) -> None:
    paper.ln(4)
    paper.set_font("Helvetica", "B", 12)
    _write(paper, text, 7)
    paper.set_font("Helvetica", size=9)


def _table(
    paper: FPDF,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
) -> None:
    _heading(paper, title)
    with paper.table(col_widths=tuple(widths), text_align="LEFT", line_height=5) as table:
        for cells in (head, *rows):
            row = table.row()
            for cell in cells:
                row.cell(_known(cell))


def _chart(paper: FPDF, document: Document) -> None:
    known = [day for day in document.days if day.availability_percent is not None]
    if not known:
        return
    _heading(paper, f"Availability, {known[0].day} to {known[-1].day}")
    values = [day.availability_percent or 0.0 for day in known]
    floor = min(99.0, *values)
    if paper.will_page_break(40):
        paper.add_page()
    top, slot = paper.get_y(), 180 / len(values)
    paper.set_fill_color(*_BLUE)
    for place, value in enumerate(values):
        size = max(0.3, 30 * (value - floor) / (100.0 - floor or 1.0))
        paper.rect(15 + slot * place, top + 30 - size, max(0.3, slot - 0.5), size, style="F")
    paper.set_y(top + 32)
    _write(paper, f"from {floor:.4g} % at the foot to 100 % at the top", 5)
