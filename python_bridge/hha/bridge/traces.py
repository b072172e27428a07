"""Traces for OpenTelemetry: ticks, messages and recoveries as spans, sent by OTLP over HTTP.

Off unless OpenTelemetry's own variables name an endpoint (OTEL_EXPORTER_OTLP_ENDPOINT, …), and
never a reason for not restarting somebody: what is wrong with traces is logged, once, and the
bridge goes on. Spans carry ids, names and outcomes, never the text of a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import hha

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.util.types import AttributeValue

logger = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SERVICE_NAME = "hha-bridge"
_LAST_WORDS_SECONDS = 2.0


class Traces:
    """Spans nobody asked for: they cost nothing. `open_traces` gives those that are sent."""

    @contextlib.contextmanager
    def span(
        self, name: str, attributes: Mapping[str, AttributeValue] | None = None
    ) -> Iterator[None]:
        """Time what is done within; an exception makes it an error."""
        yield

    def note(self, attributes: Mapping[str, AttributeValue], *, problem: str | None = None) -> None:
        """Add to the span we are in; with a `problem` it is an error."""

    async def close(self) -> None:
        """Send what waits to be sent, for two seconds at most."""


class OtlpTraces(Traces):
    """Spans that are sent in the background, dropped where nobody takes them."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import trace

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("hha.bridge", hha.__version__)

    @contextlib.contextmanager
    def span(
        self, name: str, attributes: Mapping[str, AttributeValue] | None = None
    ) -> Iterator[None]:
        with self._tracer.start_as_current_span(name, attributes=attributes):
            yield

    def note(self, attributes: Mapping[str, AttributeValue], *, problem: str | None = None) -> None:
        span = self._trace.get_current_span()
        span.set_attributes(attributes)
        if problem is not None:
            span.set_status(self._trace.StatusCode.ERROR, problem)

    async def close(self) -> None:
        # Its own time limits are longer, and a daemon does not keep the process.
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, _LAST_WORDS_SECONDS)


def open_traces(worker: str, environment: Mapping[str, str] = os.environ) -> Traces:
    """As the OTEL_* variables say; without them, or where they cannot be followed, none."""
    if not _are_wanted(environment):
        return Traces()
    protocol = next((environment[key] for key in _PROTOCOLS if environment.get(key)), None)
    if protocol not in (None, "http/protobuf"):
        return _none(f"OTLP over {protocol} is not spoken here: use http/protobuf")
    try:
        return OtlpTraces(_provider(worker))
    except ModuleNotFoundError:
        return _none("OpenTelemetry is not installed: pip install 'hha[otel]'")
    except Exception as reason:  # noqa: BLE001 - whatever the library makes of a wrong variable
        return _none(f"the OTEL_* variables cannot be followed: {reason}")


def _are_wanted(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    chosen = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if chosen:
        return chosen == "otlp"
    return any(environment.get(key) for key in _ENDPOINTS)


def _none(problem: str) -> Traces:
    logger.warning("no traces are sent: %s", problem, extra={"action": "traces"})
    return Traces()


def _provider(worker: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    ours = {
        "service.name": _SERVICE_NAME,
        "service.version": hha.__version__,
        "service.instance.id": worker,
    }
    resource = Resource.create(ours).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_quiet(OTLPSpanExporter())))
    return provider


def _quiet(exporter: SpanExporter) -> SpanExporter:
    """Log once that nobody takes the spans, not each time; the library's own words at DEBUG."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    library = logging.getLogger("opentelemetry")
    library.propagate = False
    library.handlers[:] = [_Whisper()]

    class Quiet(SpanExporter):
        was_taken = True

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = exporter.export(spans)
            is_taken = result is SpanExportResult.SUCCESS
            if is_taken != self.was_taken:
                said = "traces are taken again" if is_taken else "traces are not taken, and dropped"
                level = logging.INFO if is_taken else logging.WARNING
                logger.log(level, said, extra={"action": "traces"})
            self.was_taken = is_taken
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Quiet()


class _Whisper(logging.Handler):
    """What the library says, as our own lines at DEBUG."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.debug("opentelemetry: %s", record.getMessage(), extra={"action": "traces"})
