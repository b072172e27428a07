"""Heartbeats through the engine: what silence it allowed after each beat, and whom it accused."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from liveness_traces import Array, Link

if TYPE_CHECKING:
    import psycopg

START = datetime(2031, 1, 1, tzinfo=UTC)
#: After so many ticks what was folded is thrown away: nothing reads it again.
FORGET_EVERY = 2000

# Insert what has arrived, tick, and read of those judged what silence they are allowed now.
STEP = """
CREATE FUNCTION health_internal.bench_step(
    p_agents integer [], p_seconds float8 [], p_now float8, p_is_replay boolean
)
RETURNS TABLE (agent integer, last float8, late float8, unresponsive float8)
LANGUAGE plpgsql
AS $$
DECLARE
    v_start constant timestamptz := '2031-01-01 00:00:00+00';
    v_now constant timestamptz := v_start + make_interval(secs => p_now);
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at)
    SELECT 'agent-' || beats.agent, v_start + make_interval(secs => beats.seconds)
    FROM unnest(p_agents, p_seconds) AS beats (agent, seconds);
    PERFORM health.tick(v_now, p_is_replay);
    RETURN QUERY
    SELECT
        substr(expectations.agent_id, 7)::integer,
        date_part('epoch', expectations.last_heartbeat_at - v_start),
        expectations.late_after_seconds,
        expectations.unresponsive_after_seconds
    FROM health.expectations
    WHERE expectations.judged_at = v_now AND starts_with(expectations.agent_id, 'agent-');
END
$$
"""

TRANSITIONS = """
SELECT
    substr(agent_id, 7)::integer,
    date_part('epoch', occurred_at - '2031-01-01 00:00:00+00'::timestamptz),
    new_liveness
FROM health.status_transitions
WHERE starts_with(agent_id, 'agent-') AND old_liveness IS DISTINCT FROM new_liveness
    AND new_liveness IN ('late', 'unresponsive')
ORDER BY transition_id
"""


@dataclass(slots=True)
class Agent:
    """One link under one policy class, and what the engine said of it."""

    scenario: str
    link: Link
    configured: float
    policy: str = "standard"
    late: Array = field(default_factory=lambda: np.empty(0))
    unresponsive: Array = field(default_factory=lambda: np.empty(0))
    #: Which beats were the last of their tick: only those were judged.
    is_judged: Array = field(default_factory=lambda: np.empty(0))
    #: Times of the transitions to late (or worse) and to unresponsive.
    suspicions: list[float] = field(default_factory=list)
    verdicts: list[float] = field(default_factory=list)


def replay(
    connection: psycopg.Connection[Any],
    agents: list[Agent],
    policies: dict[str, dict[str, float]],
    *,
    step: float,
    seconds: float,
    is_replay: bool,
) -> None:
    """Play all agents' beats in one database, ticking every ``step`` seconds; fills the agents."""
    connection.execute(STEP.encode())
    for name, changes in policies.items():
        settings = json.dumps({**changes, "is_recovery_enabled": False})
        connection.execute("SELECT health.set_policy(%s, %s::jsonb, 'bench')", (name, settings))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO health.agents (agent_id, agent_name, expected_interval, policy_class) "
            "VALUES (%s, %s, make_interval(secs => %s), %s)",
            [
                (f"agent-{number}", agent.scenario, agent.configured, agent.policy)
                for number, agent in enumerate(agents)
            ],
        )
    # What follows from a verdict is not measured here.
    connection.execute("UPDATE health.alert_rules SET is_enabled = false")
    connection.execute("SELECT health.tick('2031-01-01 00:00:00+00', true)")
    for agent in agents:
        agent.late = np.full(len(agent.link.arrived), np.nan)
        agent.unresponsive = agent.late.copy()
        agent.is_judged = np.zeros(len(agent.link.arrived), dtype=bool)
    _play(connection, agents, step, seconds, is_replay)
    for agent in agents:
        _fill(agent.late)
        _fill(agent.unresponsive)
    for number, at, liveness in connection.execute(TRANSITIONS.encode()):
        agent = agents[number]
        if liveness == "unresponsive":
            agent.verdicts.append(at)
        if liveness == "late" or not agent.suspicions or _is_new(agent, at):
            agent.suspicions.append(at)


def _is_new(agent: Agent, at: float) -> bool:
    """Whether it beat between its last suspicion and ``at``: then this is another silence."""
    first, last = np.searchsorted(agent.link.arrived, [agent.suspicions[-1], at], side="right")
    return bool(last > first)


def _play(
    connection: psycopg.Connection[Any],
    agents: list[Agent],
    step: float,
    seconds: float,
    is_replay: bool,
) -> None:
    numbers = np.repeat(np.arange(len(agents)), [len(agent.link.arrived) for agent in agents])
    times = np.concatenate([agent.link.arrived for agent in agents])
    order = np.argsort(times, kind="stable")
    numbers, times = numbers[order], times[order]
    ticks = np.arange(1, int(seconds / step) + 1) * step
    bounds = np.searchsorted(times, ticks, side="right")
    folded = np.zeros(len(agents), dtype=int)
    started, begin = time.perf_counter(), 0
    for tick, (now, end) in enumerate(zip(ticks.tolist(), bounds.tolist(), strict=True), start=1):
        arrived = numbers[begin:end]
        np.add.at(folded, arrived, 1)
        rows = connection.execute(
            "SELECT * FROM health_internal.bench_step(%s, %s, %s, %s)",
            (arrived.tolist(), times[begin:end].tolist(), now, is_replay),
        ).fetchall()
        begin = end
        for number, _, late, unresponsive in rows:
            agent, last = agents[number], folded[number] - 1
            agent.late[last], agent.unresponsive[last] = late, unresponsive
            agent.is_judged[last] = True
        if tick % FORGET_EVERY == 0:
            connection.execute("TRUNCATE health.agent_heartbeats, health.performance_metrics")
            connection.execute("VACUUM (ANALYZE)")
            spent = time.perf_counter() - started
            print(f"  {tick:,} of {len(ticks):,} ticks, {end:,} beats, {spent:.0f} s", flush=True)


def _fill(allowed: Array) -> None:
    """Beats that came with a later one in the same tick were allowed what held before."""
    known = np.maximum.accumulate(np.where(np.isnan(allowed), 0, np.arange(len(allowed))))
    allowed[:] = np.nan_to_num(allowed[known], nan=float(np.nanmax(allowed)))


def accusations(agent: Agent, allowed: Array, step: float) -> list[float]:
    """The ticks at which deadlines read from the engine say that it must have accused."""
    places = np.flatnonzero(agent.is_judged)
    deadline = agent.link.arrived[places] + allowed[places]
    due = np.ceil(np.round(deadline / step, 9)) * step
    following = np.ceil(
        agent.link.arrived[np.minimum(places + 1, len(agent.link.arrived) - 1)] / step
    )
    is_accused = due[:-1] < following[:-1] * step
    return due[:-1][is_accused].tolist()
