"""A container of a Docker engine, by name or by label: restart, and a signal for reload.

The SDK blocks, so each of its calls runs in a thread. A cancelled action makes no further call; one
under way ends by its own time-out.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    RemoteExecutor,
    failed,
    refused,
    require_package,
)
from hha.bridge.executors.signals import parse_reload_signal
from hha.bridge.scrub import tail_of
from hha.bridge.section import Section

logger = logging.getLogger(__name__)

_CALL_SECONDS = 15
_SETTLE_SECONDS = 0.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """A name or a label; `engine` None: as DOCKER_HOST and its kin say."""

    container: str | None
    label: str | None
    engine: str | None
    stop_timeout_seconds: int
    reload_signal: signal.Signals
    secret_variables: frozenset[str] = frozenset()

    def build(self, agent_id: str, context: ExecutorContext) -> DockerExecutor:
        return DockerExecutor(agent_id, self)

    @property
    def target(self) -> str:
        return f"container {self.container}" if self.container else f"label {self.label}"


def parse(section: Section) -> DockerConfig:
    """Read the keys of an agent whose executor is 'docker'."""
    require_package(section, "docker.errors", "docker")
    if section.has("container") == section.has("label"):
        raise section.error("container", "give one of container and label")
    return DockerConfig(
        container=section.text("container") if section.has("container") else None,
        label=section.text("label") if section.has("label") else None,
        engine=section.text("engine") if section.has("engine") else None,
        stop_timeout_seconds=section.whole_number("stop_timeout_seconds", 10, least=0, most=600),
        reload_signal=parse_reload_signal(section),
    )


class _CallFailed(Exception):
    """The engine did not do it; says why."""


class DockerExecutor(RemoteExecutor):
    """One container. Which one is looked up anew for each action: names move on."""

    def __init__(self, agent_id: str, config: DockerConfig) -> None:
        self._agent_id = agent_id
        self._config = config

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action not in ("restart_agent", "reload"):
            return refused(action)
        client: Any = None
        try:
            client = await self._call(self._connect)
            container = await self._call(lambda: self._find(client))
            if action == "reload":
                return await self._reload(container)
            return await self._restart(container)
        except _CallFailed as problem:
            return failed(str(problem))
        finally:
            if client is not None:
                client.close()

    async def _restart(self, container: Any) -> ExecutorResult:
        seconds, began = self._config.stop_timeout_seconds, time.monotonic()
        await self._call(lambda: container.restart(timeout=seconds))
        duration_ms = round((time.monotonic() - began) * 1000)
        await asyncio.sleep(_SETTLE_SECONDS)
        await self._call(container.reload)
        state = container.attrs["State"]
        details: dict[str, object] = {
            "container": container.name,
            "container_id": container.short_id,
            "started_at": state.get("StartedAt"),
            "duration_ms": duration_ms,
        }
        if not state.get("Running") or state.get("Restarting"):
            details["exit_code"] = state.get("ExitCode")
            return failed(
                f"the container ended at once with exit code {state.get('ExitCode')}", **details
            )
        return ExecutorResult("succeeded", details)

    async def _reload(self, container: Any) -> ExecutorResult:
        number = self._config.reload_signal
        if container.status != "running":
            return failed(f"the container is {container.status}", container=container.name)
        await self._call(lambda: container.kill(signal=number.name))
        await asyncio.sleep(_SETTLE_SECONDS)
        await self._call(container.reload)
        if container.status != "running":
            return failed(f"the container ended on {number.name}", container=container.name)
        return ExecutorResult("succeeded", {"container": container.name, "signal": number.name})

    def _connect(self) -> Any:
        docker: Any = importlib.import_module("docker")
        # How long a call may take: stopping is the longest, and the engine kills after its time.
        seconds = self._config.stop_timeout_seconds + _CALL_SECONDS
        if self._config.engine is None:
            return docker.from_env(timeout=seconds)
        return docker.DockerClient(base_url=self._config.engine, timeout=seconds)

    def _find(self, client: Any) -> Any:
        if self._config.container is not None:
            return client.containers.get(self._config.container)
        found = client.containers.list(all=True, filters={"label": self._config.label})
        if len(found) != 1:
            raise _CallFailed(
                f"{len(found)} containers carry the {self._config.target}; expected one"
            )
        return found[0]

    async def _call(self, function: Callable[[], T]) -> T:
        errors: Any = importlib.import_module("docker.errors")
        try:
            return await asyncio.to_thread(function)
        except errors.NotFound:
            raise _CallFailed(f"the engine has no {self._config.target}") from None
        except errors.APIError as reason:
            self._complain(str(reason.explanation))
            raise _CallFailed(
                f"the engine answered {reason.status_code} for {self._config.target};"
                " see the bridge's log"
            ) from None
        except (errors.DockerException, OSError) as reason:
            # requests' errors, which the SDK lets through, are OSErrors.
            self._complain(str(reason))
            raise _CallFailed(
                f"the Docker engine does not answer: {type(reason).__name__}"
            ) from None

    def _complain(self, words: str) -> None:
        logger.warning(
            "the Docker engine complains",
            extra={
                "action": "docker",
                "agent_id": self._agent_id,
                "output_tail": tail_of(words.encode()),
            },
        )
