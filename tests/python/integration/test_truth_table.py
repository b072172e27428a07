"""The published truth table of docs/alerting.md against the function that decides."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Engine

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "alerting.md"
ANYTHING = "·"

#: In the order of the function's parameters and of the table's columns.
FACTS: dict[str, tuple[str, ...]] = {
    "news": (
        "new",
        "worse",
        "unrecovered",
        "step_due",
        "reminder_due",
        "withdrawn",
        "none",
        "over",
    ),
    "told before": ("yes", "no"),
    "withheld until now": ("yes", "no"),
    "confirmed": ("yes", "no"),
    "maintenance": ("yes", "no"),
    "in fleet incident": ("yes", "no"),
    "unheard": ("yes", "no"),
    "parent": ("up", "suspected", "down"),
    "silenced": ("yes", "no"),
    "flapping": ("yes", "no"),
    "acknowledged": ("yes", "no"),
}


def published_rows() -> list[list[str]]:
    """The rows of the table, each eleven facts, a decision and its event or reason."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## The decision\n")[2]
    table = section.partition("\n\n**News**")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == [*FACTS, "decision", "event or reason"]
    return rows[2:]


def fits(row: list[str], facts: tuple[str, ...]) -> bool:
    """Whether a row speaks of these facts."""
    return all(cell in (ANYTHING, fact) for cell, fact in zip(row, facts, strict=False))


def test_the_table_speaks_the_functions_language() -> None:
    for row in published_rows():
        assert len(row) == len(FACTS) + 2, row
        for cell, values in zip(row, FACTS.values(), strict=False):
            assert cell == ANYTHING or cell in values, row
        assert row[-2] in ("send", "withhold", "nothing")
        assert re.fullmatch(r"[a-z_]+", row[-1])


def test_every_combination_is_decided_as_published(engine: Engine) -> None:
    rows = published_rows()
    combinations = list(itertools.product(*FACTS.values()))
    expected = []
    used = set()
    for facts in combinations:
        place = next((place for place, row in enumerate(rows) if fits(row, facts)), None)
        assert place is not None, f"no row speaks of {facts}"
        used.add(place)
        expected.append(rows[place][-2:])
    assert used == set(range(len(rows))), "a row that never decides"
    columns = list(zip(*combinations, strict=True))
    decided = engine.rows(
        """
        SELECT health_internal.decide_notification(
            f.news, f.told = 'yes', f.withheld = 'yes', f.confirmed = 'yes', f.maintenance = 'yes',
            f.fleet = 'yes', f.unheard = 'yes', f.parent, f.silenced = 'yes',
            f.flapping = 'yes', f.acknowledged = 'yes') AS decision
        FROM unnest(
            %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::text[]
        ) WITH ORDINALITY AS f (
            news, told, withheld, confirmed, maintenance, fleet, unheard, parent, silenced,
            flapping, acknowledged, place)
        ORDER BY f.place
        """,
        *(list(column) for column in columns),
    )
    differing = [
        (facts, wanted, row["decision"])
        for facts, wanted, row in zip(combinations, expected, decided, strict=True)
        if row["decision"] != wanted
    ]
    assert differing == []


def test_every_reason_is_explained() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_]+)`", text.partition("| reason | what")[2]))
    withheld = {row[-1] for row in published_rows() if row[-2] == "withhold"}
    assert withheld <= explained
