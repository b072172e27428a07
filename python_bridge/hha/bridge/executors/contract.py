"""What every executor offers the bridge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from hha.bridge.section import Section

Outcome = Literal["succeeded", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class ExecutorResult:
    """What became of an action. `details` is stored in the database: no secrets, no output."""

    outcome: Outcome
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """A supervised process that ended without being asked to. exit_code None: not known."""

    agent_id: str
    pid: int
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class ExecutorContext:
    """What the bridge lends its executors.

    `withheld_variables` are names of environment variables that hold the bridge's own secrets.
    `on_exit` is called in the event loop when a supervised process ends unexpectedly.
    """

    state_directory: Path
    withheld_variables: frozenset[str]
    on_exit: Callable[[ProcessExit], None]


class Executor(Protocol):
    """One agent on this host."""

    async def open(self) -> None:
        """Begin: adopt what runs already, start what should run. Problems are logged."""

    async def execute(self, action: str, request: str = "") -> ExecutorResult:
        """Carry out one action; 'refused' when this kind does not know it. May be cancelled.

        `request` is the same when the same order comes again because nobody reported: a bridge
        that was killed in between may have done it already.
        """

    async def close(self, *, stop_agents: bool | None) -> None:
        """End cleanly. Stop the agent if asked (None: when it was started with the bridge)."""

    def abandon(self) -> None:
        """Let go at once and leave the agent running: for the way out after an error."""


class ExecutorFactory(Protocol):
    """A parsed configuration of one agent, ready to become its executor."""

    def build(self, agent_id: str, context: ExecutorContext) -> Executor: ...


ExecutorParser = Callable[[Section], ExecutorFactory]
