"""Which messages about a fault arrived where, and how long after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from hha.demo.evidence import Evidence, of_agent
from hha.demo.faults import Injection
from hha.demo.receivers import RECEIVERS, Arrival


@dataclass(frozen=True, slots=True)
class Told:
    """A message about a fault at a receiver; `event` such as 'opened' or 'resolved'."""

    receiver: str
    event: str
    seconds: float
    headline: str


def told(
    injection: Injection, evidence: Evidence, arrivals: Iterable[Arrival], offset: timedelta
) -> list[Told]:
    """The arrivals that belong to a delivery about the fault's agent, told by its idempotency key.

    ``offset`` is what the database's clock is ahead of ours.
    """
    deliveries = {
        row["idempotency_key"]: row
        for row in of_agent(evidence.deliveries, injection.fault.agent_id)
        if row["created_at"] >= injection.injected_at
    }
    return [
        Told(
            arrival.receiver,
            deliveries[arrival.key]["event"],
            (arrival.at + offset - injection.injected_at).total_seconds(),
            arrival.headline,
        )
        for arrival in arrivals
        if arrival.key in deliveries
    ]


def unheard(messages: Iterable[Told]) -> list[str]:
    """Receivers that got no page: a message that it is over is none."""
    paged = {item.receiver for item in messages if item.event != "resolved"}
    return [receiver for receiver in RECEIVERS if receiver not in paged]
