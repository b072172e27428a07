"""The executor 'kubernetes' against a local HTTPS server that speaks the API it needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes_server import TOKEN, Cluster, serve

from hha.bridge import parse_config
from hha.bridge.executors import Executor, ExecutorContext
from hha.bridge.executors.kubernetes_rollout import REQUEST, RESTARTED_AT, is_rolled_out

PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waiting, in shorter steps."""
    monkeypatch.setattr("hha.bridge.executors.kubernetes._POLL_SECONDS", 0.02)
    monkeypatch.setattr("hha.bridge.executors.kubernetes_cluster._PAUSE_SECONDS", 0.02)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with serve(tmp_path) as running:
        yield running


def executor(
    cluster: Cluster, target: str = 'deployment = "web"', *lines: str, token: str = TOKEN
) -> Executor:
    text = f'[agents.a]\nexecutor = "kubernetes"\nnamespace = "shop"\n{target}\n'
    text += f'kubeconfig = "{cluster.kubeconfig(token)}"\n' + "\n".join(lines)
    config = parse_config(text, source=cluster.folder / "bridge.toml")
    context = ExecutorContext(cluster.folder, frozenset(), lambda _exit: None)
    return config.agents["a"].build("a", context)


def patches(cluster: Cluster) -> int:
    return sum(request.startswith("PATCH") for request in cluster.requests)


@pytest.mark.parametrize("kind", PLURALS)
async def test_a_rollout_is_begun_and_waited_for(cluster: Cluster, kind: str) -> None:
    workload = cluster.add_workload(PLURALS[kind], "web")
    result = await executor(cluster, f'{kind} = "web"').execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert result.details["target"] == f"{kind} web in shop"
    assert workload["metadata"]["generation"] == 2
    status = workload["status"]
    assert status["observedGeneration"] == 2
    assert status.get("updatedReplicas", status.get("updatedNumberScheduled")) == 2
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    assert annotations.keys() == {RESTARTED_AT, REQUEST}
    assert annotations[REQUEST] == "action 1"


async def test_the_same_request_is_waited_for_and_not_begun_again(cluster: Cluster) -> None:
    workload = cluster.add_workload("deployments", "web")
    assert (await executor(cluster).execute("restart_agent", "action 1")).outcome == "succeeded"
    result = await executor(cluster).execute("restart_agent", "action 1")
    assert (result.outcome, result.details["was_done"]) == ("succeeded", True)
    assert patches(cluster) == 1
    # Two minutes later the number may be another database's.
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    annotations[RESTARTED_AT] = "2020-01-01T00:00:00+00:00"
    result = await executor(cluster).execute("restart_agent", "action 1")
    assert (result.outcome, result.details["was_done"]) == ("succeeded", False)
    assert patches(cluster) == 2


async def test_pods_are_deleted_and_their_successors_waited_for(cluster: Cluster) -> None:
    before = {cluster.add_pod(), cluster.add_pod()}
    result = await executor(cluster, 'pods = "app=web"').execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert result.details["pod_count"] == 2
    assert len(cluster.pods) == 2
    assert not before & cluster.pods.keys()


async def test_no_pod_of_that_label_has_failed(cluster: Cluster) -> None:
    cluster.add_pod()
    result = await executor(cluster, 'pods = "app=other"').execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert result.details["reason"] == "the cluster has no pods app=other in shop"
    assert len(cluster.pods) == 1


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (401, "does not know who asks (401)"),
        (403, "forbids it to this account (403)"),
        (404, "has none (404)"),
        (409, "cannot do it (409)"),
        (500, "cannot do it (500)"),
    ],
)
async def test_an_error_that_stays_has_failed_and_says_which(
    cluster: Cluster, status: int, meaning: str, caplog: pytest.LogCaptureFixture
) -> None:
    workload = cluster.add_workload("deployments", "web")
    cluster.errors = [status] * 20
    with caplog.at_level(logging.INFO):
        result = await executor(cluster).execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert result.details["reason"] == f"deployment web in shop: the cluster {meaning}"
    assert workload["metadata"]["generation"] == 1
    # What the server wrote is in the log, without the secret it let slip.
    assert "password=*** was wrong" in str([vars(entry) for entry in caplog.records])
    for text in (str(result.details), str([vars(entry) for entry in caplog.records])):
        assert "hidden" not in text


@pytest.mark.parametrize("status", [409, 429, 500, 503])
@pytest.mark.parametrize("request_number", [0, 1, 2])
async def test_an_error_that_passes_is_survived_at_every_step(
    cluster: Cluster, status: int, request_number: int
) -> None:
    workload = cluster.add_workload("deployments", "web")
    real = cluster.answer
    counts = iter(range(100))

    def answer(*arguments: Any) -> Any:
        if next(counts) == request_number:
            cluster.errors = [status]
        return real(*arguments)

    cluster.answer = answer  # type: ignore[method-assign]
    result = await executor(cluster).execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert workload["metadata"]["generation"] == 2


async def test_what_does_not_exist_has_failed(cluster: Cluster) -> None:
    result = await executor(cluster).execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "has none (404)" in str(result.details["reason"])


async def test_a_wrong_token_has_failed(cluster: Cluster) -> None:
    cluster.add_workload("deployments", "web")
    result = await executor(cluster, token="hidden-3").execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "does not know who asks (401)" in str(result.details["reason"])
    assert "hidden" not in str(result.details)


async def test_a_certificate_of_another_authority_has_failed(cluster: Cluster) -> None:
    cluster.add_workload("deployments", "web")
    other = cluster.folder / "other"
    other.mkdir()
    web = executor(cluster)
    with serve(other):
        (cluster.folder / "ca.pem").write_bytes((other / "ca.pem").read_bytes())
    result = await web.execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "Certificate" in str(result.details["reason"])
    assert cluster.requests == []


@pytest.mark.parametrize("target", ['deployment = "web"', 'pods = "app=web"'])
async def test_a_replacement_that_does_not_come_in_time_has_failed(
    cluster: Cluster, target: str
) -> None:
    cluster.add_workload("deployments", "web")
    cluster.add_pod()
    cluster.is_stuck = True
    result = await executor(cluster, target, "timeout_seconds = 1").execute("restart_agent", "a")
    assert result.outcome == "failed"
    assert result.details["reason"] == "the replacement was not available within 1 s"


async def test_a_server_that_does_not_answer_has_failed(cluster: Cluster) -> None:
    cluster.add_workload("deployments", "web")
    cluster.hangs.clear()
    web = executor(cluster, 'deployment = "web"', "timeout_seconds = 0.5")
    assert (await web.execute("restart_agent", "action 1")).outcome == "failed"


async def test_a_server_that_is_not_there_has_failed(tmp_path: Path) -> None:
    with serve(tmp_path) as cluster:
        pass
    result = await executor(cluster).execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "does not answer: ClientConnectorError" in str(result.details["reason"])


async def test_a_cancelled_restart_asks_no_more(cluster: Cluster) -> None:
    cluster.add_workload("deployments", "web")
    cluster.is_stuck = True
    running = asyncio.create_task(executor(cluster).execute("restart_agent", "action 1"))
    while patches(cluster) == 0:  # noqa: ASYNC110 - the server is a thread
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    count = len(cluster.requests)
    await asyncio.sleep(0.2)  # longer than its pause between two looks
    assert len(cluster.requests) == count


async def test_other_actions_are_refused_unasked(cluster: Cluster) -> None:
    for action in ("reload", "run_command", "delete", "../restart_agent", ""):
        assert (await executor(cluster).execute(action, "", {"name": "x"})).outcome == "refused"
    assert cluster.requests == []


async def test_in_a_pod_its_own_account_is_used(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload = cluster.add_workload("deployments", "web")
    (cluster.folder / "token").write_text(TOKEN)
    parts = urlsplit(cluster.url)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(parts.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(parts.port))
    for name, file in (("TOKEN", "token"), ("CERT", "ca.pem")):
        where = f"kubernetes.aio.config.incluster_config.SERVICE_{name}_FILENAME"
        monkeypatch.setattr(where, str(cluster.folder / file))
    text = '[agents.a]\nexecutor = "kubernetes"\nnamespace = "shop"\ndeployment = "web"'
    config = parse_config(text, source=cluster.folder / "bridge.toml")
    context = ExecutorContext(cluster.folder, frozenset(), lambda _exit: None)
    result = await config.agents["a"].build("a", context).execute("restart_agent", "action 1")
    assert result.outcome == "succeeded", result.details
    assert workload["metadata"]["generation"] == 2


async def test_without_a_kubeconfig_outside_a_pod_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    text = '[agents.a]\nexecutor = "kubernetes"\ndeployment = "web"'
    config = parse_config(text, source=tmp_path / "bridge.toml")
    context = ExecutorContext(tmp_path, frozenset(), lambda _exit: None)
    result = await config.agents["a"].build("a", context).execute("restart_agent", "action 1")
    assert result.outcome == "failed"
    assert "no access to a cluster is configured" in str(result.details["reason"])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # observed generation, replicas, updated, available; 3 wanted, generation 5
        ((5, 3, 3, 3), True),
        ((4, 3, 3, 3), False),
        ((5, 4, 3, 3), False),
        ((5, 3, 2, 3), False),
        ((5, 3, 3, 2), False),
        ((None, None, None, None), False),
    ],
)
def test_rolled_out_means_observed_updated_available_and_the_old_gone(
    counts: tuple[int | None, ...], expected: bool
) -> None:
    names = ("observed_generation", "replicas", "updated_replicas", "available_replicas")
    status = SimpleNamespace(**dict(zip(names, counts, strict=True)))
    workload = SimpleNamespace(status=status, spec=SimpleNamespace(replicas=3))
    assert is_rolled_out("deployment", workload, 5) is expected
