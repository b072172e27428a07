"""What is shown of one agent: every figure as its view has it, and the series of its charts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from hha.dashboard import questions
from hha.dashboard.reader import Reader, Row

# How far back the score is shown, hours, and by which step, minutes.
PERIODS = {1: 1, 6: 2, 24: 5, 168: 30}
DEFAULT_HOURS = 6

COMPONENTS = (
    "heartbeat_consistency",
    "performance_metrics",
    "error_rate",
    "resource_efficiency",
    "business_impact",
)

METRICS = ("average_processing_time_ms", "cpu_usage_percent", "memory_usage_mb")


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element, whatever strings it holds."""
    text = json.dumps(value, default=str, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def chosen_hours(asked: str | None) -> int:
    """The period asked for, if there is such a one."""
    return int(asked) if asked in {str(hours) for hours in PERIODS} else DEFAULT_HOURS


async def contents(reader: Reader, agent: Row, hours: int) -> dict[str, Any]:
    """All that the page of an agent shows; raises a DatabaseError."""
    key = {"agent_id": agent["agent_id"], "hours": hours, "minutes": PERIODS[hours]}
    is_judged = agent["judged_at"] is not None
    asked = {
        "explained": questions.EXPLAIN if is_judged else None,
        "history": questions.HISTORY,
        "limits": questions.LIMITS,
        "ranges": questions.RANGES_OF_AGENT,
        "beats": questions.BEATS,
        "anomalies": questions.ANOMALIES_OF_AGENT,
        "risks": questions.RISKS_OF_AGENT,
        "incidents": questions.INCIDENTS_OF_AGENT,
        "alerts": questions.ALERTS_OF_AGENT,
        "recoveries": questions.RECOVERIES_OF_AGENT,
        "timeline": questions.TIMELINE,
        "marks": questions.MARKS,
    }
    answers = await asyncio.gather(
        *(reader.rows(question, key) for question in asked.values() if question)
    )
    read = iter(answers)
    found = {name: next(read) if question else [] for name, question in asked.items()}
    return {
        **{name: found[name] for name in asked if name not in {"history", "limits", "marks"}},
        "agent": agent,
        "hours": hours,
        "periods": list(PERIODS),
        "beat_count": len(found["beats"]),
        "series": embedded(
            {
                "score": score_over_time(found["history"], found["explained"], PERIODS[hours]),
                "limits": found["limits"][0] if found["limits"] else {},
                "marks": found["marks"],
                "beats": _columns(found["beats"]),
                "ranges": {row["metric_name"]: row for row in found["ranges"]},
                "strange": [
                    _episode(row) for row in found["anomalies"] if row["metric_name"] in METRICS
                ],
            }
        ),
    }


def score_over_time(
    history: Iterable[Row], explained: Iterable[Row], minutes: int
) -> dict[str, Any]:
    """Columns for the chart: times, contributions by component and gate, the score; last, now."""
    columns = {row["component"]: row for row in history}
    now = {row["component"]: row for row in explained}
    names = (*COMPONENTS, "gate")
    times = list(columns["gate"]["at"]) if columns else []
    parts = {name: list(columns[name]["contributions"]) if columns else [] for name in names}
    scores = list(columns["gate"]["values"]) if columns else []
    if now:
        times.append(None)
        scores.append(now["gate"]["value"])
        for name in names:
            parts[name].append(now[name]["contribution"])
    return {"step": 60 * minutes, "at": times, "parts": parts, "score": scores}


def _episode(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "metric": row["metric_name"],
        "from": row["started_at"].timestamp(),
        "to": row["ended_at"].timestamp() if row["ended_at"] else None,
        "low": row["expected_low"],
        "high": row["expected_high"],
    }


def _columns(rows: list[Row]) -> dict[str, list[Any]]:
    """Rows, newest first, as columns, oldest first."""
    return {name: [row[name] for row in reversed(rows)] for name in (rows[0] if rows else {})}
