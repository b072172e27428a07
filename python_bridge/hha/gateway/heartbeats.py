"""`POST /api/heartbeats`: who may, and what a body may be."""

from __future__ import annotations

import json
from hmac import compare_digest

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from hha.database_link import Row
from hha.gateway.database import Heartbeats
from hha.gateway.settings import TOKEN

MOST_HEARTBEATS = 10_000
BODY_LIMIT = 2 * 1024 * 1024


class Refused(Exception):
    """A request that is not taken, with the answer it gets."""

    def __init__(
        self, status: int, problem: str, hint: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(problem)
        self.answer = JSONResponse({"problem": problem, "hint": hint}, status, headers)


def check_token(request: Request, token: str | None) -> None:
    """Raise Refused unless the request carries the token."""
    if token is None:
        raise Refused(
            403,
            "heartbeats are not accepted here: no token is configured",
            f"Start the gateway with {TOKEN}, or {TOKEN}_FILE, and send that token.",
        )
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(given.encode(), token.encode()):
        raise Refused(
            401,
            "the token is missing or wrong",
            "Send the header Authorization: Bearer TOKEN with the gateway's token.",
            {"WWW-Authenticate": "Bearer"},
        )


async def read_heartbeats(request: Request) -> Heartbeats:
    """The heartbeats of a body; only its JSON is looked at, the rest says the database.

    Raises Refused.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise Refused(
            415,
            f"the body is of type {media_type}",
            "Send JSON, with Content-Type: application/json.",
        )
    text = await _read_text(request)
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(
            400,
            f"the body is no JSON: {error}",
            "Send one heartbeat as an object, or several as an array of objects.",
        ) from error
    match parsed:
        case dict():
            return Heartbeats(text, 1)
        case list() if len(parsed) <= MOST_HEARTBEATS:
            return Heartbeats(text.strip()[1:-1], len(parsed))
        case list():
            raise Refused(
                413,
                f"{len(parsed)} heartbeats are too many for one request",
                f"Send at most {MOST_HEARTBEATS} at once.",
            )
    raise Refused(
        400,
        "the body is neither an object nor an array",
        'Send for example {"agent_id": "invoice-sender", "error_count": 0}.',
    )


async def _read_text(request: Request) -> str:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise Refused(
                    413,
                    f"the body is longer than {BODY_LIMIT} bytes",
                    "Send the heartbeats in several requests.",
                )
    except ClientDisconnect:
        raise ConnectionResetError from None
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is no UTF-8: {error}", "Encode it as UTF-8.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def answer(count: int, problems: list[Row]) -> JSONResponse:
    """What the sender is told: all are committed, or none and why."""
    if not problems:
        return JSONResponse({"recorded": count})
    errors = [
        {
            "index": row["item_index"],
            "field": row["field"],
            "code": row["code"],
            "problem": row["problem"],
            "detail": row["detail"],
            "hint": row["hint"],
        }
        for row in problems
    ]
    return JSONResponse(
        {
            "recorded": 0,
            "problem": f"{len(errors)} of {count} heartbeats are refused, so none was recorded",
            "hint": "Mend or leave out those that errors names by index, and send all again.",
            "errors": errors,
        },
        422,
    )
