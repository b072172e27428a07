"""The gateway as an ASGI application.

Pings go past Starlette's routing and request objects, of which they need nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hha.database_link import Row
from hha.errors import HhaError, InvalidInput, UnexpectedDatabaseError
from hha.gateway import heartbeats, pings
from hha.gateway.database import Heartbeats, Recorder
from hha.gateway.openapi import document
from hha.gateway.settings import GatewaySettings
from hha.gateway.writer import GroupWriter, Overloaded

RETRY_AFTER_SECONDS = "2"
BODY_SECONDS = 30.0
METHODS = ("GET", "HEAD", "POST")
PING_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store",
    "Ping-Body-Limit": str(pings.BODY_LIMIT),
}


class Gateway:
    """Routes, and what lives as long as the server does."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._recorder = Recorder(settings.dsn)
        self._pings: GroupWriter[str, str] = GroupWriter(
            self._recorder.record_pings,
            capacity=settings.capacity,
            batch_size=settings.batch_size,
        )
        self._heartbeats: GroupWriter[Heartbeats, list[Row]] = GroupWriter(
            self._recorder.record_heartbeats,
            capacity=2 * heartbeats.MOST_HEARTBEATS,
            batch_size=settings.batch_size,
        )
        self._ok = PlainTextResponse("OK", 200, PING_HEADERS)
        self._not_found = PlainTextResponse("not found", 404, PING_HEADERS)

    def application(self) -> ASGIApp:
        """The ASGI application."""
        others = Starlette(
            routes=[
                Route("/api/heartbeats", self._post_heartbeats, methods=["POST"]),
                Route("/openapi.json", self._openapi),
                Route("/healthz", self._healthz),
            ],
            lifespan=self._lifespan,
        )

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith("/ping/"):
                await (await self._ping(scope, receive))(scope, receive, send)
            else:
                await others(scope, receive, send)

        return dispatch

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        writing = [
            asyncio.create_task(self._pings.run(), name="gateway pings"),
            asyncio.create_task(self._heartbeats.run(), name="gateway heartbeats"),
        ]
        try:
            yield
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            await self._recorder.close()

    async def _ping(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in METHODS:
            return PlainTextResponse(
                "method not allowed", 405, {**PING_HEADERS, "Allow": ", ".join(METHODS)}
            )
        try:
            address = pings.read_address(
                scope["raw_path"].decode("ascii", "replace").removeprefix("/ping/"),
                scope["query_string"],
                self._settings.ping_key,
                has_open_slugs=self._settings.has_open_slugs,
            )
            body = None
            if scope["method"] == "POST":
                async with asyncio.timeout(BODY_SECONDS):
                    body = await pings.read_body(receive)
            outcome = await self._pings.put(address.document(body))
        except pings.BadPing as error:
            return PlainTextResponse(error.message, error.status, PING_HEADERS)
        except TimeoutError:
            return PlainTextResponse("the body did not come in time", 408, PING_HEADERS)
        except ConnectionResetError:
            return Response(status_code=499)  # nobody reads it
        except HhaError as error:
            status, message, headers = _answer_to(error)
            return PlainTextResponse(message, status, {**PING_HEADERS, **headers})
        return self._ok if outcome == "recorded" else self._not_found

    async def _post_heartbeats(self, request: Request) -> Response:
        try:
            heartbeats.check_token(request, self._settings.token)
            async with asyncio.timeout(BODY_SECONDS):
                sent = await heartbeats.read_heartbeats(request)
            problems = await self._heartbeats.put(sent, max(sent.count, 1))
        except heartbeats.Refused as refused:
            return refused.answer
        except TimeoutError:
            return JSONResponse(
                {"problem": "the body did not come in time", "hint": "Send it at once."}, 408
            )
        except ConnectionResetError:
            return Response(status_code=499)
        except HhaError as error:
            status, message, headers = _answer_to(error)
            hint = error.hint or "Nothing of it was acknowledged: send it again."
            return JSONResponse({"problem": message, "hint": hint}, status, headers)
        return heartbeats.answer(sent.count, problems)

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(document(self._settings))

    async def _healthz(self, _request: Request) -> Response:
        try:
            await self._recorder.check()
        except HhaError:
            headers = {"Retry-After": RETRY_AFTER_SECONDS}
            return JSONResponse({"status": "database away"}, 503, headers)
        return JSONResponse({"status": "ok"})


def _answer_to(error: HhaError) -> tuple[int, str, dict[str, str]]:
    """400 for what the sender can mend, else 503; strangers learn nothing of the database."""
    if isinstance(error, InvalidInput | UnexpectedDatabaseError):
        return 400, error.message, {}
    message = "not recorded, try again: "
    message += error.message if isinstance(error, Overloaded) else "the database is away"
    return 503, message, {"Retry-After": RETRY_AFTER_SECONDS}


def create_app(settings: GatewaySettings) -> ASGIApp:
    """The gateway for uvicorn or any other ASGI server."""
    return Gateway(settings).application()
