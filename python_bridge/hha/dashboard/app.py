"""The dashboard as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from hmac import compare_digest

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hha.dashboard import actions, metrics
from hha.dashboard.access import COOKIE, Doorkeeper, TooManyAttempts
from hha.dashboard.live import NO_CELLS, Watcher
from hha.dashboard.pages import FOLDER, Pages
from hha.dashboard.reader import Reader
from hha.dashboard.settings import DashboardSettings
from hha.errors import DatabaseUnavailable, HhaError, InvalidInput, NotAllowed

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def status_of(error: HhaError) -> int:
    """The HTTP status that says what kind of error it is."""
    match error:
        case TooManyAttempts():
            return 429
        case NotAllowed():
            return 403
        case InvalidInput():
            return 400
        case DatabaseUnavailable():
            return 503
        case _:
            return 400 if getattr(error, "sqlstate", None) else 500


class Guard:
    """Finds out who asks, and gives every answer the headers that browsers need to be careful."""

    def __init__(self, app: ASGIApp, door: Doorkeeper) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = self._door.find(
            HTTPConnection(scope).cookies.get(COOKIE)
        )

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_carefully)


class Dashboard:
    """Routes, and what lives as long as the server does."""

    def __init__(self, settings: DashboardSettings) -> None:
        self._settings = settings
        self._reader = Reader(settings.dsn)
        self._door = Doorkeeper(settings.dsn, settings.sign_in_dsn, settings.token)
        self._watcher = Watcher(self._reader)
        self._pages = Pages(self._reader)

    def application(self) -> Starlette:
        """The ASGI application."""
        pages = self._pages
        see, act = self._for_readers, self._for_operators
        routes = [
            Route("/", see(pages.fleet)),
            Route("/agents/{agent_id:path}/why", see(pages.why)),
            Route("/agents/{agent_id:path}/silence", act(actions.silence), methods=["POST"]),
            Route("/agents/{agent_id:path}/recover", act(actions.recover), methods=["POST"]),
            Route("/agents/{agent_id:path}", see(pages.agent)),
            Route("/alerts", see(pages.alerts)),
            Route("/alerts/{alert_id:int}/ack", act(actions.acknowledge), methods=["POST"]),
            Route("/alerts/{alert_id:int}/resolve", act(actions.resolve), methods=["POST"]),
            Route("/recoveries", see(pages.recoveries)),
            Route("/executive", see(pages.executive)),
            Route("/engine", see(pages.engine)),
            Route("/cells", see(self._cells)),
            Route("/events", see(self._events)),
            Route("/sign-in", self._plain(self._sign_in), methods=["GET", "POST"]),
            Route("/sign-out", act(self._sign_out), methods=["POST"]),
            Route("/healthz", self._healthz),
            Route("/metrics", self._plain(self._metrics)),
            Mount("/static", StaticFiles(directory=FOLDER / "static"), name="static"),
        ]
        return Starlette(
            routes=routes,
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=self._settings.trusted_hosts),
                Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
                Middleware(Guard, door=self._door),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self._reader.open()
        watching = asyncio.create_task(self._watcher.run(), name="dashboard live")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self._door.close()
            await self._reader.close()

    def _plain(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except HhaError as error:
                return self._pages.error(request, error, status_of(error))

        return guarded

    def _for_readers(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if request.state.session is None and not self._settings.is_open:
                return RedirectResponse("/sign-in", status_code=303)
            return await handler(request)

        return self._plain(guarded)

    def _for_operators(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            # Browsers say where a request comes from; others' pages may not send our forms.
            if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
                raise NotAllowed("this form was sent by another site")
            return await handler(request)

        return self._plain(guarded)

    async def _sign_in(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        try:
            if token := request.query_params.get("token"):
                key = await self._door.sign_in_by_token(token, address)
            elif request.method == "POST":
                if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
                    raise NotAllowed("this form was sent by another site")
                form = await request.form(max_files=0, max_fields=5)
                key = await self._door.sign_in(
                    str(form.get("login", "")), str(form.get("password", "")), address
                )
            else:
                return self._pages.show(request, "sign_in", {"error": None})
        except HhaError as error:
            return self._pages.show(request, "sign_in", {"error": error}, status_of(error))
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(
            COOKIE, key, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
        return response

    async def _sign_out(self, request: Request) -> Response:
        await actions.checked_form(request)
        await self._door.sign_out(request.cookies.get(COOKIE))
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(COOKIE)
        return response

    async def _cells(self, request: Request) -> Response:
        body, headers = await self._watcher.cells(), {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, headers=headers, media_type="application/json")

    async def _events(self, request: Request) -> Response:
        cells = request.query_params.get("cells", NO_CELLS)

        async def events() -> AsyncIterator[ServerSentEvent]:
            async for event, data in self._watcher.changes(cells):
                yield ServerSentEvent(data=data, event=event)

        return EventSourceResponse(events(), ping=15)

    async def _metrics(self, request: Request) -> Response:
        wanted = self._settings.metrics_token
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_known = request.state.session is not None or self._settings.is_open
        if not is_known and (wanted is None or not compare_digest(given.encode(), wanted.encode())):
            return PlainTextResponse(
                "set HHA_METRICS_TOKEN for the page and send it: Authorization: Bearer TOKEN\n", 401
            )
        text, media_type = await metrics.exposition(
            self._reader,
            request.headers.get("accept", ""),
            agent_limit=self._settings.metrics_agent_limit,
        )
        return Response(text, headers={"content-type": media_type})

    async def _healthz(self, _request: Request) -> Response:
        try:
            await self._reader.row("SELECT 1 AS is_there")
        except HhaError as error:
            return JSONResponse({"status": "database away", "error": error.message}, 503)
        return JSONResponse({"status": "ok"})


def create_app(settings: DashboardSettings) -> Starlette:
    """The dashboard for uvicorn or any other ASGI server."""
    return Dashboard(settings).application()
