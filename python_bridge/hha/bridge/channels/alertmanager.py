"""Prometheus Alertmanager, API v2: one alert per agent, which fires and is resolved.

An alert is known by its labels, so these hold nothing that changes while it fires except the
severity; the idempotency key and the incident are annotations. It fires until told otherwise, at
most `hold_hours`: a reminder renews it, and an end that got lost ends at last.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta

from hha.bridge.channels.contract import Message
from hha.bridge.channels.notice import Notice
from hha.bridge.channels.posting import PostConfig, read_timeout, read_url
from hha.bridge.channels.writer import Writer
from hha.bridge.section import Section

SUBJECT, TEXT = "subject.txt.j2", "message.txt.j2"
_SEVERITIES = ("info", "warning", "critical", "emergency")


def parse(section: Section) -> PostConfig:
    """Read the keys of a channel of kind 'alertmanager'."""
    url = read_url(section).rstrip("/") + "/api/v2/alerts"
    labels = {"alertname": section.text("alertname", "AgentUnhealthy")}
    labels |= section.text_table("labels")
    for name in labels:
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name in ("agent_id", "severity"):
            raise section.error(f"labels.{name}", "is no name for a label, or is set per message")
    hold = timedelta(hours=section.number("hold_hours", 72, least=1, most=720))
    writer, timeout_seconds = Writer.read(section, SUBJECT, TEXT), read_timeout(section)
    variables = frozenset(section.secret_variables)
    request = functools.partial(form, writer, labels, hold)
    return PostConfig(url, timeout_seconds, request, variables)


def form(
    writer: Writer, fixed: dict[str, str], hold: timedelta, message: Message
) -> dict[str, object]:
    """What to post: for each agent what fires or has ended; lower severities end when it rises."""
    now, notice = datetime.now(UTC), writer.notice(message)
    begin = min(notice.onset_at or now, now)
    rank = _SEVERITIES.index(message.severity) if message.severity in _SEVERITIES else 0
    until = {message.severity: now if notice.is_resolved else now + hold}
    if notice.is_resolved or notice.event == "escalated":
        until = dict.fromkeys(_SEVERITIES[:rank], now) | until
    annotations = {
        "summary": writer.write_line(SUBJECT, notice),
        "description": writer.write(TEXT, notice),
        "idempotency_key": notice.idempotency_key,
        "incident_id": "" if notice.incident_id is None else str(notice.incident_id),
    }
    alerts = [
        {
            "labels": {**fixed, "agent_id": agent_id, "severity": severity},
            "annotations": annotations,
            "startsAt": begin.isoformat(),
            "endsAt": end.isoformat(),
            "generatorURL": notice.link,
        }
        for agent_id in _agent_ids(message, notice)
        for severity, end in until.items()
    ]
    return {"json": alerts}


def _agent_ids(message: Message, notice: Notice) -> tuple[str, ...]:
    return message.agent_ids or (notice.agent_id or "heartbeat_health_agent",)
