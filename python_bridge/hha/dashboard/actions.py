"""What a person may change: each form calls one function of schema `health` with his own rights."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hha.dashboard import questions
from hha.dashboard.access import Session
from hha.errors import InvalidInput, NotAllowed

LONGEST_SILENCE_MINUTES = 7 * 24 * 60


async def checked_form(request: Request) -> tuple[Session, FormData]:
    """The form of somebody signed in, sent from our own page; raises NotAllowed otherwise."""
    session: Session | None = request.state.session
    form = await request.form(max_files=0, max_fields=20)
    if session is None:
        raise NotAllowed("sign in first", hint="Whoever is not signed in may only look.")
    given = str(form.get("csrf", ""))
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise NotAllowed(
            "the form is not (any more) one of this session", hint="Load the page again."
        )
    return session, form


async def acknowledge(request: Request) -> Response:
    """Take an alert."""
    return await _on_alert(request, questions.ACKNOWLEDGE, "alert {alert_id} is acknowledged")


async def resolve(request: Request) -> Response:
    """Close an alert by hand."""
    return await _on_alert(request, questions.RESOLVE, "alert {alert_id} is closed")


async def silence(request: Request) -> Response:
    """Silence an agent for a while."""
    session, form = await checked_form(request)
    try:
        minutes = int(str(form.get("minutes", "")))
    except ValueError:
        minutes = 0
    if not 1 <= minutes <= LONGEST_SILENCE_MINUTES:
        raise InvalidInput(
            f'a silence of "{form.get("minutes", "")}" minutes is not possible',
            hint=f"Give 1 to {LONGEST_SILENCE_MINUTES} minutes.",
        )
    agent_id = request.path_params["agent_id"]
    parameters = {
        "agent_id": agent_id,
        "minutes": minutes,
        "by": session.login,
        "reason": str(form.get("reason") or "from the page"),
    }
    await session.call(questions.SILENCE, parameters)
    return _back(form, f"{agent_id} is silenced for {minutes} minutes")


async def recover(request: Request) -> Response:
    """Ask for a recovery."""
    session, form = await checked_form(request)
    agent_id = request.path_params["agent_id"]
    parameters = {
        "agent_id": agent_id,
        "issue_type": str(form.get("issue_type", "")),
        "by": session.login,
    }
    await session.call(questions.RECOVER, parameters)
    return _back(form, f"a recovery of {agent_id} is queued")


async def _on_alert(request: Request, query: str, done: str) -> Response:
    session, form = await checked_form(request)
    parameters: dict[str, Any] = {
        "alert_id": request.path_params["alert_id"],
        "by": session.login,
        "note": str(form.get("note", "")),
    }
    await session.call(query, parameters)
    return _back(form, done.format(**parameters))


def _back(form: FormData, done: str) -> Response:
    """To the page the form came from, which says what was done."""
    page = str(form.get("from", "/"))
    if not page.startswith("/") or page.startswith("//") or "\\" in page:
        page = "/"
    return RedirectResponse(f"{page}?done={quote(done)}", status_code=303)
