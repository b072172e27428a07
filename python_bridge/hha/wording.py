"""How numbers and times are worded for people, on a terminal as on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOTHING = "-"


def number(value: Any, digits: int = 1) -> str:
    """A number to so many digits, a dash for none."""
    return NOTHING if value is None else f"{float(value):.{digits}f}"


def duration(value: Any) -> str:
    """Seconds, or a timedelta, in the unit a person would use; a dash for none."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    for limit, size, unit in ((100, 1, "s"), (6000, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.{1 if size == 1 and seconds < 10 else 0}f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def ago(at: datetime | None) -> str:
    """How long since."""
    return "never" if at is None else duration((datetime.now(UTC) - at).total_seconds()) + " ago"


def clock(at: datetime | None) -> str:
    """A moment to the second, in UTC."""
    return NOTHING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
