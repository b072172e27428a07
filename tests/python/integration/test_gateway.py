"""Pings by HTTP on a real database, as Healthchecks takes them, and heartbeats as JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, LiteralString

import httpx
import psycopg
import pytest
from gateway_site import TOKEN, RunningGateway
from psycopg.conninfo import make_conninfo
from servers.base import free_port
from servers.waiting import until

from hha.errors import ConfigurationError
from hha.gateway.database import Heartbeats, Recorder
from hha.gateway.pings import BODY_LIMIT
from hha.gateway.settings import GatewaySettings
from hha.gateway.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Engine
    from servers import Server

    from hha.database_link import Row

    OpenGateway = Callable[..., RunningGateway]

JOB = "nightly-backup"
SIGNALS = (
    "SELECT signal, run_id, attributes FROM health.ingest_heartbeats"
    " WHERE agent_id = 'nightly-backup' ORDER BY received_at"
)


@pytest.fixture
def open_gateway(engine: Engine, login: Callable[..., str]) -> Iterator[OpenGateway]:
    """Starts a gateway with the role of gateways and nothing else."""
    running: list[RunningGateway] = []

    def start(
        agents: tuple[str, ...] = (), options: str | None = None, **changes: Any
    ) -> RunningGateway:
        dsn = make_conninfo(login(engine.dsn, "health_gateway", agents=agents), options=options)
        running.append(RunningGateway(GatewaySettings(**{"dsn": dsn, **changes})))
        return running[-1]

    yield start
    for gateway in running:
        gateway.stop()


@pytest.fixture
def ping_id(engine: Engine) -> str:
    """The secret part of the address of a job."""
    engine.run("SELECT health.register_agent('nightly-backup')")
    return str(engine.value("SELECT health.create_ping_url('nightly-backup')"))


def told(engine: Engine) -> list[tuple[str | None, str | None, dict[str, Any] | None]]:
    """What the job's pings became."""
    rows = engine.rows(SIGNALS)
    return [(row["signal"], row["run_id"], row["attributes"]) for row in rows]


def test_each_form_of_a_ping(open_gateway: OpenGateway, engine: Engine, ping_id: str) -> None:
    forms = [
        ("", "beat", None),
        ("/", "beat", None),
        ("/start", "start", None),
        ("/fail", "fail", None),
        ("/log", "log", None),
        ("/0", "success", {"exit_code": 0}),
        ("/28", "fail", {"exit_code": 28}),
        ("/255", "fail", {"exit_code": 255}),
    ]
    with open_gateway().client() as client:
        for path, *_ in forms:
            for method in ("GET", "HEAD", "POST"):
                answer = client.request(method, f"/ping/{ping_id}{path}")
                assert answer.status_code == 200, (method, path)
                assert answer.text == ("" if method == "HEAD" else "OK")
                assert answer.headers["ping-body-limit"] == str(BODY_LIMIT)
                assert answer.headers["access-control-allow-origin"] == "*"
    assert told(engine) == [
        (signal, None, attributes) for _, signal, attributes in forms for _ in range(3)
    ]


def test_a_plain_ping_ends_a_run_once_the_url_has_told_of_runs(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    with open_gateway().client() as client:
        for path in ("", "/start", ""):
            client.get(f"/ping/{ping_id}{path}").raise_for_status()
    assert [signal for signal, *_ in told(engine)] == ["beat", "start", "success"]


def test_a_plain_ping_of_a_job_with_a_schedule_is_a_run(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    engine.run("SELECT health.set_schedule('nightly-backup', '30 2 * * *')")
    with open_gateway().client() as client:
        client.get(f"/ping/{ping_id}").raise_for_status()
    assert told(engine) == [("success", None, None)]


def test_runs_are_paired_by_rid(open_gateway: OpenGateway, engine: Engine, ping_id: str) -> None:
    first, second = str(uuid.uuid4()), "2031-05-07 night"
    with open_gateway().client() as client:
        for path, rid in (
            ("/start", first),
            ("/start", second),
            ("/log", second),
            ("/3", first),
            ("", second),
        ):
            client.post(f"/ping/{ping_id}{path}", params={"rid": rid}).raise_for_status()
    engine.tick(None, is_replay=False)
    runs = engine.rows(
        "SELECT run_id, outcome, log_count, started_at < finished_at AS is_in_order, attributes"
        " FROM health.job_runs ORDER BY began_at"
    )
    assert [tuple(run.values()) for run in runs] == [
        (first, "fail", 0, True, {"exit_code": 3}),
        (second, "success", 1, True, None),
    ]


def test_a_failed_run_is_alerted_with_its_output(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    with open_gateway().client() as client:
        client.post(f"/ping/{ping_id}/28", content="disk full").raise_for_status()
    engine.tick(None, is_replay=False)
    details = engine.value("SELECT details FROM health.rule_findings WHERE rule = 'job_failed'")
    assert details["attributes"] == {"exit_code": 28, "body": "disk full"}
    assert engine.open_rules(JOB) == {"job_failed"}


def test_bodies_are_kept(open_gateway: OpenGateway, engine: Engine, ping_id: str) -> None:
    bodies = [
        (b"", None),
        ("Grüße, 健康".encode(), "Grüße, 健康"),
        (b"a\0b\xff", "a\ufffdb\ufffd"),
        (b"x" * BODY_LIMIT, "x" * BODY_LIMIT),
        (
            b"h" * 5_000 + b"m" * 1_000_000 + b"t" * 5_000,
            "h" * 2000 + "\n… 1004000 bytes left out …\n" + "t" * 4000,
        ),
        (b"\xff" * BODY_LIMIT, "\ufffd" * (BODY_LIMIT // 3)),
        (b"\xff" * 10_000, "\ufffd" * 666 + "\n… 4000 bytes left out …\n" + "\ufffd" * 1333),
    ]
    with open_gateway().client() as client:
        for body, _ in bodies:
            client.post(f"/ping/{ping_id}/fail", content=body).raise_for_status()
            client.request("GET", f"/ping/{ping_id}/log", content=body).raise_for_status()
    expected: list[tuple[str, None, dict[str, str] | None]] = []
    for _, kept in bodies:
        expected += [("fail", None, None if kept is None else {"body": kept}), ("log", None, None)]
    assert told(engine) == expected


def test_what_makes_no_sense_is_refused_and_nothing_recorded(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    with open_gateway().client() as client:
        for path, status in (
            (f"{ping_id}/256", 400),
            (f"{ping_id}/-1", 400),
            (f"{ping_id}/stop", 400),
            (f"{ping_id}/1e1", 400),
            (f"{ping_id}/start/now", 404),
            (f"{ping_id}/start?rid=", 400),
            (f"{ping_id}/start?rid=a%00b", 400),
            (f"{ping_id}/start?rid=%ff", 400),
            (f"{ping_id}/start?rid=" + "x" * 201, 400),
            ("nightly-backup", 404),
            ("", 404),
            (str(uuid.UUID(int=0)), 404),
            ("not-a-uuid/nightly-backup", 404),
        ):
            answer = client.get(f"/ping/{path}")
            assert (answer.status_code, bool(answer.text)) == (status, True), path
        refused = client.delete(f"/ping/{ping_id}")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    assert told(engine) == []


def test_a_revoked_address_and_one_of_a_deleted_agent_are_not_found(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    second = engine.value("SELECT health.create_ping_url('nightly-backup')")
    with open_gateway().client() as client:
        engine.run("SELECT health.revoke_ping_url(%s)", ping_id)
        assert client.get(f"/ping/{ping_id}").status_code == 404
        assert client.get(f"/ping/{second}").status_code == 200
        engine.run("DELETE FROM health.agents WHERE agent_id = 'nightly-backup'")
        assert client.get(f"/ping/{second}").status_code == 404


def test_slugs_only_where_they_are_let_in(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    engine.run("SELECT health.create_ping_url('nightly-backup', 'backup')")
    assert ping_id
    key = "fqOOd6-F4MMNuCEnzTU01w"
    expected: list[tuple[dict[str, Any], dict[str, int]]] = [
        ({}, {"backup": 404, f"{key}/backup": 404}),
        ({"has_open_slugs": True}, {"backup/start": 200, "restore": 404, "Backup": 400}),
        (
            {"ping_key": key},
            {
                f"{key}/backup/7": 200,
                f"{key}/backup": 200,
                f"{key}/restore": 404,
                key: 404,
                "backup": 404,
                "another-key/backup": 404,
            },
        ),
    ]
    for changes, answers in expected:
        with open_gateway(**changes).client() as client:
            for path, status in answers.items():
                assert client.get(f"/ping/{path}").status_code == status, (changes, path)
    assert [signal for signal, *_ in told(engine)] == ["start", "fail", "success"]


def test_keys_that_cannot_be_told_from_addresses_are_refused() -> None:
    for changes in (
        {"ping_key": str(uuid.uuid4())},
        {"ping_key": "a/b"},
        {"ping_key": "k", "has_open_slugs": True},
    ):
        with pytest.raises(ConfigurationError):
            GatewaySettings("dbname=x", **changes)


def test_curl_beats(open_gateway: OpenGateway, engine: Engine, ping_id: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    url = f"{open_gateway().url}/ping/{ping_id}"
    curl = ["curl", "--fail", "--silent", "--show-error", "--max-time", "30", "--retry", "2"]
    for arguments in (
        [f"{url}/start"],
        ["--data-raw", "it works", f"{url}/log"],
        ["--head", f"{url}/0"],
        ["--http1.0", url],
    ):
        done = subprocess.run([*curl, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert [(signal, attributes) for signal, _, attributes in told(engine)] == [
        ("start", None),
        ("log", {"body": "it works"}),
        ("success", {"exit_code": 0}),
        ("success", None),
    ]


# --- trouble ---------------------------------------------------------------------------------


def test_what_was_answered_200_outlives_a_crash_and_nothing_else_is_acknowledged(
    open_gateway: OpenGateway, server: Server, ping_id: str, deployed_database: str
) -> None:
    # The servers of the tests answer before a commit is on disk.
    gateway = open_gateway(("one",), options="-c synchronous_commit=on", token=TOKEN)
    told_ok: list[str] = []
    others: list[httpx.Response] = []
    is_over = threading.Event()

    def call(name: str) -> None:
        with gateway.client() as client:
            for number in itertools.count():
                if is_over.is_set():
                    return
                run_id = f"{name} {number}"
                answer = client.get(f"/ping/{ping_id}", params={"rid": run_id})
                if answer.status_code == 200:
                    told_ok.append(run_id)
                else:
                    others.append(answer)
                    is_over.wait(0.01)

    def wait_for(more: int) -> None:
        wanted = len(told_ok) + more
        until(lambda: len(told_ok) >= wanted, lambda: others[-1:])

    with ThreadPoolExecutor(4) as callers:
        calls = [callers.submit(call, f"caller {number}") for number in range(4)]
        try:
            wait_for(50)
            server.restart("immediate")
            wait_for(50)
            server.stop()
            assert_away(gateway, ping_id)
            server.start()
            wait_for(1)
        finally:
            is_over.set()
    for done in calls:
        done.result()
    assert {answer.status_code for answer in others} == {503}
    assert all("retry-after" in answer.headers for answer in others)
    with psycopg.connect(deployed_database) as connection:
        kept = connection.execute("SELECT run_id FROM health.ingest_heartbeats").fetchall()
    assert set(told_ok) <= {run_id for (run_id,) in kept}


def assert_away(gateway: RunningGateway, ping_id: str) -> None:
    """Every answer says so, and none what the database is called."""
    with gateway.client() as client:
        answers = [
            client.post(f"/ping/{ping_id}/fail", content="disk full"),
            client.get("/healthz"),
            post(gateway, {"agent_id": "one"}),
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "away" in answer.text
        assert "port" not in answer.text


def test_too_many_that_wait_are_told_to_come_again(
    open_gateway: OpenGateway, engine: Engine, ping_id: str
) -> None:
    gateway = open_gateway(capacity=2)
    blocker = engine.connect(autocommit=False)
    blocker.execute("LOCK TABLE health.ingest_heartbeats IN ACCESS EXCLUSIVE MODE")

    def call() -> httpx.Response:
        with gateway.client() as client:
            return client.get(f"/ping/{ping_id}")

    with ThreadPoolExecutor(8) as callers:
        calls = [callers.submit(call) for _ in range(8)]
        # Two at most are being written, and two wait.
        refused = [done.result() for done in itertools.islice(as_completed(calls), 4)]
        blocker.rollback()
        answers = [done.result() for done in calls]
    for answer in refused:
        assert answer.status_code == 503
        assert answer.text == "not recorded, try again: too many requests wait to be written"
        assert "retry-after" in answer.headers
    recorded = [answer.status_code for answer in answers].count(200)
    assert 1 <= recorded <= 4
    assert len(told(engine)) == recorded


def test_a_gateway_without_its_role_acknowledges_nothing(
    engine: Engine, login: Callable[..., str], ping_id: str
) -> None:
    gateway = RunningGateway(GatewaySettings(login(engine.dsn, "health_agent"), token=TOKEN))
    try:
        with gateway.client() as client:
            assert client.get(f"/ping/{ping_id}").status_code == 503
        assert post(gateway, {"agent_id": "one"}).status_code == 503
    finally:
        gateway.stop()


def command(dsn: str, port: int, **variables: str) -> subprocess.Popen[str]:
    """`hha gateway` as a user runs it."""
    return subprocess.Popen(
        [sys.executable, "-m", "hha.child", "gateway", "--port", str(port)],
        env={"PATH": os.environ["PATH"], "HHA_DSN": dsn, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_finishes_what_it_began(
    engine: Engine, login: Callable[..., str], ping_id: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    port = free_port()
    url = f"http://127.0.0.1:{port}/ping/{ping_id}"
    dsn = login(engine.dsn, "health_gateway")
    process = command(dsn, port, HHA_GATEWAY_TOKEN_FILE=str(tmp_path / "token"))
    try:
        assert process.stdout is not None
        assert "/api/heartbeats: accepted" in process.stdout.readline()
        deadline = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(url, timeout=30).text == "OK"
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        blocker = engine.connect(autocommit=False)
        blocker.execute("LOCK TABLE health.ingest_heartbeats IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as callers:
            last = callers.submit(httpx.get, f"{url}/start", timeout=30)
            waiting: LiteralString = (
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'hha%'"
                " AND wait_event_type = 'Lock' AND datname = current_database()"
            )
            while engine.value(waiting) == 0:
                assert not last.done()
            process.terminate()
            blocker.rollback()
            assert last.result().status_code == 200
        process.wait(60)
    finally:
        process.kill()
        process.communicate()
    assert [signal for signal, *_ in told(engine)] == ["beat", "start"]


def test_an_empty_token_is_no_token(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    process = command(engine.dsn, 0, HHA_GATEWAY_TOKEN_FILE=str(tmp_path / "token"))
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "token, which is empty" in errors) == (2, True)


def test_a_body_that_does_not_come_is_not_waited_for(
    gateway: RunningGateway, engine: Engine, ping_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hha.gateway.app.BODY_SECONDS", 0.2)
    address = ("127.0.0.1", int(gateway.url.rpartition(":")[2]))
    for path in (f"/ping/{ping_id}/fail", "/api/heartbeats"):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n{{"
        ).encode()
        with socket.create_connection(address, 60) as caller:
            caller.sendall(head)
            assert caller.recv(100).startswith(b"HTTP/1.1 408 "), path
        with socket.create_connection(address, 60) as caller:
            caller.sendall(head)  # and goes
    with gateway.client() as client:
        assert client.get(f"/ping/{ping_id}").status_code == 200
    assert [signal for signal, *_ in told(engine)] == ["beat"]


# --- heartbeats ------------------------------------------------------------------------------

FULL = {
    "agent_id": "one",
    "state": "idle",
    "work_items_processed": 9007199254740993 - 9000000000000000,
    "average_processing_time_ms": 12.5,
    "cpu_usage_percent": 99.5,
    "memory_usage_mb": 300,
    "memory_limit_mb": 512,
    "error_count": 2,
    "cost_efficiency": 80,
    "user_satisfaction": None,
    "operational_efficiency": 70,
    "revenue_impact_usd": -5,
    "signal": "beat",
    "run_id": "run 1",
    "attributes": {"queue": [1, 2], "note": "ä"},
}


def post(gateway: RunningGateway, body: object, token: str | None = TOKEN) -> httpx.Response:
    """Heartbeats as JSON, or whatever bytes."""
    with gateway.client() as client:
        return client.post(
            "/api/heartbeats",
            content=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "content-type": "application/json",
                **({} if token is None else {"authorization": f"Bearer {token}"}),
            },
        )


@pytest.fixture
def gateway(open_gateway: OpenGateway) -> RunningGateway:
    """One that writes for the agents one and two."""
    return open_gateway(("one", "two"), token=TOKEN)


def count(engine: Engine) -> int:
    """Heartbeats in the gateways' table."""
    return int(engine.value("SELECT count(*) FROM health.ingest_heartbeats"))


def test_heartbeats_one_or_many(gateway: RunningGateway, engine: Engine) -> None:
    assert post(gateway, FULL).json() == {"recorded": 1}
    kept = engine.row("SELECT * FROM health.ingest_heartbeats")
    assert {name: kept[name] for name in FULL} == FULL
    assert kept["sent_at"] is None
    many = [{"agent_id": "one"}, {"agent_id": "two", "state": None, "signal": "start"}] * 50
    assert post(gateway, many).json() == {"recorded": 100}
    assert post(gateway, []).json() == {"recorded": 0}
    assert count(engine) == 101
    assert engine.value("SELECT count(*) FROM health_internal.job_signals") == 50
    engine.tick(None, is_replay=False)
    assert engine.status("two")["state"] == "running"


def test_all_or_nothing_and_each_bad_item_is_told(gateway: RunningGateway, engine: Engine) -> None:
    items = [
        {"agent_id": "one"},
        {"agent_id": "one", "cpu_usage_percent": 101},
        {"agent_id": "three"},
        {"agent_id": "one", "error_count": "many"},
        {"agent_id": "one", "cpu": 5},
        {"state": "running"},
        17,
        {"agent_id": "one", "sent_at": "2001-01-01T00:00:00Z"},
        {"agent_id": "one", "attributes": {"note": "a\0b"}},
        {"agent_id": "one", "attributes": {"long": "x" * 9000}},
        {"agent_id": "two", "run_id": "ok"},
    ]
    answer = post(gateway, items)
    assert answer.status_code == 422
    told = answer.json()
    assert told["recorded"] == 0
    assert [(error["index"], error["field"], error["code"]) for error in told["errors"]] == [
        (1, "cpu_usage_percent", "23514"),
        (2, None, "AG005"),
        (3, "error_count", "22P02"),
        (4, None, "GW001"),
        (5, None, "GW002"),
        (6, None, "GW002"),
        (7, None, "23514"),
        (8, None, "22P05"),
        (9, "attributes", "23514"),
    ]
    assert all(error["problem"] and error["hint"] for error in told["errors"])
    assert "cpu_usage_percent_is_a_plain_number_from_0_to_100" in told["errors"][0]["problem"]
    assert count(engine) == 0
    mended = [items[0], items[-1]]
    assert post(gateway, mended).json() == {"recorded": 2}


async def test_a_bad_request_does_not_harm_those_it_is_written_with(
    engine: Engine, login: Callable[..., str]
) -> None:
    recorder = Recorder(login(engine.dsn, "health_gateway", agents=["one", "two"]))
    writer: GroupWriter[Heartbeats, list[Row]] = GroupWriter(
        recorder.record_heartbeats, capacity=100, batch_size=100
    )
    running = asyncio.create_task(writer.run())
    async with asyncio.timeout(60):
        problems = await asyncio.gather(
            *(
                writer.put(Heartbeats(f'{{"agent_id": "{agent}"}}, {{"agent_id": "two"}}', 2), 2)
                for agent in ("one", "three", "one", "two")
            )
        )
    running.cancel()
    await recorder.close()
    codes = [[problem["code"] for problem in of_request] for of_request in problems]
    assert codes == [[], ["AG005"], [], []]
    assert count(engine) == 6
    written = engine.value("SELECT count(DISTINCT txid) FROM health.ingest_heartbeats")
    assert written == 3, "the group was written request by request"


def test_bodies_of_strangers(gateway: RunningGateway, engine: Engine) -> None:
    for body, status in (
        (b"", 400),
        (b"{", 400),
        (b"[NaN]", 400),
        (b'"one"', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"[" * 900 + b"]" * 900, 422),
        (b'{"agent_id": "one", "error_count": 1e999}', 422),
        (b'{"agent_id": "\\ud800"}', 422),
        (b'{"agent_id": "one", "a\\u0000b": 1}', 422),
        (b"[" + b"{}," * 10_000 + b"{}]", 413),
        (b" " * (2 * 1024 * 1024 + 1), 413),
    ):
        answer = post(gateway, body)
        assert answer.status_code == status, (body[:80], answer.text)
        assert {"problem", "hint"} <= answer.json().keys()
    assert count(engine) == 0
    deep = b'{"agent_id": "one", "attributes": ' + b'{"a":' * 200 + b"1" + b"}" * 201
    assert post(gateway, deep).json() == {"recorded": 1}


def test_who_may_post_heartbeats(open_gateway: OpenGateway, engine: Engine) -> None:
    closed, guarded = open_gateway(("one",)), open_gateway(("one",), token=TOKEN)
    refused = post(closed, {"agent_id": "one"})
    assert refused.status_code == 403
    assert "HHA_GATEWAY_TOKEN" in refused.json()["hint"]
    for token in (None, "another", TOKEN + "x"):
        answer = post(guarded, {"agent_id": "one"}, token)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    with guarded.client(headers={"authorization": f"Bearer {TOKEN}"}) as client:
        assert client.post("/api/heartbeats", data={"agent_id": "one"}).status_code == 415
        assert client.get("/api/heartbeats").status_code == 405
        assert client.get("/nothing").status_code == 404
    assert count(engine) == 0


def test_the_gateways_login_can_do_nothing_else(engine: Engine, login: Callable[..., str]) -> None:
    with psycopg.connect(login(engine.dsn, "health_gateway"), autocommit=True) as connection:
        for statement in (
            "SELECT * FROM health.ping_urls",
            "SELECT health.create_ping_url('one')",
            "SELECT health.revoke_ping_url(gen_random_uuid())",
            "SELECT * FROM health.agents",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
