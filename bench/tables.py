"""How figures are shown beside their goals: in a terminal, in docs/benchmarks.md, as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from common import Bench

BENCHMARKS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach; ``is_met`` None where this run was too small to tell."""

    what: str
    wanted: str
    reached: str
    is_met: bool | None


@dataclass(slots=True)
class Table:
    """Rows of text under a title; ``note`` says what was measured and how."""

    title: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    def text(self) -> str:
        """Aligned for a terminal: the first column left, the others right."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        printed = [
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        printed.insert(1, "-" * max(map(len, printed)))
        return "\n".join(["", self.title, *([self.note] if self.note else []), *printed])

    def markdown(self) -> str:
        """The same for docs/benchmarks.md."""
        rule = ["---", *(["---:"] * (len(self.header) - 1))]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.header, rule, *self.rows)]
        parts = [f"**{self.title}**", *([self.note] if self.note else []), "\n".join(lines)]
        return "\n\n".join(parts)


def goals_table(goals: Sequence[Goal]) -> Table:
    """One row per goal, said honestly."""
    words = {True: "met", False: "MISSED", None: "not measured"}
    rows = [[goal.what, goal.wanted, goal.reached, words[goal.is_met]] for goal in goals]
    return Table("Goals", ["goal", "wanted", "reached", ""], rows)


def report(
    options: argparse.Namespace,
    name: str,
    bench: Bench,
    tables: Sequence[Table],
    goals: Sequence[Goal],
    figures: dict[str, Any],
) -> None:
    """Print; write JSON and the documentation where asked."""
    every_table = [*tables, goals_table(goals)]
    for table in every_table:
        print(table.text(), flush=True)
    if options.json:
        document = {
            "bench": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "is_quick": options.quick,
            "server": bench.description,
            "figures": figures,
            "goals": [asdict(goal) for goal in goals],
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if options.write_docs:
        write_docs(name, bench.description, every_table)


def write_docs(
    name: str, description: str, tables: Sequence[Table], document: Path = BENCHMARKS
) -> None:
    """Put the tables between the two lines of ``document`` that name them."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = document.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"{document} lacks the lines {begin} and {end}")
    body = "\n\n".join([f"{description}.", *(table.markdown() for table in tables)])
    document.write_text(f"{before}{begin}\n{body}\n{end}{after}", encoding="utf-8")


def ratio(numerator: float, denominator: float) -> str:
    """As '0.74 x'."""
    return f"{numerator / denominator:.2f} x" if denominator else "-"
