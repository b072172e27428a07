"""Messages with every fact and with none: what templates are tried on before they are used."""

from __future__ import annotations

import dataclasses

from hha.bridge.channels.contract import Message

FULL = Message(
    delivery_id=41,
    channel="sample",
    severity="critical",
    subject="payments: does not answer",
    body="Agent payments (payments)\ndoes not answer\nSince 2026-03-02 09:20:10 UTC",
    agent_ids=("payments",),
    details={
        "event": "opened",
        "incident_id": 12,
        "agent_id": "payments",
        "agent_name": "payments",
        "severity": "critical",
        "summary": "does not answer",
        "onset_at": "2026-03-02T09:20:10+00:00",
        "detected_at": "2026-03-02T09:21:30+00:00",
        "score": 0.0,
        "score_before": 76.59,
        "status": "critical",
        "status_before": "good",
        "liveness": "unresponsive",
        "why": [
            {
                "component": "heartbeat_consistency",
                "value": 0.0,
                "weight": 0.3,
                "contribution": 0.0,
            },
            {"component": "error_rate", "value": 46.21, "weight": 0.2, "contribution": 10.27},
            {
                "component": "resource_efficiency",
                "value": 31.25,
                "weight": 0.15,
                "contribution": 5.21,
            },
        ],
        "actions": [
            {"action": "restart_agent", "state": "failed", "at": "2026-03-02T09:21:42+00:00"},
            {"action": "restart_agent", "state": "executing", "at": "2026-03-02T09:21:52+00:00"},
        ],
        "alerts": [
            {
                "alert_id": 17,
                "rule": "unresponsive",
                "severity": "critical",
                "summary": "does not answer",
            }
        ],
        "step": 1,
        "revenue_usd_per_hour": 1200.0,
    },
    idempotency_key="incident-12-opened-sample",
    attempt=1,
)

RESOLVED = dataclasses.replace(
    FULL,
    subject="payments: resolved",
    details={
        **FULL.details,
        "event": "resolved",
        "resolved_at": "2026-03-02T09:22:26+00:00",
        "score": 81.31,
        "score_before": 0.0,
        "status": "excellent",
        "status_before": "critical",
        "liveness": "alive",
        "why": [],
        "actions": [
            {"action": "restart_agent", "state": "failed", "at": "2026-03-02T09:21:42+00:00"},
            {"action": "restart_agent", "state": "succeeded", "at": "2026-03-02T09:22:20+00:00"},
        ],
    },
    idempotency_key="incident-12-resolved-sample",
)

DIGEST = dataclasses.replace(
    FULL,
    subject="12 agents: does not answer",
    body="12 incidents opened together:\nbilling\npayments",
    agent_ids=tuple(f"worker-{number}" for number in range(1, 13)),
    details={
        "event": "digest",
        "incident_count": 12,
        "agents": [
            {
                "agent_id": f"worker-{number}",
                "agent_name": f"worker-{number}",
                "severity": "critical",
                "summary": "does not answer",
            }
            for number in range(1, 4)
        ],
    },
    idempotency_key="digest-opened-1-12-sample",
)

BARE = dataclasses.replace(FULL, details={}, agent_ids=())

SAMPLES = (FULL, RESOLVED, DIGEST, BARE)
