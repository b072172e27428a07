"""An HTTP hook: POST what to do, signed like the channel 'webhook', and judge the answer.

The body is JSON: agent_id, action, idempotency_key. 2xx: done. 408, 409, 425, 429, 5xx and no
answer: failed. Any other answer: refused, so that a person is asked at once. What stands in the
action's parameters is not passed on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from hha.bridge.channels.webhook import sign
from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    RemoteExecutor,
    failed,
    refused,
)
from hha.bridge.section import Section

_ACTIONS = ("restart_agent", "reload")
_WORTH_RETRYING = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """`url` and `secret` may come from the environment or a file, so neither is ever printed."""

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    actions: tuple[str, ...]
    timeout_seconds: float
    secret_variables: frozenset[str]

    def build(self, agent_id: str, context: ExecutorContext) -> HttpExecutor:
        return HttpExecutor(agent_id, self)


def parse(section: Section) -> HttpConfig:
    """Read the keys of an agent whose executor is 'http'."""
    actions = section.texts("actions") if section.has("actions") else _ACTIONS
    for action in actions:
        if action not in _ACTIONS:
            raise section.error("actions", f"{action!r} is not one of {', '.join(_ACTIONS)}")
    return HttpConfig(
        url=section.url("url", ("http", "https")),
        secret=section.secret("secret"),
        actions=actions,
        timeout_seconds=section.number("timeout_seconds", 30, least=0.1, most=600),
        secret_variables=frozenset(section.secret_variables),
    )


class HttpExecutor(RemoteExecutor):
    """One hook; redirects are not followed."""

    def __init__(self, agent_id: str, config: HttpConfig) -> None:
        self._agent_id = agent_id
        self._config = config

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action not in self._config.actions:
            return refused(action)
        order = {"agent_id": self._agent_id, "action": action, "idempotency_key": request}
        body = json.dumps(order).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "hha-bridge",
            "Idempotency-Key": request,
            "X-HHA-Timestamp": timestamp,
        }
        if self._config.secret is not None:
            headers["X-HHA-Signature"] = sign(self._config.secret, timestamp, body)
        try:
            # httpx's own time-out is per network operation: a hook that drips would hold us.
            async with (
                asyncio.timeout(self._config.timeout_seconds),
                httpx.AsyncClient() as client,
                client.stream(
                    "POST", self._config.url, content=body, headers=headers, timeout=None
                ) as response,
            ):
                return _judge(response.status_code)
        except TimeoutError:
            return failed(f"the hook did not answer within {self._config.timeout_seconds:g} s")
        except httpx.HTTPError as reason:
            return failed(f"the hook cannot be reached: {type(reason).__name__}")


def _judge(code: int) -> ExecutorResult:
    if 200 <= code < 300:
        return ExecutorResult("succeeded", {"http_status": code})
    if code >= 500 or code in _WORTH_RETRYING:
        return failed(f"the hook answered {code}", http_status=code)
    reason = f"the hook answered {code}"
    return ExecutorResult("refused", {"reason": reason, "http_status": code})
