"""Reading `deliveries.details`, of which nothing is certain: what is missing or odd is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hha.bridge.channels.wording import one_line

LONGEST_LIST = 50


class Facts:
    """One JSON object."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, key: str) -> str:
        value = self._values.get(key)
        return one_line(value, 300) if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def whole(self, key: str) -> int | None:
        value = self._values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def time(self, key: str) -> datetime | None:
        value = self._values.get(key)
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else None
            return at.astimezone(UTC) if at and at.tzinfo else None
        except (ValueError, OverflowError):
            return None

    def has_list(self, key: str) -> bool:
        return isinstance(self._values.get(key), list)

    def rows(self, key: str) -> list[Facts]:
        value = self._values.get(key)
        rows = value if isinstance(value, list) else []
        return [Facts(row) for row in rows[:LONGEST_LIST] if isinstance(row, dict)]
