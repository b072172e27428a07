"""The executor 'http' against a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hha.bridge import parse_config
from hha.bridge.channels.webhook import sign
from hha.bridge.executors import Executor, ExecutorContext

SECRET = "correct horse"


@dataclass
class Hook:
    """Answers with the given status; `delay` holds the answer back until it is set."""

    url: str = ""
    status: int = 200
    delay: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.requests.append((dict(self.headers), body))
            box.arrived.set()
            box.delay.wait(30)
            self.send_response(box.status)
            self.send_header("Location", box.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    box = Hook()
    box.delay.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/restart"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield box
    box.delay.set()
    server.shutdown()
    thread.join()
    server.server_close()


def executor(folder: Path, url: str, *lines: str) -> Executor:
    text = f'[agents."web 1"]\nexecutor = "http"\nurl = "{url}"\n' + "\n".join(lines)
    config = parse_config(text, source=folder / "bridge.toml")
    context = ExecutorContext(folder, config.secret_variables, lambda _exit: None)
    return config.agents["web 1"].build("web 1", context)


@pytest.mark.parametrize("action", ["restart_agent", "reload"])
async def test_an_order_is_posted_signed_with_the_request_as_its_key(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    web = executor(tmp_path, hook.url, 'secret_env = "HOOK_SECRET"')
    result = await web.execute(action, "action 7", {"command": "x", "path": "../.."})
    assert (result.outcome, result.details) == ("succeeded", {"http_status": 200})
    ((headers, body),) = hook.requests
    assert json.loads(body) == {
        "agent_id": "web 1",
        "action": action,
        "idempotency_key": "action 7",
    }
    assert headers["Idempotency-Key"] == "action 7"
    assert headers["X-HHA-Signature"] == sign(SECRET, headers["X-HHA-Timestamp"], body)
    assert abs(int(headers["X-HHA-Timestamp"]) - time.time()) < 60


async def test_without_a_secret_it_is_not_signed(hook: Hook, tmp_path: Path) -> None:
    await executor(tmp_path, hook.url).execute("restart_agent", "action 7")
    ((headers, _),) = hook.requests
    assert "X-HHA-Signature" not in headers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (202, "succeeded"),
        (204, "succeeded"),
        (301, "refused"),
        (400, "refused"),
        (401, "refused"),
        (404, "refused"),
        (408, "failed"),
        (409, "failed"),
        (429, "failed"),
        (500, "failed"),
        (503, "failed"),
    ],
)
async def test_the_answer_decides(hook: Hook, tmp_path: Path, status: int, outcome: str) -> None:
    hook.status = status
    result = await executor(tmp_path, hook.url).execute("restart_agent", "action 7")
    assert result.outcome == outcome
    assert result.details["http_status"] == status
    assert len(hook.requests) == 1  # neither tried again nor redirected


async def test_only_the_configured_actions_are_sent(hook: Hook, tmp_path: Path) -> None:
    web = executor(tmp_path, hook.url, 'actions = ["restart_agent"]')
    for action in ("reload", "run_command", "delete everything", ""):
        assert (await web.execute(action, "action 7")).outcome == "refused"
    assert hook.requests == []


async def test_a_hook_that_does_not_answer_in_time_has_failed(hook: Hook, tmp_path: Path) -> None:
    hook.delay.clear()
    web = executor(tmp_path, hook.url, "timeout_seconds = 0.2")
    result = await web.execute("restart_agent", "action 7")
    assert result.outcome == "failed"
    assert result.details == {"reason": "the hook did not answer within 0.2 s"}


async def test_a_hook_that_is_not_there_has_failed_and_its_url_is_not_told(tmp_path: Path) -> None:
    web = executor(tmp_path, "http://127.0.0.1:1/hidden")
    result = await web.execute("restart_agent", "action 7")
    assert result.outcome == "failed"
    assert result.details == {"reason": "the hook cannot be reached: ConnectError"}


async def test_a_cancelled_order_ends_at_once(hook: Hook, tmp_path: Path) -> None:
    hook.delay.clear()
    running = asyncio.create_task(executor(tmp_path, hook.url).execute("restart_agent", "action 7"))
    await asyncio.to_thread(hook.arrived.wait, 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
