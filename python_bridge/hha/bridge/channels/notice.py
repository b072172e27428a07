"""The facts of a message, ready for templates: cleaned, worded, and none of them required.

`deliveries.details` is read key by key. Where a key is missing or of another type its fact is
empty, and subject and body, which every message has, take its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hha.bridge.channels.contract import Message
from hha.bridge.channels.facts import LONGEST_LIST, Facts
from hha.bridge.channels.wording import ago, moment, one_line, span

_EVENT_LABELS = {
    "escalated": "escalated",
    "reminder": "reminder",
    "recovery_failed": "recovery failed",
    "truth": "as it stands",
}
_ACKNOWLEDGE_INCIDENT = (
    "SELECT health.acknowledge_alert(alert_id, current_user) FROM health.alerts"
    " WHERE incident_id = {} AND resolved_at IS NULL;"
)
_ACTION_NAMES = {"restart_agent": "restart", "run_command": "command"}
_ACTION_STATES = {
    "pending": "{} queued",
    "claimed": "{} under way",
    "executing": "{} under way",
    "verifying": "{} done, not yet verified",
    "succeeded": "{} worked",
    "failed": "{} failed",
    "escalated": "handed to a person",
    "cancelled": "{} cancelled",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A component of the score: its value 0 to 100, weight and contribution, as far as known."""

    component: str
    value: float | None
    weight: float | None
    contribution: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A recovery action: what became of it, in words, and when."""

    what: str
    at: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An open alert of the incident."""

    alert_id: int | None
    rule: str
    severity: str
    summary: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of a digest."""

    agent_id: str
    agent_name: str
    severity: str
    summary: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What the templates see, each field a variable of that name; docs/messages.md lists them.

    Texts are '' and numbers None where nothing is known. `since`, `ago` and `lasted` are words;
    `onset_at` and `resolved_at` the times themselves.
    """

    event: str
    severity: str
    label: str
    now: datetime
    is_resolved: bool
    is_digest: bool
    incident_id: int | None
    agent: str
    agent_id: str
    what: str
    onset_at: datetime | None
    resolved_at: datetime | None
    since: str
    ago: str
    lasted: str
    done: str
    score: float | None
    score_before: float | None
    status: str
    status_before: str
    liveness: str
    reasons: tuple[Reason, ...]
    steps: tuple[Step, ...]
    alerts: tuple[Alert, ...]
    agents: tuple[Agent, ...]
    more_agents: int
    escalation_step: int | None
    revenue_usd_per_hour: float | None
    body_lines: tuple[str, ...]
    acknowledge_command: str
    acknowledge_sql: str
    link: str
    idempotency_key: str


def notice_of(message: Message, now: datetime, link: str = "") -> Notice:
    """Word a message as of `now`; `link` leads to its page."""
    facts = Facts(message.details)
    event = facts.text("event")
    onset_at, resolved_at = facts.time("onset_at"), facts.time("resolved_at")
    is_resolved = event == "resolved" or resolved_at is not None
    agent_ids = message.agent_ids
    is_digest = event == "digest" or "incident_count" in message.details or len(agent_ids) > 1
    count = facts.whole("incident_count") or len(agent_ids)
    subject = one_line(message.subject, 300)
    agent = facts.text("agent_name") or facts.text("agent_id") or "".join(agent_ids[:1])
    agent = agent or subject.rpartition(": ")[0] or "The monitor"
    agent = f"{count} agents" if is_digest else one_line(agent, 200)
    what = facts.text("summary") or subject.removeprefix(f"{agent}: ")
    agents = _agents(facts, agent_ids) if is_digest else ()
    steps, done = _steps(facts, now)
    alerts = tuple(
        Alert(row.whole("alert_id"), row.text("rule"), row.text("severity"), row.text("summary"))
        for row in facts.rows("alerts")
    )
    command, statement = ("", "") if is_resolved else _acknowledgement(facts, alerts)
    is_rich = any(key in message.details for key in ("why", "actions", "alerts", "agents"))
    label = "RESOLVED" if is_resolved else one_line(message.severity.upper(), 20)
    if not is_resolved and event in _EVENT_LABELS:
        label += f" ({_EVENT_LABELS[event]})"
    return Notice(
        event=event,
        severity=message.severity,
        label=label,
        now=now,
        is_resolved=is_resolved,
        is_digest=is_digest,
        incident_id=facts.whole("incident_id"),
        agent=agent,
        agent_id="" if is_digest else one_line("".join(agent_ids[:1]), 200),
        what=what,
        onset_at=onset_at,
        resolved_at=resolved_at,
        since=moment(onset_at, now) if onset_at else "",
        ago=ago((now - onset_at).total_seconds()) if onset_at else "",
        lasted=_lasted(message, onset_at, resolved_at, now) if is_resolved else "",
        done=done,
        score=facts.number("score"),
        score_before=facts.number("score_before"),
        status=facts.text("status"),
        status_before=facts.text("status_before"),
        liveness=facts.text("liveness"),
        reasons=tuple(
            Reason(
                row.text("component").replace("_", " "),
                row.number("value"),
                row.number("weight"),
                row.number("contribution"),
            )
            for row in facts.rows("why")
        ),
        steps=steps,
        alerts=alerts,
        agents=agents,
        more_agents=max(0, count - len(agents)) if is_digest else 0,
        escalation_step=facts.whole("step"),
        revenue_usd_per_hour=facts.number("revenue_usd_per_hour"),
        body_lines=() if is_rich else _body_lines(message.body),
        acknowledge_command=command,
        acknowledge_sql=statement,
        link=link,
        idempotency_key=one_line(message.idempotency_key, 300),
    )


def _lasted(
    message: Message, onset_at: datetime | None, resolved_at: datetime | None, now: datetime
) -> str:
    if onset_at is None:
        return ""
    if resolved_at is not None:
        return span((resolved_at - onset_at).total_seconds())
    # A message goes out within moments of the end it tells; a repeated one does not.
    return f"about {span((now - onset_at).total_seconds())}" if message.attempt <= 1 else ""


def _steps(facts: Facts, now: datetime) -> tuple[tuple[Step, ...], str]:
    """What was done, in order, and its end in a few words ('' when nobody said)."""
    found = []
    for row in facts.rows("actions"):
        action, at = row.text("action"), row.time("at")
        name = _ACTION_NAMES.get(action, action.replace("_", " "))
        words = _ACTION_STATES.get(row.text("state"), f"{{}} {row.text('state')}")
        found.append((at, Step(words.replace("{}", name).strip(), moment(at, now) if at else "")))
    found.sort(key=lambda pair: pair[0] or datetime.min.replace(tzinfo=UTC))
    steps = tuple(step for _, step in found)
    if steps:
        return steps, "; ".join(step.what for step in steps[-2:])
    return steps, "nothing done yet" if facts.has_list("actions") else ""


def _agents(facts: Facts, agent_ids: tuple[str, ...]) -> tuple[Agent, ...]:
    named = tuple(
        Agent(
            row.text("agent_id"),
            row.text("agent_name") or row.text("agent_id"),
            row.text("severity"),
            row.text("summary"),
        )
        for row in facts.rows("agents")
    )
    lines = tuple(one_line(agent_id, 200) for agent_id in agent_ids[:LONGEST_LIST])
    return named or tuple(Agent(line, line, "", "") for line in lines)


def _acknowledgement(facts: Facts, alerts: tuple[Alert, ...]) -> tuple[str, str]:
    """Command line and SQL; both are made of numbers alone, so that pasting them is safe."""
    for alert in alerts:
        if alert.alert_id is not None:
            statement = f"SELECT health.acknowledge_alert({alert.alert_id}, current_user);"
            return f"hha ack {alert.alert_id}", statement
    if (incident_id := facts.whole("incident_id")) is not None:
        return "", _ACKNOWLEDGE_INCIDENT.format(incident_id)
    return "", ""


def _body_lines(body: str) -> tuple[str, ...]:
    lines = (one_line(line, 300) for line in body.splitlines()[:LONGEST_LIST])
    return tuple(line for line in lines if line)
