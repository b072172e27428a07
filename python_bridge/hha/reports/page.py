"""The report as one HTML file: no scripts, nothing loaded, dark and light, fit for printing."""

from __future__ import annotations

from pathlib import Path

import jinja2
from markupsafe import Markup

from hha.reports.charts import bars
from hha.reports.document import Document


def page(document: Document) -> str:
    """The file's text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    labels = [day.day for day in document.days]
    charts = [
        bars("Availability", labels, [day.availability_percent for day in document.days], "%"),
        bars("Revenue lost", labels, [day.revenue_lost_usd for day in document.days], "USD"),
        bars("Incidents", labels, [float(day.incident_count) for day in document.days], ""),
    ]
    return environment.get_template("page.html.j2").render(
        document=document,
        charts=[Markup(chart) for chart in charts if chart],  # noqa: S704  escaped where made
    )
