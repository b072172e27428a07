"""A message as a letter in text and HTML, one thread per incident.

`Message-ID` is made of the idempotency key: a letter sent twice is one letter to those who look.
`References` names an id made of the incident, by which mail programs gather the thread. A report is
its own page, and encloses it as files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from hha.bridge.channels.contract import Message
from hha.bridge.channels.enclosures import report_files
from hha.bridge.channels.writer import Writer

SUBJECT, TEXT, HTML = TEMPLATES = ("subject.txt.j2", "message.txt.j2", "message.html.j2")


def letter(
    writer: Writer, sender: Address, recipients: Sequence[Address], message: Message
) -> EmailMessage:
    """The letter. Names, wherever they come from, can add no header to it."""
    notice = writer.notice(message)
    found = EmailMessage()
    found["From"] = sender
    found["To"] = recipients
    found["Subject"] = writer.write_line(SUBJECT, notice)
    found["Date"] = format_datetime(notice.now)
    found["Message-ID"] = _message_id(message.idempotency_key, sender)
    if notice.incident_id is not None:
        root = _message_id(f"incident-{notice.incident_id}.{message.channel}", sender)
        found["In-Reply-To"] = root
        found["References"] = root
    found["Auto-Submitted"] = "auto-generated"  # no holiday replies
    found.set_content(writer.write(TEXT, notice))
    report = report_files(message)
    found.add_alternative(report.html if report else writer.write(HTML, notice), subtype="html")
    for file in report.enclosures if report else ():
        found.add_attachment(
            file.content, maintype=file.main_type, subtype=file.sub_type, filename=file.name
        )
    return found


def _message_id(name: str, sender: Address) -> str:
    """The name itself where it may stand in a header and fits into its line, else its hash."""
    is_plain = re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", name) and len(name) <= 60
    part = name if is_plain else hashlib.sha256(name.encode()).hexdigest()[:40]
    return f"<{part}@{sender.domain}>"
