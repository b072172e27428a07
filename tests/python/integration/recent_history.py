"""The morning of docs/analysts.md as if it had been yesterday, and trouble at this moment.

What dashboards and notebooks ask about "now" then has answers; each of their queries finds a row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import psycopg

FOLDER = Path(__file__).resolve().parents[1] / "data"
BEGAN_BEFORE = timedelta(hours=34)


def make_history(owner: psycopg.Connection[Any]) -> tuple[datetime, datetime]:
    """Fill the database; the times between which it lies."""
    now = datetime.now(UTC)
    zero = now.replace(minute=0, second=0, microsecond=0) - BEGAN_BEFORE
    for name in ("business_history.sql", "recent_trouble.sql"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        text = text.replace("2031-05-06 07:00:00+00", zero.isoformat())
        text = text.replace("2031-05-07 07:00+00", now.isoformat())
        assert "2031-" not in text
        owner.execute(text.encode())
    return zero - timedelta(days=1), now + timedelta(minutes=10)
