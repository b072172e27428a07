"""A report as a letter carries it: the page in place of the HTML part, and as files, on paper too.

What cannot be laid out keeps no letter back: the text part says the same.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from hha.bridge.channels.contract import Message
from hha.errors import HhaError
from hha.reports.document import document_of
from hha.reports.page import page
from hha.reports.paper import write_pdf

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file of a letter, of a MIME type."""

    name: str
    main_type: str
    sub_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The report as HTML, and the files enclosed."""

    html: str
    enclosures: tuple[Enclosure, ...]


def report_files(message: Message) -> ReportFiles | None:
    """The files of a message that is a report, None for any other."""
    raw = message.details.get("report")
    if message.details.get("event") != "report" or not isinstance(raw, dict):
        return None
    try:
        document = document_of(raw)
        html = page(document)
    except (KeyError, TypeError, ValueError, AttributeError) as reason:
        logger.warning(
            "the report is sent as text only: %r",
            reason,
            extra={"action": "deliver", "delivery_id": message.delivery_id},
        )
        return None
    name = f"report-{document.ends[:10]}"
    files = [Enclosure(f"{name}.html", "text", "html", html.encode())]
    try:
        files.append(Enclosure(f"{name}.pdf", "application", "pdf", write_pdf(document)))
    except HhaError as reason:
        logger.info("no PDF: %s", reason, extra={"action": "deliver"})
    return ReportFiles(html, tuple(files))
