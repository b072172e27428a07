"""What was said and done during bench/faults.py: messages, incidents, judgements, restarts, beats.

All times are seconds since the epoch, so that truth and evidence compare.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from faults_agent import starts
from latency_actors import Receiver

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from faults_plan import Agent

FIRST_NEWS = ("opened", "truth", "digest")
WORSE_NEWS = ("escalated", "recovery_failed", "reminder", "step")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the receiver got it, the first time."""

    at: float
    event: str
    severity: str
    agents: tuple[str, ...]
    subject: str


@dataclass(slots=True)
class Inbox(Receiver):
    """Every message; one that comes again under its key counts as a repetition."""

    messages: dict[int, Message] = field(default_factory=dict)
    repetitions: int = 0

    def take(self, at: float, message: dict[str, Any]) -> None:
        with self.came:
            if message["delivery_id"] in self.messages:
                self.repetitions += 1
                return
            self.messages[message["delivery_id"]] = Message(
                at,
                message["details"]["event"],
                message["severity"],
                tuple(message["agent_ids"]),
                message["subject"],
            )


@dataclass(frozen=True, slots=True)
class Baseline:
    """A page of a plain monitor: the agent was silent for three intervals."""

    at: float
    agent: str


@dataclass(slots=True)
class Evidence:
    """Read once, when all is over."""

    messages: list[Message]
    repetitions: int
    incidents: dict[str, list[tuple[float, float]]]
    troubles: dict[str, list[tuple[float, float]]]
    actions: dict[str, list[dict[str, Any]]]
    steps: dict[str, int]
    starts: dict[str, list[float]]
    gaps: list[tuple[str, float, float, float]]
    beats: dict[str, list[float]]
    undelivered: int
    unfinished: int
    launches: list[float] = field(default_factory=list)

    @property
    def beat_count(self) -> int:
        return sum(map(len, self.beats.values()))

    def pages_of_fixed_timeout(self, agents: list[Agent], until: float) -> list[Baseline]:
        """What a monitor would have sent that pages at three missed intervals, no more."""
        pages = []
        for agent in agents:
            every = self.beats[agent.name]
            pages += [
                Baseline(earlier + 3 * agent.interval, agent.name)
                for earlier, later in zip(every, [*every[1:], until], strict=False)
                if later - earlier > 3 * agent.interval
            ]
        return pages


def gather(
    connection: psycopg.Connection[Any], inbox: Inbox, folder: Path, agents: list[Agent]
) -> Evidence:
    """Ask the database and the start lines."""
    found = Evidence(
        sorted(inbox.messages.values(), key=lambda message: message.at),
        inbox.repetitions,
        *(defaultdict(list) for _ in range(3)),
        defaultdict(int),
        {agent.name: [at for at, _ in starts(folder, agent.name)] for agent in agents},
        [],
        defaultdict(list),
        *(0, 0),
    )
    for agent_id, begin, end in connection.execute(
        "SELECT agent_id, extract(epoch FROM detected_at)::float8,"
        " extract(epoch FROM coalesce(resolved_at, clock_timestamp()))::float8"
        " FROM health.incidents WHERE agent_id IS NOT NULL ORDER BY detected_at"
    ):
        found.incidents[agent_id].append((begin, end))
        found.troubles[agent_id].append((begin, end))
    for agent_id, begin, end, is_trouble in connection.execute(
        "SELECT agent_id, extract(epoch FROM occurred_at)::float8,"
        " extract(epoch FROM lead(occurred_at, 1, clock_timestamp())"
        "  OVER (PARTITION BY agent_id ORDER BY transition_id))::float8,"
        " new_status IN ('poor', 'critical') AND new_liveness <> 'stopped'"
        " FROM health.status_transitions"
    ):
        if is_trouble:
            found.troubles[agent_id].append((begin, end))
    for agent_id, state, issue, by, begin, end in connection.execute(
        "SELECT agent_id, state, issue_type, requested_by,"
        " extract(epoch FROM created_at)::float8, extract(epoch FROM finished_at)::float8"
        " FROM health.recovery_actions ORDER BY action_id"
    ):
        found.actions[agent_id].append(
            {"state": state, "issue": issue, "by": by, "begin": begin, "end": end}
        )
    for agent_id, number in connection.execute(
        "SELECT agent_id, count(*) FROM health.recovery_trail WHERE action = 'restart_agent'"
        " AND outcome IS DISTINCT FROM 'released' GROUP BY agent_id"
    ):
        found.steps[agent_id] = number
    found.gaps += connection.execute(
        "SELECT reason, extract(epoch FROM started_at)::float8,"
        " extract(epoch FROM ended_at)::float8, extract(epoch FROM settled_at)::float8"
        " FROM health.monitor_gaps ORDER BY started_at"
    ).fetchall()
    for agent_id, at in connection.execute(
        "SELECT agent_id, extract(epoch FROM received_at)::float8 FROM health.agent_heartbeats"
        " ORDER BY received_at"
    ):
        found.beats[agent_id].append(at)
    found.undelivered, found.unfinished = connection.execute(
        "SELECT (SELECT count(*) FROM health.deliveries WHERE channel = 'bench_hook'"
        " AND state NOT IN ('delivered', 'cancelled')),"
        " (SELECT count(*) FROM health.recovery_actions WHERE finished_at IS NULL)"
    ).fetchone() or (0, 0)
    return found
