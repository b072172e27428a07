"""LangSmithBridge against a server on loopback that speaks LangSmith's API."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from servers.waiting import until_async

from hha import SharedState
from hha.agents.langsmith_bridge import LangSmithBridge, measures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from conftest import Engine

LIMIT_SECONDS = 60.0
SESSION = str(uuid.uuid4())


def run(seconds_ago: float, latency: float, *, is_failed: bool = False) -> dict[str, Any]:
    """A run as LangSmith tells it."""
    end = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {
        "id": str(uuid.uuid4()),
        "start_time": (end - timedelta(seconds=latency)).isoformat(),
        "end_time": end.isoformat(),
        "status": "ERROR" if is_failed else "SUCCESS",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "total_cost": 0.003,
    }


@dataclass
class LangSmith:
    """What the server holds and was asked. `status`: what it answers instead, if not 200."""

    url: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    status: int = 200
    page_size: int = 2


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[LangSmith]:
    box = LangSmith()

    async def sessions(request: web.Request) -> web.Response:
        box.keys.add(request.headers["x-api-key"])
        if request.query["name"] != "shop":
            return web.json_response([])
        project = {
            "id": SESSION,
            "name": "shop",
            "start_time": "2026-01-01T00:00:00",
            "tenant_id": str(uuid.uuid4()),
            "reference_dataset_id": None,
        }
        return web.json_response([project])

    async def query(request: web.Request) -> web.Response:
        if box.status != 200:
            return web.json_response({"detail": "out of order"}, status=box.status)
        body = await request.json()
        box.queries.append(body)
        first = int(body.get("cursor", 0))
        last = first + box.page_size
        more = str(last) if last < len(box.runs) else None
        return web.json_response({"items": box.runs[first:last], "next_cursor": more})

    async def info(_: web.Request) -> web.Response:
        return web.json_response({"version": "0.16.0"})

    app = web.Application()
    app.router.add_get("/sessions", sessions)
    app.router.add_post("/api/v2/runs/query", query)
    app.router.add_get("/info", info)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield box
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def watching(dsn: str, box: LangSmith, name: str = "shop") -> AsyncIterator[LangSmithBridge]:
    async with SharedState(dsn) as state:
        bridge = LangSmithBridge(
            "langsmith_bridge", state, project=[name], api_url=box.url, interval=0.1, error_wait=0.1
        )
        life = asyncio.create_task(bridge.run())
        try:
            yield bridge
        finally:
            await bridge.stop()
            await asyncio.wait_for(life, LIMIT_SECONDS)


async def test_a_project_is_an_agent(
    engine: Engine, login: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_API_KEY", "a key")
    dsn = login(engine.dsn, "health_agent", agents=["langsmith_bridge", "langsmith:shop"])

    def newest() -> dict[str, Any]:
        rows = engine.rows(
            "SELECT * FROM health.agent_heartbeats WHERE agent_id = 'langsmith:shop'"
            " AND work_items_processed IS NOT NULL ORDER BY received_at DESC LIMIT 1"
        )
        return rows[0] if rows else {}

    async with serving() as box:
        box.runs = [run(1, 0.2), run(2, 0.4), run(3, 1.2, is_failed=True)]
        async with watching(dsn, box) as bridge:
            await until_async(lambda: newest().get("work_items_processed") == 3)
            assert newest()["error_count"] == 1
            query = box.queries[0]
            assert query["project_ids"] == [SESSION]
            assert query["is_root"]
            assert query["filter"].startswith('gt(end_time, "')
            assert box.keys == {"a key"}

            # The same runs are in the overlap and counted once; a new one is added.
            box.runs.append(run(0, 0.1))
            await until_async(lambda: newest().get("work_items_processed") == 4)
            asked = len(box.queries)
            await until_async(lambda: len(box.queries) >= asked + 4)
            assert newest()["work_items_processed"] == 4

            box.status = 500
            await until_async(lambda: bridge.state == "error")
            box.status = 200
            await until_async(lambda: bridge.state == "running")
    series = {
        row["metric_name"]: row["total"]
        for row in engine.rows(
            "SELECT metric_name, sum(metric_value) AS total FROM health.performance_metrics"
            " WHERE agent_id = 'langsmith:shop' GROUP BY metric_name"
        )
    }
    assert series["llm_run_count"] == 4
    assert series["llm_total_tokens"] == 480
    assert series["llm_cost_usd"] == pytest.approx(0.012)
    (agent,) = engine.rows("SELECT * FROM health.agents WHERE agent_id = 'langsmith:shop'")
    assert (agent["agent_name"], agent["agent_type"]) == ("shop", "LangSmithProject")
    engine.rows("SELECT health.tick()")
    (shown,) = engine.rows("SELECT * FROM health.fleet WHERE agent_id = 'langsmith:shop'")
    assert shown["liveness"] == "alive"


async def test_an_unknown_project_is_an_error_that_names_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_API_KEY", "a key")
    async with serving() as box, watching(engine.dsn, box, "nowhere") as bridge:
        await until_async(lambda: bridge.state == "error")
    (error, *_) = engine.rows(
        "SELECT event_data FROM health.system_events WHERE event_type = 'agent_error'"
    )
    assert "nowhere" in error["event_data"]["error_message"]


async def test_without_a_key_it_idles(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGSMITH_API_KEY", raising=False)
    async with watching(engine.dsn, LangSmith("http://127.0.0.1:9")) as bridge:
        await until_async(lambda: bridge.state == "running" and bridge.work_items_processed == 0)
        await until_async(lambda: engine.rows("SELECT FROM health.agent_heartbeats"))
    assert bridge.error_count == 0


def test_no_runs_have_no_latency() -> None:
    assert measures([]) == {
        "llm_run_count": 0.0,
        "llm_prompt_tokens": 0.0,
        "llm_completion_tokens": 0.0,
        "llm_total_tokens": 0.0,
        "llm_cost_usd": 0.0,
    }
