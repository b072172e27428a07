"""A systemd unit, through systemctl: `restart` and `reload`, and what became of the unit.

Of systemctl's own words nothing enters the database: they go, scrubbed, into the bridge's log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    RemoteExecutor,
    failed,
    refused,
)
from hha.bridge.executors.launching import child_environment
from hha.bridge.scrub import tail_of
from hha.bridge.section import Section

logger = logging.getLogger(__name__)

_UNIT = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9:_.\\@-]{0,245}\.(service|socket|target|timer|path|mount|scope|slice)"
)
_PROPERTIES = "LoadState,ActiveState,SubState,Result,InvocationID,CanReload"
_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 0.3
_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SystemdConfig:
    """`program`: systemctl, or what runs it (sudo, say), without the arguments that follow."""

    unit: str
    is_user: bool
    program: tuple[str, ...]
    timeout_seconds: float
    secret_variables: frozenset[str] = frozenset()

    def build(self, agent_id: str, context: ExecutorContext) -> SystemdExecutor:
        return SystemdExecutor(agent_id, self, context)


def parse(section: Section) -> SystemdConfig:
    """Read the keys of an agent whose executor is 'systemd'."""
    unit = section.text("unit")
    if "." not in unit:
        unit += ".service"
    if not _UNIT.fullmatch(unit):
        raise section.error("unit", f"{unit!r} is not the name of a unit, such as web.service")
    return SystemdConfig(
        unit=unit,
        is_user=section.choice("scope", ["system", "user"], default="system") == "user",
        program=section.texts("systemctl") if section.has("systemctl") else ("systemctl",),
        timeout_seconds=section.number("timeout_seconds", 60, least=0.1, most=600),
    )


class _CallFailed(Exception):
    """systemctl could not be run, or ended with a code other than 0; says which."""


class SystemdExecutor(RemoteExecutor):
    """One unit. systemd runs one job of a unit at a time, whoever asks."""

    def __init__(self, agent_id: str, config: SystemdConfig, context: ExecutorContext) -> None:
        self._agent_id = agent_id
        self._config = config
        self._context = context

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action not in ("restart_agent", "reload"):
            return refused(action)
        unit = self._config.unit
        state: dict[str, str] = {}
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                state = await self._state()
                if state.get("LoadState") != "loaded":
                    return failed(f"{unit} is {state.get('LoadState', 'not known')}", unit=unit)
                if action == "reload":
                    return await self._reload(state)
                return await self._restart(state)
        except TimeoutError:
            seconds = self._config.timeout_seconds
            return failed(f"{unit} did not get ready within {seconds:g} s", unit=unit)
        except _CallFailed as problem:
            return failed(str(problem), unit=unit)

    async def _reload(self, state: dict[str, str]) -> ExecutorResult:
        unit = self._config.unit
        if state.get("ActiveState") != "active":
            return failed(f"{unit} is {state.get('ActiveState')}", unit=unit)
        if state.get("CanReload") != "yes":
            return failed(f"{unit} cannot reload: it has no ExecReload=", unit=unit)
        await self._systemctl("reload")
        return ExecutorResult("succeeded", {"unit": unit})

    async def _restart(self, before: dict[str, str]) -> ExecutorResult:
        unit, began = self._config.unit, time.monotonic()
        problem = ""
        try:
            await self._systemctl("restart")
        except _CallFailed as caught:
            problem = str(caught)
        after = await self._settled(before.get("InvocationID", ""), is_ready=not problem)
        details: dict[str, object] = {
            "unit": unit,
            "active_state": after.get("ActiveState"),
            "sub_state": after.get("SubState"),
            "result": after.get("Result"),
            "duration_ms": round((time.monotonic() - began) * 1000),
        }
        if problem:
            return failed(problem, **details)
        if after.get("ActiveState") != "active":
            states = f"{after.get('ActiveState')} ({after.get('SubState')})"
            return failed(f"{unit} is {states}, result {after.get('Result')}", **details)
        return ExecutorResult("succeeded", details)

    async def _settled(self, old_invocation: str, *, is_ready: bool) -> dict[str, str]:
        """The unit's state once it is not on its way any more, looked at twice."""
        last = ""
        while True:
            state = await self._state()
            active, invocation = state.get("ActiveState"), state.get("InvocationID", "")
            # auto-restart: it ended at once, and systemd would try again.
            has_ended = active in ("failed", "inactive") or state.get("SubState") == "auto-restart"
            if not is_ready or has_ended:
                return state
            if active == "active" and invocation != old_invocation:
                if invocation == last:
                    return state
                last = invocation
                await asyncio.sleep(_SETTLE_SECONDS)
            else:
                await asyncio.sleep(_POLL_SECONDS)

    async def _state(self) -> dict[str, str]:
        output = await self._systemctl("show", f"--property={_PROPERTIES}")
        pairs = (line.partition("=") for line in output.decode(errors="replace").splitlines())
        return {name: value for name, _, value in pairs}

    async def _systemctl(self, verb: str, *options: str) -> bytes:
        scope = ("--user",) if self._config.is_user else ()
        argv = (*self._config.program, *scope, "--no-ask-password", "--no-pager", verb, *options)
        try:
            process = await asyncio.create_subprocess_exec(
                *(*argv, "--", self._config.unit),
                env=child_environment(self._context, self._agent_id, {"LC_ALL": "C"}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as reason:
            raise _CallFailed(f"{argv[0]} cannot be run: {reason.strerror}") from None
        try:
            output, complaint = await process.communicate()
        finally:
            if process.returncode is None:
                await _end_client(process)
        if process.returncode == 0:
            return output
        logger.warning(
            "systemctl failed",
            extra={
                "action": verb,
                "agent_id": self._agent_id,
                "exit_code": process.returncode,
                "output_tail": tail_of(complaint),
            },
        )
        code = process.returncode
        raise _CallFailed(f"systemctl {verb} ended with exit code {code}; see the bridge's log")


async def _end_client(process: asyncio.subprocess.Process) -> None:
    """End systemctl, not the job it waits for: that goes on in systemd."""
    with contextlib.suppress(ProcessLookupError, PermissionError, TimeoutError):
        process.kill()
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
