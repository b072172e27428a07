"""The gateway's OpenAPI document, served as /openapi.json."""

from __future__ import annotations

from typing import Any

from hha import __version__
from hha.gateway.heartbeats import MOST_HEARTBEATS
from hha.gateway.pings import BODY_LIMIT
from hha.gateway.settings import GatewaySettings

_STATES = ["initializing", "active", "running", "idle", "error", "failed", "stopping", "stopped"]
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_PERCENT = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
_AMOUNT = {"type": ["number", "null"], "minimum": 0, "maximum": 1e15}
_COUNTER = {"type": ["integer", "null"], "minimum": 0, "maximum": 10**15}

#: As health.agent_heartbeats; the database judges by its own, stricter rules.
HEARTBEAT: dict[str, Any] = {
    "type": "object",
    "required": ["agent_id"],
    "additionalProperties": False,
    "properties": {
        "agent_id": _NAME,
        "state": {"enum": [*_STATES, None], "description": "Default: running."},
        "sent_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The agent's clock, within a day of the database's.",
        },
        "work_items_processed": {**_COUNTER, "description": "Since the agent started."},
        "average_processing_time_ms": _AMOUNT,
        "cpu_usage_percent": _PERCENT,
        "memory_usage_mb": _AMOUNT,
        "memory_limit_mb": _AMOUNT,
        "error_count": {**_COUNTER, "description": "Since the agent started."},
        "cost_efficiency": _PERCENT,
        "user_satisfaction": _PERCENT,
        "operational_efficiency": _PERCENT,
        "revenue_impact_usd": {"type": ["number", "null"], "minimum": -1e15, "maximum": 1e15},
        "signal": {"enum": ["beat", "start", "success", "fail", "log", None]},
        "run_id": {**_NAME, "type": ["string", "null"]},
        "attributes": {"type": ["object", "null"], "description": "At most 8 kB."},
    },
}

_PROBLEM = {
    "type": "object",
    "required": ["problem", "hint"],
    "properties": {"problem": {"type": "string"}, "hint": {"type": "string"}},
}
_REFUSED_ITEMS = {
    "type": "object",
    "required": ["recorded", "problem", "hint", "errors"],
    "properties": {
        "recorded": {"const": 0},
        "problem": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["index", "field", "code", "problem", "detail", "hint"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "field": {"type": ["string", "null"]},
                    "code": {"type": "string", "description": "SQLSTATE; docs/error_codes.md."},
                    "problem": {"type": "string"},
                    "detail": {"type": ["string", "null"]},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def _text(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": description,
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    return made if headers is None else {**made, "headers": headers}


def _json(
    description: str, schema: dict[str, Any], headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    return made if headers is None else {**made, "headers": headers}


def _ping(what: str) -> dict[str, Any]:
    responses = {
        "200": _text("OK: it is committed."),
        "400": _text("The address or rid makes no sense; the answer says why."),
        "404": _text("No such address, or it was revoked."),
        "408": _text("The body did not come in time."),
        "503": _text("Not recorded: the database is away, or too many wait.", _RETRY_AFTER),
    }
    body = {
        "description": f"Kept with the heartbeat; beyond {BODY_LIMIT} bytes its beginning and end.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    one = {"summary": what, "responses": responses}
    return {"get": one, "head": one, "post": {**one, "requestBody": body}}


def _parameter(name: str, where: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": schema,
        "description": description,
    }


def _paths() -> dict[str, Any]:
    ping_id = _parameter(
        "ping_id", "path", {"type": "string", "format": "uuid"}, "From health.create_ping_url."
    )
    rid = _parameter(
        "rid",
        "query",
        {**_NAME, "pattern": "^[ -~]+$"},
        "Name of the run, the same in its start and its end; any text, a UUID for Healthchecks.",
    )
    status = _parameter(
        "exit_status", "path", {"type": "integer", "minimum": 0, "maximum": 255}, "0: success."
    )
    common = [ping_id, rid]
    heartbeats = {
        "summary": "Heartbeats, all of them or none.",
        "security": [{"token": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            HEARTBEAT,
                            {"type": "array", "items": HEARTBEAT, "maxItems": MOST_HEARTBEATS},
                        ]
                    }
                }
            },
        },
        "responses": {
            "200": _json(
                "All are committed.",
                {"type": "object", "required": ["recorded"], "properties": {"recorded": _COUNTER}},
            ),
            "400": _json("The body is no JSON object or array.", _PROBLEM),
            "401": _json("The token is missing or wrong.", _PROBLEM),
            "403": _json("No token is configured.", _PROBLEM),
            "408": _json("The body did not come in time.", _PROBLEM),
            "413": _json("Too many, or too long.", _PROBLEM),
            "415": _json("It is not called JSON.", _PROBLEM),
            "422": _json("Items are refused; none was recorded.", _REFUSED_ITEMS),
            "503": _json("Not recorded: away, or too many wait.", _PROBLEM, _RETRY_AFTER),
        },
    }
    health = {
        "summary": "Whether the database answers.",
        "responses": {
            "200": _json("It does.", {"type": "object"}),
            "503": _json("It does not.", {"type": "object"}, _RETRY_AFTER),
        },
    }
    return {
        "/ping/{ping_id}": {
            "parameters": common,
            **_ping("The job succeeded; or, of an agent that is no job, it is alive."),
        },
        "/ping/{ping_id}/start": {"parameters": common, **_ping("A run began.")},
        "/ping/{ping_id}/fail": {"parameters": common, **_ping("A run failed.")},
        "/ping/{ping_id}/log": {"parameters": common, **_ping("A run is at work.")},
        "/ping/{ping_id}/{exit_status}": {
            "parameters": [*common, status],
            **_ping("A run ended; any status but 0 is a failure."),
        },
        "/api/heartbeats": {"post": heartbeats},
        "/healthz": {"get": health},
    }


def document(settings: GatewaySettings) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a gateway with these settings."""
    slugs = "not accepted here"
    if settings.has_open_slugs:
        slugs = "accepted in place of ping_id"
    elif settings.ping_key is not None:
        slugs = "accepted as /ping/PING_KEY/slug"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HeartbeatHealthAgent gateway",
            "version": __version__,
            "description": "Heartbeats by HTTP. A 200 means committed. "
            f"Pings are compatible with Healthchecks; slugs are {slugs}.",
        },
        "paths": _paths(),
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
