"""Pages: each reads its questions and fills its template."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from hha.dashboard import agent_page, questions
from hha.dashboard.reader import Reader
from hha.errors import HhaError
from hha.wording import ago, clock, duration, number

FOLDER = Path(__file__).parent


def templates() -> Jinja2Templates:
    """The templates with their filters; everything is escaped."""
    made = Jinja2Templates(directory=FOLDER / "templates")
    made.env.autoescape = True
    made.env.trim_blocks = made.env.lstrip_blocks = True
    made.env.filters |= {
        "ago": ago,
        "duration": duration,
        "clock": clock,
        "number": number,
        "link": lambda part: quote(part, safe=""),
    }
    return made


class Pages:
    """The handlers that show something. Every one may raise a DatabaseError."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._templates = templates()

    def show(
        self, request: Request, name: str, context: Mapping[str, Any], status: int = 200
    ) -> Response:
        """Fill a template; every page knows who looks and what was just done."""
        session = request.state.session
        values = {
            "session": session,
            "can_operate": session is not None and session.can_operate,
            "csrf": "" if session is None else session.csrf,
            "done": request.query_params.get("done"),
            "here": request.url.path,
            **context,
        }
        return self._templates.TemplateResponse(request, f"{name}.html.j2", values, status)

    def error(self, request: Request, error: HhaError, status: int) -> Response:
        """What went wrong, and what to do."""
        return self.show(request, "error", {"error": error, "status": status}, status)

    async def fleet(self, request: Request) -> Response:
        """Every agent a cell."""
        summary, worst = await asyncio.gather(
            self._reader.row(questions.SUMMARY), self._reader.rows(questions.WORST)
        )
        return self.show(request, "fleet", {"summary": summary, "worst": worst})

    async def agent(self, request: Request) -> Response:
        """One agent: why its score is what it is, and what happened to it."""
        key = {"agent_id": request.path_params["agent_id"]}
        agent = await self._reader.row(questions.AGENT, key)
        if agent is None:
            error = HhaError(
                f'there is no agent "{key["agent_id"]}"', hint="The fleet lists all that are known."
            )
            return self.error(request, error, 404)
        hours = agent_page.chosen_hours(request.query_params.get("hours"))
        return self.show(request, "agent", await agent_page.contents(self._reader, agent, hours))

    async def alerts(self, request: Request) -> Response:
        """What is open, to be acted on, and what was of late."""
        return self.show(
            request,
            "alerts",
            {
                "alerts": await self._reader.rows(questions.OPEN_ALERTS),
                "past": await self._reader.rows(questions.PAST_ALERTS),
            },
        )

    async def why(self, request: Request) -> Response:
        """Why was I not paged?"""
        key = {"agent_id": request.path_params["agent_id"]}
        return self.show(
            request, "why", {**key, "answers": await self._reader.rows(questions.WHY, key)}
        )

    async def recoveries(self, request: Request) -> Response:
        """Recoveries with their steps."""
        return self.show(
            request, "recoveries", {"recoveries": await self._reader.rows(questions.RECOVERIES)}
        )

    async def executive(self, request: Request) -> Response:
        """The report of managers: what was available, what it cost, what to do."""
        asked = request.query_params.get("days", "7")
        days = int(asked) if asked in {"1", "7", "30", "90"} else 7
        row = await self._reader.row(questions.REPORT, {"days": days})
        return self.show(
            request,
            "executive",
            {
                "days": days,
                "report": {} if row is None else row["report"],
                "advice": await self._reader.rows(questions.ADVICE),
            },
        )

    async def engine(self, request: Request) -> Response:
        """How the monitor itself is."""
        return self.show(
            request,
            "engine",
            {
                "engine": await self._reader.row(questions.ENGINE),
                "gaps": await self._reader.rows(questions.GAPS),
            },
        )
