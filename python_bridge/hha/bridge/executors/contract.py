"""What every executor offers the bridge."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from hha.bridge.section import Section

Outcome = Literal["succeeded", "failed", "refused"]

NO_PARAMETERS: Mapping[str, object] = MappingProxyType({})
_SHOWN_CHARACTERS = 60


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

    `withheld_variables` are names of environment variables that hold the bridge's own secrets,
    besides PG* and HHA_*, with which it logs in.
    `on_exit` is called in the event loop when a supervised process ends unexpectedly.
    """

    state_directory: Path
    withheld_variables: frozenset[str]
    on_exit: Callable[[ProcessExit], None]


class Executor(Protocol):
    """One agent, and the way to restart it."""

    async def open(self, *, may_start: bool = True) -> bool:
        """Begin: adopt what runs already, start what should run. Problems are logged.

        True: it should be started and may not. To be called again when it may.
        """

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        """Carry out one action; 'refused' when this kind does not know it. May be cancelled.

        `request` is the same when the same order comes again because nobody reported: a bridge
        that was killed in between may have done it already. `action` and `parameters` were
        written by whoever can write to the database: they choose among what is configured.
        """

    async def close(self, *, stop_agents: bool | None) -> None:
        """End cleanly. Stop the agent if asked (None: when it was started with the bridge)."""

    def abandon(self) -> None:
        """Let go at once and leave the agent running: for the way out after an error."""


class ExecutorFactory(Protocol):
    """A parsed configuration of one agent. `secret_variables` name where its secrets came from."""

    @property
    def secret_variables(self) -> frozenset[str]: ...

    def build(self, agent_id: str, context: ExecutorContext) -> Executor: ...


ExecutorParser = Callable[[Section], ExecutorFactory]


class RemoteExecutor:
    """Base of executors for agents that something else keeps: nothing to begin or to end."""

    async def open(self, *, may_start: bool = True) -> bool:
        return False

    async def close(self, *, stop_agents: bool | None) -> None:
        return None

    def abandon(self) -> None:
        return None


def failed(reason: str, **details: object) -> ExecutorResult:
    """The action was tried, and this is why it did not work."""
    return ExecutorResult("failed", {"reason": reason, **details})


def refused(action: str) -> ExecutorResult:
    """This executor has no such action."""
    return ExecutorResult("refused", {"reason": f"no way to do {shown(action)} is configured"})


def shown(text: object) -> str:
    """What the database wrote, quoted, escaped and short enough for a log line."""
    whole = repr(text)
    return whole if len(whole) <= _SHOWN_CHARACTERS else f"{whole[:_SHOWN_CHARACTERS]}…"


def require_package(section: Section, module: str, extra: str) -> None:
    """Raise ConfigurationError when the package behind an extra of ours is not installed."""
    try:
        is_there = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise section.error("executor", f"{extra} needs a package: pip install 'hha[{extra}]'")
