"""The gateway does what its OpenAPI document says, whatever it is sent; seeds are fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from gateway_site import TOKEN, RunningGateway
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from hha.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
HEARTBEATS = "POST /api/heartbeats"


@pytest.fixture
def gateway(engine: Engine, login: Callable[..., str]) -> Iterator[RunningGateway]:
    """One that writes for the agent one."""
    dsn = login(engine.dsn, "health_gateway", agents=["one"])
    running = RunningGateway(GatewaySettings(dsn, token=TOKEN))
    yield running
    running.stop()


def statuses(operation: Any, mode: GenerationMode, ping_id: str) -> set[int]:
    """Send generated requests; the statuses of the answers, each as the document says."""
    is_heartbeats = operation.label == HEARTBEATS
    seen: set[int] = set()

    @settings(
        max_examples=25 if is_heartbeats else 6,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case) -> None:
        if mode is GenerationMode.POSITIVE and "ping_id" in case.path_parameters:
            case.path_parameters["ping_id"] = ping_id
        if mode is GenerationMode.POSITIVE and is_heartbeats:
            for item in case.body if isinstance(case.body, list) else [case.body]:
                item["agent_id"] = "one"
        # Of numbers next to 0 and times of other days the database's rules say more.
        excluded = CHECKS.get_by_names(["positive_data_acceptance"]) if is_heartbeats else []
        answer = case.call_and_validate(headers=HEADERS, excluded_checks=excluded)
        seen.add(answer.status_code)

    call()
    return seen


def test_the_document_is_kept_whatever_is_sent(gateway: RunningGateway, engine: Engine) -> None:
    engine.run("SELECT health.register_agent('one')")
    ping_id = str(engine.value("SELECT health.create_ping_url('one')"))
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 17
    for operation in operations:
        good = statuses(operation, GenerationMode.POSITIVE, ping_id)
        if operation.label == HEARTBEATS:
            assert 200 in good
            assert good <= {200, 422}
        else:
            assert good == {200}, operation.label
        if operation.label != "GET /healthz":  # of which nothing can be wrong
            bad = statuses(operation, GenerationMode.NEGATIVE, ping_id)
            # 200 where only the token was bad, in whose place stands ours.
            assert bad <= {200, 400, 401, 404, 415, 422}, operation.label
            assert bad & {400, 404, 422}, operation.label
    assert engine.value("SELECT count(*) FROM health.ingest_heartbeats") > 0
