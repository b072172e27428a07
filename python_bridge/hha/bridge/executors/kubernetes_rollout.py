"""A rollout restart: what to write into a workload, and whether its replacement is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REQUEST = "hha/request"
# Within this time the same request is the one already carried out; later its number may have come
# from another database.
_SAME_REQUEST = timedelta(minutes=2)


def restart_patch(request: str) -> dict[str, Any]:
    """What `kubectl rollout restart` writes, and which request it was."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    annotations = {RESTARTED_AT: now, REQUEST: request}
    return {"spec": {"template": {"metadata": {"annotations": annotations}}}}


def was_requested(workload: Any, request: str) -> bool:
    """Whether this very request was written before, by a bridge that was killed since."""
    metadata = workload.spec.template.metadata
    annotations = (metadata and metadata.annotations) or {}
    if not request or annotations.get(REQUEST) != request:
        return False
    try:
        restarted_at = datetime.fromisoformat(annotations.get(RESTARTED_AT, ""))
        return datetime.now(UTC) - restarted_at < _SAME_REQUEST
    except (ValueError, TypeError):
        return False


def is_rolled_out(kind: str, workload: Any, generation: int) -> bool:
    """Whether the controller has observed a generation, and all that is wanted is up and new."""
    status = workload.status
    if status is None or (status.observed_generation or 0) < generation:
        return False
    if kind == "daemonset":
        wanted = status.desired_number_scheduled or 0
        updated = status.updated_number_scheduled or 0
        return updated == wanted == (status.number_available or 0)
    wanted = 1 if workload.spec.replicas is None else workload.spec.replicas
    updated, available = status.updated_replicas or 0, status.available_replicas or 0
    # status.replicas counts those of the old template until they are gone.
    return (status.replicas or 0) == updated == wanted == available


def is_ready(pod: Any) -> bool:
    """Whether a pod has the condition Ready."""
    conditions = (pod.status and pod.status.conditions) or ()
    return any(item.type == "Ready" and item.status == "True" for item in conditions)
