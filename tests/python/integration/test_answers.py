"""Questions in words: answered by fixed queries, or by a model, and safely."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from hha import SharedState
from hha.agents.ai_help import AIHelpAgent
from hha.answers.answering import Answer, answer
from hha.answers.model import Model, ModelSettings
from hha.answers.reading import Reader
from hha.answers.templates import TEMPLATES, choose
from hha.cli import app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from conftest import Engine

LIMIT_SECONDS = 60.0


@pytest.fixture
def troubled(engine: Engine) -> Engine:
    """Agent a1 says it has failed, a2 is well."""
    engine.connection.execute(
        "INSERT INTO health.agent_heartbeats (agent_id, state, error_count, work_items_processed)"
        " VALUES ('a1', 'failed', 9, 10), ('a2', 'running', 0, 10)"
    )
    engine.rows("SELECT health.tick()")
    return engine


@pytest.fixture
def reader_dsn(troubled: Engine, login: Callable[..., str]) -> str:
    return login(troubled.dsn, "health_helper", agents=["ai_help"])


# By templates.


@pytest.mark.parametrize(
    ("question", "name", "has_agent"),
    [
        ("Which agents are unhealthy?", "worst", False),
        ("why does a1 have such a low score?", "why", True),
        ("why was nobody paged about a1?", "told", True),
        ("which alerts are open", "alerts", False),
        ("What was restarted last night?", "recoveries", False),
        ("is any agent likely to fail soon?", "risk", False),
        ("how much money did we lose, what revenue?", "figures", False),
        ("is the monitor itself ticking", "engine", False),
        ("a1?", "agent", True),
    ],
)
def test_the_words_choose_the_template(question: str, name: str, has_agent: bool) -> None:
    template = choose(question, has_agent)
    assert template is not None
    assert template.name == name


def test_other_words_choose_none() -> None:
    assert choose("What is the meaning of life?", False) is None


async def test_every_template_reads_as_the_helper(reader_dsn: str) -> None:
    async with Reader(reader_dsn) as reader:
        for template in TEMPLATES:
            lines = await reader.lines(template, "a1" if template.needs_agent else None)
            assert all(lines), template.name
            assert await reader.lines(template, "a2") is not None
    assert [item["query"] for item in reader.evidence[::2]] == [item.name for item in TEMPLATES]


async def test_answers_say_what_the_views_say(troubled: Engine, reader_dsn: str) -> None:
    (row,) = troubled.rows("SELECT score, status FROM health.fleet WHERE agent_id = 'a1'")
    found = await answer('How is "a1"?', reader_dsn)
    assert found.source == "template"
    assert f"a1 is {row['status']} with a score of {row['score']:.1f}" in found.text
    assert "says it has failed" in found.text
    assert found.evidence == [{"query": "agent", "parameters": {"agent_id": "a1"}, "rows": 2}]

    why = await answer("why has a1 that score", reader_dsn)
    for row in troubled.rows("SELECT * FROM health.explain('a1') WHERE value IS NOT NULL"):
        if row["component"] != "gate":
            name = row["component"].replace("_", " ")
            assert f"{name}: {row['value']:.1f} of 100, {row['contribution']:.1f} p" in why.text
    assert "The gate takes away " in why.text
    assert "it is alive and calls itself failed" in why.text

    lost = await answer("sing me a song", reader_dsn)
    assert "3 agents: " in lost.text, "the engine is one of them"
    assert "- which alerts are open" in lost.text


# By a model.


@dataclass
class Endpoint:
    """Speaks the part of OpenAI's chat API that is used; `script` holds what it answers in turn."""

    url: str = ""
    script: list[dict[str, Any] | int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def results(self) -> list[str]:
        """What the tools gave in the last request."""
        messages = self.requests[-1]["messages"]
        return [message["content"] for message in messages if message["role"] == "tool"]


def says(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def calls(*wanted: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(wanted)
        ],
    }


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()

    async def complete(request: web.Request) -> web.Response:
        endpoint.requests.append(await request.json())
        endpoint.keys.append(request.headers["Authorization"])
        step = endpoint.script.pop(0) if len(endpoint.script) > 1 else endpoint.script[0]
        if isinstance(step, int):
            return web.json_response({"error": {"message": "out of order"}}, status=step)
        reason = "tool_calls" if step.get("tool_calls") else "stop"
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "a-model",
                "choices": [{"index": 0, "finish_reason": reason, "message": step}],
            }
        )

    site_app = web.Application()
    site_app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(site_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield endpoint
    finally:
        await runner.cleanup()


async def ask_model(
    endpoint: Endpoint, dsn: str, *script: dict[str, Any] | int, question: str = "what is wrong?"
) -> Answer:
    endpoint.script = list(script)
    model = Model(ModelSettings("a-model", endpoint.url, "a key"))
    try:
        return await answer(question, dsn, model)
    finally:
        await model.close()


async def test_a_model_looks_and_answers(troubled: Engine, reader_dsn: str) -> None:
    sql = "SELECT agent_id, status FROM health.fleet WHERE agent_id LIKE 'a%' ORDER BY agent_id;"
    async with serving() as endpoint:
        found = await ask_model(
            endpoint,
            reader_dsn,
            calls(("look", {"template": "alerts"}), ("select", {"sql": sql})),
            says("a1 has failed."),
        )
        assert found == Answer("a1 has failed.", "model", found.evidence)
        assert [item["query"] for item in found.evidence] == ["alerts", sql]
        first, _ = endpoint.requests
        assert [tool["function"]["name"] for tool in first["tools"]] == ["look", "select"]
        assert endpoint.keys[0] == "Bearer a key"
        looked, selected = endpoint.results()
        assert "a1 says it has failed" in looked or "says it has failed" in looked
        assert [row["agent_id"] for row in json.loads(selected)] == ["a1", "a2"]


#: SQL of a hostile model, and what it meets.
REFUSED = {
    "DELETE FROM health.questions": "syntax error",
    "SELECT 1; DELETE FROM health.questions": "syntax error",
    "SELECT 1) AS a; COMMIT; SELECT * FROM (SELECT 2": "multiple commands",
    "SELECT 1) AS a; RESET ROLE; SELECT * FROM (SELECT 2": "multiple commands",
    "SELECT health.ask('me')": "read-only transaction",
    "SELECT set_config('transaction_read_only', 'off', true)": "read-write mode",
    "SELECT set_config('role', 'health_owner', true)": "permission denied",
    "SELECT health.acknowledge_alert(1, 'me')": "permission denied",
    "SELECT pg_read_file('/etc/passwd')": "permission denied",
    "SELECT pg_sleep(60)": "statement timeout",
    "SELECT * FROM health_internal.agent_changes": "permission denied",
}


async def test_a_model_cannot_write_or_become_more(
    troubled: Engine, reader_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hha.answers.reading.STATEMENT_TIMEOUT_MS", 300)
    async with serving() as endpoint:
        wanted = calls(*(("select", {"sql": sql}) for sql in REFUSED))
        found = await ask_model(endpoint, reader_dsn, wanted, says("It did not work."))
        for (sql, refusal), result in zip(REFUSED.items(), endpoint.results(), strict=True):
            assert result.startswith("error: "), sql
            assert refusal in result, sql
    assert found == Answer("It did not work.", "model", [])
    assert troubled.rows("SELECT FROM health.questions") == []


async def test_a_login_with_more_rights_gets_no_select(
    troubled: Engine, login: Callable[..., str]
) -> None:
    operator = login(troubled.dsn, "health_operator")
    for dsn in (troubled.dsn, operator):
        async with serving() as endpoint:
            await ask_model(
                endpoint, dsn, calls(("select", {"sql": "SELECT 1"})), says("No such tool.")
            )
            assert len(endpoint.requests[0]["tools"]) == 1
            assert endpoint.results()[0].startswith("error: no such tool")


async def test_wrong_calls_are_told_to_the_model(troubled: Engine, reader_dsn: str) -> None:
    async with serving() as endpoint:
        await ask_model(
            endpoint,
            reader_dsn,
            calls(
                ("look", {"template": "nonsense"}),
                ("look", {"template": "why"}),
                ("look", {"template": "why", "agent_id": "nobody"}),
                ("look", {}),
            ),
            says("Never mind."),
        )
        assert all(result.startswith("error: ") for result in endpoint.results())


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([500], "Error code: 500"),
        ([401], "Error code: 401"),
        ([says("")], "an empty answer"),
        ([calls(("look", {"template": "fleet"}))], "no answer in 6 rounds"),
    ],
)
async def test_a_template_answers_where_the_model_fails(
    troubled: Engine, reader_dsn: str, script: list[Any], error: str
) -> None:
    async with serving() as endpoint:
        found = await ask_model(endpoint, reader_dsn, *script, question="which alerts are open?")
    assert found.source == "template"
    assert "says it has failed" in found.text
    assert error in (found.error or "")
    assert [item["query"] for item in found.evidence] == ["alerts"]


async def test_an_endpoint_that_is_away_is_no_disaster(troubled: Engine, reader_dsn: str) -> None:
    found = await ask_model(Endpoint("http://127.0.0.1:9/v1"), reader_dsn, says("never"))
    assert found.source == "template"
    assert "a-model cannot be asked" in (found.error or "")


# As an agent, and as a command.


def hha(dsn: str, *arguments: str) -> Any:
    done = CliRunner().invoke(app, ["ask", *arguments, "--dsn", dsn, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


async def test_the_agent_answers_what_analysts_ask(
    troubled: Engine, reader_dsn: str, login: Callable[..., str]
) -> None:
    analyst = login(troubled.dsn, "health_analyst")
    here = await asyncio.to_thread(hha, analyst, "which alerts are open?")
    assert here["source"] == "template"
    assert troubled.rows("SELECT FROM health.questions") == [], "no help agent runs: not asked"

    async with serving() as endpoint, SharedState(reader_dsn) as state:
        endpoint.script = [says("All is well but a1.")]
        agent = AIHelpAgent("ai_help", state, interval=0.05, model="a-model", base_url=endpoint.url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_API_KEY", "a key")
            life = asyncio.create_task(agent.run())
            async with asyncio.timeout(LIMIT_SECONDS):
                while not troubled.rows(
                    "SELECT FROM health.fleet WHERE agent_id = 'ai_help' AND state = 'running'"
                ):
                    troubled.rows("SELECT health.tick()")
                    await asyncio.sleep(0.05)
                asked = await asyncio.to_thread(hha, analyst, "what is wrong?")
                assert asked["answer"] == "All is well but a1."
                assert asked["source"] == "model"

                endpoint.script = [500]
                asked = await asyncio.to_thread(hha, analyst, "which alerts are open?")
                assert asked["source"] == "template"
                assert "Error code: 500" in asked["error"]
            await agent.stop()
            await asyncio.wait_for(life, LIMIT_SECONDS)
    (error,) = troubled.rows(
        "SELECT event_data FROM health.system_events"
        " WHERE agent_id = 'ai_help' AND event_type = 'agent_error'"
    )
    assert "Error code: 500" in error["event_data"]["error_message"]
    assert agent.answered_by == {"template": 1, "model": 1}
