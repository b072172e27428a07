"""The bridge's spans at a receiver of OTLP on loopback, and what happens where there is none."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from webhook_receiver import SECRET

from hha.bridge.traces import OtlpTraces, Traces, open_traces

if TYPE_CHECKING:
    from bridge_site import Site
    from opentelemetry.proto.trace.v1.trace_pb2 import Span
    from webhook_receiver import Receiver

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100", "HOOK_SECRET": SECRET}
HEADERS = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer a-token-of-the-tests"}
ERROR = 2


@dataclass
class Collector:
    """Requests as they came, decoded. While `gate` is closed nobody gets an answer."""

    url: str = ""
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def spans(self, name: str) -> list[Span]:
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.name == name
        ]

    def resource(self) -> dict[str, str]:
        return plain(self.requests[0].resource_spans[0].resource.attributes)


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    box = Collector()
    box.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            is_right = (self.path, self.headers["Content-Type"]) == (
                "/v1/traces",
                "application/x-protobuf",
            )
            if is_right:
                box.headers.append(dict(self.headers))
                box.requests.append(ExportTraceServiceRequest.FromString(body))
            box.gate.wait()
            answer = ExportTraceServiceResponse().SerializeToString()
            with contextlib.suppress(OSError):
                self.send_response(200 if is_right else 400)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield box
    box.gate.set()
    server.shutdown()
    server.server_close()


def end(site: Site) -> int:
    (bridge,) = site.bridges
    bridge.send_signal(signal.SIGTERM)
    return bridge.wait(60)


def test_ticks_messages_and_recoveries_become_spans(
    site: Site, hook: Receiver, collector: Collector
) -> None:
    """With gzip and a header, by OpenTelemetry's own variables."""
    hook.gate.set()
    told = site.folder / "environment.json"
    code = f"import json, os; json.dump(dict(os.environ), open({str(told)!r}, 'w'))"
    command = json.dumps([sys.executable, "-c", code + "; import time; time.sleep(600)"])
    site.configure(
        agents=False,
        more=f'[channels.hook]\nkind = "webhook"\nurl = "{hook.url}"\n'
        f'secret_env = "HOOK_SECRET"\n[agents.worker-1]\ncommand = {command}\nautostart = false\n',
    )
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=tests",
    }
    site.start(**variables, **HEADERS, **SOON)
    site.queue_message("first")
    site.run("SELECT health.register_agent('worker-1')")
    site.request_recovery()
    site.run("NOTIFY health_wakeup")
    site.until(lambda: collector.spans("delivery") and collector.spans("recovery"), "spans come")
    site.until(lambda: collector.spans("tick"), "a tick is told")
    assert end(site) == 0

    assert collector.headers[0]["authorization"] == "Bearer a-token-of-the-tests"
    assert collector.headers[0]["Content-Encoding"] == "gzip"
    resource = collector.resource()
    assert resource["service.name"] == "hha-bridge"
    assert resource["service.instance.id"] == "bridge:main"
    assert resource["deployment.environment"] == "tests"

    (tick, *_) = collector.spans("tick")
    assert plain(tick.attributes)["hha.rang"] in (True, False)
    assert tick.end_time_unix_nano > tick.start_time_unix_nano

    (delivery,) = collector.spans("delivery")
    assert plain(delivery.attributes) == {
        "hha.delivery_id": site.delivery("first")["delivery_id"],
        "hha.channel": "hook",
        "hha.severity": "critical",
        "hha.event": "",
        "hha.attempt": 1,
        "hha.outcome": "delivered",
    }
    (recovery,) = collector.spans("recovery")
    said = plain(recovery.attributes)
    assert (said["hha.agent_id"], said["hha.action"], said["hha.outcome"]) == (
        "worker-1",
        "restart_agent",
        "succeeded",
    )
    parents = {span.parent_span_id for span in collector.spans("perform")}
    assert parents == {span.parent_span_id for span in collector.spans("report")}
    assert parents == {delivery.span_id, recovery.span_id}

    everything = b"".join(request.SerializeToString() for request in collector.requests)
    for secret in (b"since noon", b"a-token-of-the-tests", hook.url.encode()):
        assert secret not in everything
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in json.loads(told.read_text())
    assert "OTEL_EXPORTER_OTLP_HEADERS" not in json.loads(told.read_text())


def test_a_failure_is_an_error_and_says_why(
    site: Site, hook: Receiver, collector: Collector
) -> None:
    hook.gate.set()
    hook.answers.append((500, {}))
    site.start(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/v1/traces", **SOON)
    site.queue_message("refused at first")
    site.until(lambda: collector.spans("delivery"), "a span comes")
    delivery = collector.spans("delivery")[0]
    assert plain(delivery.attributes)["hha.outcome"] == "failed"
    assert delivery.status.code == ERROR
    assert delivery.status.message == "http_status=500"
    assert end(site) == 0


@pytest.mark.parametrize("who", ["nobody", "somebody silent"])
def test_nobody_who_takes_them_disturbs_nobody(
    site: Site, hook: Receiver, collector: Collector, who: str
) -> None:
    """Ticks go on, messages arrive, the bridge ends in peace, and the log says it once."""
    hook.gate.set()
    url = collector.url
    collector.gate.clear()
    if who == "nobody":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
    site.start(
        OTEL_EXPORTER_OTLP_ENDPOINT=url,
        OTEL_EXPORTER_OTLP_TIMEOUT="1" if who == "nobody" else "600",
        OTEL_BSP_MAX_QUEUE_SIZE="4",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE="1",
        **SOON,
    )
    for number in range(3):
        site.queue_message(f"message {number}")
        site.until(
            lambda key=f"message {number}": site.delivery(key)["state"] == "delivered",
            "it is delivered",
        )
    if who == "nobody":
        site.until(lambda: "traces are not taken" in site.log.read_text(), "the log says so")
    else:
        site.until(lambda: collector.requests, "somebody listens")
    assert end(site) == 0
    log = site.log.read_text()
    assert log.count("traces are not taken") == (1 if who == "nobody" else 0)
    assert "Traceback" not in log


def test_without_the_variables_there_is_no_trace_of_opentelemetry(site: Site) -> None:
    program = (
        "import sys; from hha.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('loaded', [name for name in sys.modules if 'opentelemetry' in name])"
    )
    site.configure(agents=False)
    site.start(entry=("-c", program))
    assert end(site) == 0
    assert "loaded []" in site.log.read_text()


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("environment", "is_on"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "console"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
async def test_what_switches_it_on(environment: dict[str, str], is_on: bool) -> None:
    traces = open_traces("bridge:main", environment)
    assert isinstance(traces, OtlpTraces) == is_on
    await traces.close()


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc is not spoken here: use http/protobuf"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "-3"}, "OTEL_* variables cannot be followed"),
    ],
)
def test_what_cannot_be_followed_is_said(
    variables: dict[str, str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for key, value in {**ENDPOINT, **variables}.items():
        monkeypatch.setenv(key, value)
    assert type(open_traces("bridge:main", os.environ)) is Traces
    assert problem in caplog.text


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert type(open_traces("bridge:main", ENDPOINT)) is Traces
    assert "pip install 'hha[otel]'" in caplog.text
