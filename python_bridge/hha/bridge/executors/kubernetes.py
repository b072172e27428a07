"""Something in a Kubernetes cluster: a rollout restart of a workload, or the deletion of its pods.

Through the official client. Both wait until the replacement is there: the controller has observed
the change and everything wanted is updated and available.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    RemoteExecutor,
    failed,
    refused,
    require_package,
)
from hha.bridge.executors.kubernetes_cluster import Cluster, ClusterError
from hha.bridge.executors.kubernetes_rollout import (
    is_ready,
    is_rolled_out,
    restart_patch,
    was_requested,
)
from hha.bridge.section import Section

# Kinds by the key that names one, as the client's methods spell them.
_KINDS = {"deployment": "deployment", "statefulset": "stateful_set", "daemonset": "daemon_set"}
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class KubernetesConfig:
    """A workload (kind and name), or a selector of pods. `kubeconfig` None: as in a pod."""

    namespace: str
    kind: str
    name: str
    kubeconfig: Path | None
    context: str | None
    timeout_seconds: float
    secret_variables: frozenset[str] = frozenset()

    def build(self, agent_id: str, context: ExecutorContext) -> KubernetesExecutor:
        return KubernetesExecutor(agent_id, self)

    @property
    def target(self) -> str:
        return f"{self.kind} {self.name} in {self.namespace}"


def parse(section: Section) -> KubernetesConfig:
    """Read the keys of an agent whose executor is 'kubernetes'."""
    require_package(section, "kubernetes.aio", "kubernetes")
    given = [kind for kind in (*_KINDS, "pods") if section.has(kind)]
    if len(given) != 1:
        raise section.error("deployment", f"give one of {', '.join(_KINDS)} and pods")
    (kind,) = given
    name, namespace = section.text(kind), section.text("namespace", "default")
    for key, value in ((kind, name), ("namespace", namespace)):
        if key != "pods" and not _NAME.fullmatch(value):
            raise section.error(key, f"{value!r} is not a name in Kubernetes")
    return KubernetesConfig(
        namespace=namespace,
        kind=kind,
        name=name,
        kubeconfig=section.file_path("kubeconfig") if section.has("kubeconfig") else None,
        context=section.text("context") if section.has("context") else None,
        timeout_seconds=section.number("timeout_seconds", 90, least=0.1, most=600),
    )


class KubernetesExecutor(RemoteExecutor):
    """One workload. Its template remembers the request, so that none is rolled out twice."""

    def __init__(self, agent_id: str, config: KubernetesConfig) -> None:
        self._config = config
        self._cluster = Cluster(config.kubeconfig, config.context, config.target, agent_id)

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action != "restart_agent":
            return refused(action)
        began = time.monotonic()
        details: dict[str, object] = {"target": self._config.target}
        try:
            async with (
                asyncio.timeout(self._config.timeout_seconds),
                self._cluster.connect() as api,
            ):
                if self._config.kind == "pods":
                    details["pod_count"] = await self._replace_pods(api)
                else:
                    details["was_done"] = await self._roll_out(api, request)
        except TimeoutError:
            seconds = self._config.timeout_seconds
            return failed(f"the replacement was not available within {seconds:g} s", **details)
        except ClusterError as problem:
            return failed(str(problem), **details)
        details["duration_ms"] = round((time.monotonic() - began) * 1000)
        return ExecutorResult("succeeded", details)

    async def _roll_out(self, api: Any, request: str) -> bool:
        """Restart the workload and wait; True when this request had begun it before."""
        name, namespace = self._config.name, self._config.namespace
        kind = _KINDS[self._config.kind]
        apps = self._cluster.client.AppsV1Api(api)
        read = partial(getattr(apps, f"read_namespaced_{kind}"), name, namespace)
        patch = partial(getattr(apps, f"patch_namespaced_{kind}"), name, namespace)
        workload = await self._cluster.ask(read)
        was_done = was_requested(workload, request)
        if not was_done:
            workload = await self._cluster.ask(partial(patch, restart_patch(request)))
        wanted = workload.metadata.generation or 0
        while not is_rolled_out(self._config.kind, workload, wanted):
            await asyncio.sleep(_POLL_SECONDS)
            workload = await self._cluster.ask(read)
        return was_done

    async def _replace_pods(self, api: Any) -> int:
        """Delete the pods and wait until as many others are ready."""
        client, namespace = self._cluster.client, self._config.namespace
        core = client.CoreV1Api(api)
        before = await self._pods(core)
        if not before:
            raise ClusterError(f"the cluster has no {self._config.target}")
        for uid, (name, _) in before.items():
            # The condition on uid: a pod that took the name meanwhile is another one.
            body = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid))
            delete = partial(core.delete_namespaced_pod, name, namespace, body=body)
            await self._cluster.ask(delete, fine=frozenset({404, 409}))
        while True:
            now = await self._pods(core)
            ready = [uid for uid, (_, is_ready) in now.items() if is_ready and uid not in before]
            if not before.keys() & now.keys() and len(ready) >= len(before):
                return len(ready)
            await asyncio.sleep(_POLL_SECONDS)

    async def _pods(self, core: Any) -> dict[str, tuple[str, bool]]:
        """Name and readiness by uid."""
        ask = partial(
            core.list_namespaced_pod, self._config.namespace, label_selector=self._config.name
        )
        found = await self._cluster.ask(ask)
        return {pod.metadata.uid: (pod.metadata.name, is_ready(pod)) for pod in found.items}
