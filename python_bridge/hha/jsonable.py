"""Rows of the database as JSON."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # datetime included
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def to_json(value: Any) -> str:
    """Indented JSON: times in ISO 8601, intervals in seconds, numerics as numbers."""
    return json.dumps(value, default=_plain, indent=2)
