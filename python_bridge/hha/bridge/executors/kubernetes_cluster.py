"""Asking a Kubernetes API server: how to reach it, what is worth asking again, what an error means.

What the server writes in an error goes, scrubbed, into the bridge's log, not into the database.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hha.bridge.scrub import tail_of

logger = logging.getLogger(__name__)

_CALL_SECONDS = 10.0
_PAUSE_SECONDS = 0.5
_ATTEMPTS = 3
# Worth asking again: a conflict with another writer, overload, an API server being replaced.
_TRANSIENT = frozenset({409, 429, 500, 502, 503, 504})
_MEANINGS = {401: "does not know who asks", 403: "forbids it to this account", 404: "has none"}


class ClusterError(Exception):
    """The cluster cannot be asked, or says no; says why."""


class Cluster:
    """One cluster, asked about one target. Without a kubeconfig: as in a pod of it."""

    def __init__(
        self, kubeconfig: Path | None, context: str | None, target: str, agent_id: str
    ) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._target = target
        self._agent_id = agent_id

    @property
    def client(self) -> Any:
        """The official client's module of asynchronous APIs and models, loaded when needed."""
        return importlib.import_module("kubernetes.aio.client")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        """An ApiClient, closed at the end. Raises ClusterError."""
        config: Any = importlib.import_module("kubernetes.aio.config")
        settings = self.client.Configuration()
        try:
            if self._kubeconfig is None:
                config.load_incluster_config(client_configuration=settings)
            else:
                await config.load_kube_config(
                    config_file=str(self._kubeconfig),
                    context=self._context,
                    client_configuration=settings,
                    persist_config=False,
                )
            settings.retries = None
            api = self.client.ApiClient(configuration=settings)
        except (config.ConfigException, OSError, ValueError) as reason:
            self._complain(str(reason))
            problem = "no access to a cluster is configured; see the bridge's log"
            raise ClusterError(problem) from None
        async with api:
            yield api

    async def ask(
        self, call: Callable[..., Awaitable[Any]], *, fine: frozenset[int] = frozenset()
    ) -> Any:
        """What the API server answers; None for a status that is fine. Raises ClusterError."""
        aiohttp: Any = importlib.import_module("aiohttp")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await call(_request_timeout=_CALL_SECONDS)
            except self.client.ApiException as reason:
                status = int(reason.status or 0)
                if status in fine:
                    return None
                self._complain(f"{status} {reason.body or reason.reason}")
                problem = f"{_MEANINGS.get(status, 'cannot do it')} ({status})"
                is_transient = status in _TRANSIENT
            except (aiohttp.ClientError, TimeoutError, OSError) as reason:
                self._complain(str(reason))
                problem, is_transient = f"does not answer: {type(reason).__name__}", True
            if not is_transient or attempt == _ATTEMPTS:
                break
            await asyncio.sleep(_PAUSE_SECONDS * attempt)
        raise ClusterError(f"{self._target}: the cluster {problem}")

    def _complain(self, words: str) -> None:
        logger.warning(
            "the cluster complains",
            extra={
                "action": "kubernetes",
                "agent_id": self._agent_id,
                "output_tail": tail_of(words.encode()),
            },
        )
