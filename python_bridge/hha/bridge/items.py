"""What the database hands to a bridge: work under a lease, and what stands against a start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hha.bridge.channels import Message


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an agent must not be started now. `kind` is 'running' where it need not be any more."""

    agent_id: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one item. `seconds` is how long it lasts unless renewed."""

    kind: Literal["recovery", "delivery"]
    item_id: int
    fencing_token: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RecoveryAction:
    """A claimed action: which agent, and the name of what to do.

    `parameters` are facts for the executor, whatever JSON stands there; {} unless an object.
    """

    lease: Lease
    agent_id: str
    issue_type: str
    action: str
    parameters: Mapping[str, object]
    attempt: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed message."""

    lease: Lease
    message: Message
