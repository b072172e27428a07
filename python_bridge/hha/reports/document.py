"""The document that health.executive_report returns, read into lines and sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from hha.errors import from_psycopg

REPORT_SQL = """
SELECT health.executive_report(
    coalesce(%(from)s::timestamptz, coalesce(%(to)s::timestamptz, now()) - interval '7 days'),
    coalesce(%(to)s::timestamptz, now())
)
"""

_SECTIONS = {
    "executive_summary": "Summary",
    "financial_impact": "Money",
    "operational_metrics": "Operation",
    "strategic_insights": "Outlook",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as people read it. `is_met` None: it has no objective, or is not measured."""

    title: str
    text: str
    meaning: str
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Section:
    """Figures under a heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the charts; availability in percent, None where nothing was at work."""

    day: str
    availability_percent: float | None
    revenue_lost_usd: float
    incident_count: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of the list of the dearest."""

    name: str
    availability: str
    revenue_lost: str
    trend: str
    advice: str


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report; `raw` is what the database gave."""

    begins: str
    ends: str
    method: str
    sections: tuple[Section, ...]
    recommendations: tuple[str, ...]
    days: tuple[Day, ...]
    agents: tuple[Agent, ...]
    raw: dict[str, Any]


def read_document(dsn: str, begins: str | None, ends: str | None) -> Document:
    """Ask for the report of a period; None: the last seven days up to now.

    Times are anything PostgreSQL understands. Raises a DatabaseError.
    """
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            row = connection.execute(REPORT_SQL, {"from": begins, "to": ends}).fetchone()
    except psycopg.Error as error:
        raise from_psycopg(error) from error
    assert row is not None
    return document_of(row[0])


def document_of(raw: dict[str, Any]) -> Document:
    """The document in the shape that layouts need."""
    period = raw["period"]
    return Document(
        begins=_minute(period["from"]),
        ends=_minute(period["to"]),
        method=str(period["method"]),
        sections=tuple(
            Section(title, tuple(_line(line) for line in raw[name].values()))
            for name, title in _SECTIONS.items()
        ),
        recommendations=tuple(_advice(line) for line in raw["recommendations"]),
        days=tuple(
            Day(
                str(day["from_at"])[:10],
                _number(day["availability_percent"]),
                _number(day["revenue_lost_usd"]) or 0.0,
                int(day["incident_count"]),
            )
            for day in raw["days"]
        ),
        agents=tuple(
            Agent(
                str(agent["agent_name"]),
                f"{float(agent['availability_percent']):.3f} %",
                f"${float(agent['revenue_lost_usd']):,.2f}",
                str(agent["performance_trend"]),
                "; ".join(agent["recommendations"] or ()),
            )
            for agent in raw["agents"]
        ),
        raw=raw,
    )


def _line(line: Mapping[str, Any]) -> Line:
    return Line(str(line["title"]), str(line["text"]), str(line["meaning"]), line.get("is_met"))


def _advice(line: Mapping[str, Any]) -> str:
    who = line.get("agent_id")
    return f"{who}: {line['summary']}" if who else str(line["summary"])


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _minute(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M %Z").strip()
