"""Public data for the benches of detection, and its way into the database.

The data is not part of the repository: ``--data`` names its folder (default: shared/data beside
the checkout). Series go in as history does: load_history, then plain INSERTs with explicit times.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common import REPOSITORY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    import psycopg

DEFAULT = REPOSITORY.parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A series with the windows (first and last index) in which something was wrong."""

    times: Any
    values: Any
    windows: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Machine:
    """Many metrics (a column each); the first ``train`` rows have no label."""

    name: str
    step_seconds: int
    train: int
    values: Any
    labels: Any


def add_option(parser: argparse.ArgumentParser) -> None:
    """The folder of the data."""
    parser.add_argument(
        "--data", type=Path, default=DEFAULT, help=f"folder with nab, smd, asd (default {DEFAULT})"
    )


def require(folder: Path) -> None:
    """End, saying so, where a data set is absent: nothing is measured, nothing is wrong."""
    if not folder.is_dir():
        print(f"not measured: there is no {folder}; --data names the folder of the public data")
        sys.exit(0)


def _seconds(text: str) -> float:
    moment = datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    return moment.replace(tzinfo=UTC).timestamp()


def nab(folder: Path) -> dict[str, Labelled]:
    """The files of the Numenta Anomaly Benchmark that are there."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    result = {}
    for name in sorted(windows):
        path = folder / "data" / name
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [(_seconds(row[0]), float(row[1])) for row in list(csv.reader(lines))[1:]]
        times = np.array([row[0] for row in rows])
        spans = []
        for first, last in windows[name]:
            inside = np.nonzero((times >= _seconds(first)) & (times <= _seconds(last)))[0]
            spans.append((int(inside[0]), int(inside[-1])))
        result[name] = Labelled(times, np.array([row[1] for row in rows]), spans)
    return result


def machines(folder: Path, step_seconds: int) -> list[Machine]:
    """SMD or ASD: NAME.train.csv.gz and NAME.test.csv.gz, the last column of the test the label."""
    result = []
    for path in sorted(folder.glob("*.test.csv.gz")):
        name = path.name.removesuffix(".test.csv.gz")
        test = _table(path)
        width = test.shape[1] - 1
        train = _table(folder / f"{name}.train.csv.gz")[:, :width]
        values = np.vstack([train, test[:, :width]])
        result.append(Machine(name, step_seconds, len(train), values, test[:, width]))
    return result


def _table(path: Path) -> Any:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return np.loadtxt(lines, delimiter=",", skiprows=1)


def make_room(connection: psycopg.Connection[Any], moments: Iterable[float]) -> None:
    """Partitions for history from the first to the last of these times."""
    seconds = list(moments)
    connection.execute(
        "SELECT health.load_history(to_timestamp(%s), to_timestamp(%s))",
        (min(seconds), max(seconds) + 1),
    )


def insert(
    connection: psycopg.Connection[Any], agent_id: str, name: str, times: Any, values: Any
) -> None:
    """One series of performance_metrics."""
    connection.execute(
        "INSERT INTO health.performance_metrics"
        " (agent_id, metric_name, metric_value, recorded_at, received_at)"
        " SELECT %s, %s, stored.v, to_timestamp(stored.t), to_timestamp(stored.t)"
        " FROM unnest(%s::float8 [], %s::float8 []) AS stored (t, v)",
        (agent_id, name, list(map(float, times)), list(map(float, values))),
    )
