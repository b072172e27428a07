"""A process of supervisord, through its XML-RPC interface, on a Unix socket or over HTTP."""

from __future__ import annotations

import asyncio
import signal
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

import httpx

from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    RemoteExecutor,
    failed,
    refused,
)
from hha.bridge.executors.signals import parse_reload_signal
from hha.bridge.section import Section

_POLL_SECONDS = 0.1
_ANSWER_BYTES = 1_000_000
_BAD_NAME, _NOT_RUNNING, _ALREADY_STARTED = 10, 70, 60


@dataclass(frozen=True, slots=True)
class SupervisordConfig:
    """`url` is unix:///path or http://host:port; it and the password are never printed."""

    process: str
    url: str = field(repr=False)
    username: str | None
    password: str | None = field(repr=False)
    timeout_seconds: float
    reload_signal: signal.Signals
    secret_variables: frozenset[str]

    def build(self, agent_id: str, context: ExecutorContext) -> SupervisordExecutor:
        return SupervisordExecutor(self)


def parse(section: Section) -> SupervisordConfig:
    """Read the keys of an agent whose executor is 'supervisord'."""
    process = section.text("process")
    if process.endswith(":*"):
        raise section.error("process", "name one process, such as group:name, not a whole group")
    password = section.secret("password")
    username = section.text("username") if section.has("username") else None
    if (username is None) != (password is None):
        raise section.error("username", "username goes with password_env or password_file")
    return SupervisordConfig(
        process=process,
        url=section.url("url", ("unix", "http", "https")),
        username=username,
        password=password,
        timeout_seconds=section.number("timeout_seconds", 60, least=0.1, most=600),
        reload_signal=parse_reload_signal(section),
        secret_variables=frozenset(section.secret_variables),
    )


class _CallFailed(Exception):
    """supervisord cannot be asked; says why."""


class SupervisordExecutor(RemoteExecutor):
    """One process, which supervisord itself keeps from running twice."""

    def __init__(self, config: SupervisordConfig) -> None:
        self._config = config

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action not in ("restart_agent", "reload"):
            return refused(action)
        name, seconds = self._config.process, self._config.timeout_seconds
        try:
            async with asyncio.timeout(seconds), self._client() as client:
                if action == "reload":
                    return await self._reload(client)
                return await self._restart(client)
        except TimeoutError:
            return failed(f"supervisord did not get it done within {seconds:g} s", process=name)
        except (httpx.HTTPError, OSError) as reason:
            return failed(f"supervisord cannot be reached: {type(reason).__name__}", process=name)
        except _CallFailed as problem:
            return failed(str(problem), process=name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _BAD_NAME:
                return failed(f"supervisord knows no process {name}", process=name)
            return failed(f"supervisord's fault {fault.faultCode}: {fault.faultString}")

    async def _restart(self, client: httpx.AsyncClient) -> ExecutorResult:
        name, began = self._config.process, time.monotonic()
        before = await self._info(client)
        await self._tolerating(_NOT_RUNNING, client, "stopProcess", name, False)
        await self._left(client, "RUNNING", "STARTING", "STOPPING")
        await self._tolerating(_ALREADY_STARTED, client, "startProcess", name, False)
        now = await self._left(client, "STOPPED", "STARTING")
        details: dict[str, object] = {
            "process": name,
            "state": now["statename"],
            "pid": now["pid"],
            "previous_pid": before["pid"] or None,
            "duration_ms": round((time.monotonic() - began) * 1000),
        }
        if now["statename"] != "RUNNING":
            # spawnerr is supervisord's own sentence about the exit, no output of the process.
            reason = f"the process is {now['statename']}: {now['spawnerr'] or 'it ended'}"
            return failed(reason, **details)
        return ExecutorResult("succeeded", details)

    async def _reload(self, client: httpx.AsyncClient) -> ExecutorResult:
        name, number = self._config.process, self._config.reload_signal
        state = (await self._info(client))["statename"]
        if state != "RUNNING":
            return failed(f"the process is {state}", process=name)
        await self._call(client, "signalProcess", name, number.name.removeprefix("SIG"))
        return ExecutorResult("succeeded", {"process": name, "signal": number.name})

    async def _left(self, client: httpx.AsyncClient, *states: str) -> dict[str, Any]:
        """What supervisord says about the process once it is in none of these states."""
        while True:
            info = await self._info(client)
            if info["statename"] not in states:
                return info
            await asyncio.sleep(_POLL_SECONDS)

    async def _info(self, client: httpx.AsyncClient) -> dict[str, Any]:
        info = await self._call(client, "getProcessInfo", self._config.process)
        if not isinstance(info, dict):
            raise _CallFailed("supervisord's answer is not understood")
        return info

    async def _tolerating(
        self, code: int, client: httpx.AsyncClient, method: str, *arguments: object
    ) -> None:
        try:
            await self._call(client, method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != code:
                raise

    async def _call(self, client: httpx.AsyncClient, method: str, *arguments: Any) -> object:
        body = xmlrpc.client.dumps(arguments, f"supervisor.{method}").encode()
        answer = b""
        headers = {"Content-Type": "text/xml"}
        async with client.stream("POST", "/RPC2", content=body, headers=headers) as response:
            if response.status_code == 401:
                raise _CallFailed("supervisord refuses the username and password (401)")
            if response.status_code != 200:
                raise _CallFailed(f"supervisord answered {response.status_code}")
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > _ANSWER_BYTES:
                    raise _CallFailed("supervisord's answer is too long")
        try:
            (result,), _ = xmlrpc.client.loads(answer)
        except (ExpatError, ValueError, xmlrpc.client.ResponseError):
            raise _CallFailed("supervisord's answer is not understood") from None
        return result

    def _client(self) -> httpx.AsyncClient:
        config = self._config
        login = (config.username, config.password or "") if config.username else None
        base, socket = config.url, None
        if config.url.startswith("unix://"):
            base, socket = "http://localhost", config.url.removeprefix("unix://")
        transport = httpx.AsyncHTTPTransport(uds=socket)
        return httpx.AsyncClient(
            transport=transport, base_url=base, auth=login, timeout=config.timeout_seconds
        )
