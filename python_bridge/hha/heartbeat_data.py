"""The form in which heartbeats and events go to the database."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from hha.errors import InvalidInput

# Names that agents used before the columns had units, and the columns that they mean.
COLUMN_OF = {
    "user_satisfaction_impact": "user_satisfaction",
    "revenue_impact": "revenue_impact_usd",
}


def renamed(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with older names of columns replaced, at every level."""
    return {
        COLUMN_OF.get(name, name): renamed(value) if isinstance(value, Mapping) else value
        for name, value in data.items()
    }


def to_json(document: Any, what: str) -> str:
    """`document` as JSON; times become ISO 8601, unknown objects their str()."""
    try:
        return json.dumps(document, allow_nan=False, default=_plain)
    except ValueError as error:
        raise InvalidInput(
            f"{what} cannot be sent: {error}",
            hint="JSON has no NaN and no infinity: leave the value out or send None.",
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def without_non_finite(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """`data` without NaN and infinite numbers, and the names of those left out."""
    kept: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in data.items():
        if isinstance(value, Mapping):
            kept[name], inner = without_non_finite(value)
            dropped += inner
        elif isinstance(value, float) and not math.isfinite(value):
            dropped.append(name)
        else:
            kept[name] = value
    return kept, dropped


def unit_of(name: str) -> str | None:
    """The unit that a metric's name ends in: ms, MB, percent, seconds, bytes; else None."""
    for suffix, unit in (
        ("_ms", "ms"),
        ("_mb", "MB"),
        ("_percent", "percent"),
        ("_seconds", "s"),
        ("_bytes", "bytes"),
        ("_usd", "USD"),
    ):
        if name.endswith(suffix):
            return unit
    return None
