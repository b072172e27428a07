"""The Numenta Anomaly Benchmark through replay_anomalies, beside published detectors and EWMA-z.

Each file is a series of performance_metrics, loaded by load_history and INSERTs; nothing is set per
file. Beside the files as they are: the copies the goal names, and further ones (nab_copies.py).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import numpy as np

import nab_score
from common import Goal, Table, parser, process_seconds, report, running, value
from detection_data import Labelled, add_option, insert, make_room, nab, require
from nab_copies import FURTHER, NAMED
from nab_score import Scored

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_nab"
AS_THEY_ARE = "as they are"
#: Standard profile on these 31 files, from the results the benchmark publishes (numenta/NAB).
PUBLISHED = {
    "ARTime": 78.2,
    "CAD OSE": 74.1,
    "Numenta HTM": 71.2,
    "HTM Java": 68.4,
    "KNN CAD": 64.4,
    "Relative Entropy": 56.3,
    "earthgecko Skyline": 56.1,
    "Random Cut Forest": 52.0,
    "Twitter ADVec": 46.4,
    "Etsy Skyline": 37.2,
    "Windowed Gaussian": 36.7,
    "random": 20.9,
}


def ewma_scores(values: Any) -> Any:
    """|x - mean| over the deviation, both exponential with 100 points' memory."""
    mean, variance = float(values[0]), 0.0
    scores = np.zeros(len(values))
    for index, number in enumerate(map(float, values)):
        difference = number - mean
        scores[index] = abs(difference) / ((variance + 1e-12) ** 0.5 + 1e-6 * abs(mean) + 1e-12)
        mean += 0.01 * difference
        variance += 0.01 * (difference * difference - variance)
    return scores


def replay(connection: psycopg.Connection[Any], copy: dict[str, Labelled]) -> dict[str, Scored]:
    """Load, replay and score one copy."""
    connection.execute("TRUNCATE health.performance_metrics")
    for name, series in copy.items():
        insert(connection, "nab", name, series.times, series.values)
    files = {}
    for name, series in copy.items():
        rows = connection.execute(
            "SELECT anomaly_score FROM health.replay_anomalies('nab', %s)", (name,)
        ).fetchall()
        # Rows come by time; clocks that were put back make that another order than the file's.
        scores = np.zeros(len(series.values))
        scores[np.argsort(series.times, kind="stable")] = [row[0] for row in rows]
        files[name] = Scored.of(series, scores)
    return files


def points_per_second(connection: psycopg.Connection[Any], series: Labelled) -> float:
    """A hundred thousand points through the replay, by the backend's processor time."""
    values = np.resize(series.values, 100_000)
    times = float(series.times[0]) + 60 * np.arange(len(values))
    connection.execute("TRUNCATE health.performance_metrics")
    insert(connection, "nab", "long", times, values)
    pid = value(connection, "SELECT pg_backend_pid()")
    speeds = []
    for _ in range(3):
        cpu = process_seconds(pid)
        connection.execute("SELECT count(*) FROM health.replay_anomalies('nab', 'long')")
        speeds.append(len(values) / max(process_seconds(pid) - cpu, 1e-9))
    return median(speeds)


@dataclass(frozen=True, slots=True)
class Figures:
    """A detector over the files: at its own best threshold, a category left out, at a fixed one."""

    best: float
    left_out: float
    fixed: float
    sums: nab_score.Result

    @classmethod
    def of(cls, run: dict[str, Scored], threshold: float = 0.5) -> Figures:
        own = nab_score.best(run.values())
        best, _ = nab_score.total(row.at(own) for row in run.values())
        fixed, sums = nab_score.total(row.at(threshold) for row in run.values())
        return cls(best, nab_score.leave_category_out(run), fixed, sums)

    @property
    def rate(self) -> float:
        return 1000 * self.sums.false_alarms / self.sums.normal_points

    def row(self, name: str) -> list[str]:
        return [
            name,
            f"{self.best:.1f}",
            f"{self.left_out:.1f}",
            f"{self.fixed:.1f}",
            f"{self.sums.hits}/{self.sums.windows}",
            f"{self.rate:.2f}",
        ]


HEADER = ["best threshold", "category left out", "at 0.5", "windows", "false / 1,000"]


def copies_table(title: str, runs: dict[str, Figures]) -> Table:
    """One row per copy."""
    result = Table(title, ["31 files", *HEADER])
    result.rows = [figures.row(name) for name, figures in runs.items()]
    return result


def mean_row(name: str, runs: list[Figures]) -> list[str]:
    """The mean of several copies."""
    shares = [run.sums.hits / run.sums.windows for run in runs]
    return [
        name,
        f"{mean(run.best for run in runs):.1f}",
        f"{mean(run.left_out for run in runs):.1f}",
        f"{mean(run.fixed for run in runs):.1f}",
        f"{100 * mean(shares):.0f} %",
        f"{mean(run.rate for run in runs):.2f}",
    ]


def tables(
    runs: dict[str, Figures], files: dict[str, Scored], ewma: dict[str, Scored]
) -> list[Table]:
    """The files and the copies that are goals, further copies, categories, published figures."""
    named = {name: run for name, run in runs.items() if name not in FURTHER}
    first = copies_table("NAB, standard profile", named)
    first.note = "One threshold for all files; windows and false alarm points at the fixed 0.5."
    own = nab_score.best(ewma.values())
    first.rows.append(Figures.of(ewma, own).row("EWMA-z as they are (own best instead of 0.5)"))
    result = [first]
    further = {name: run for name, run in runs.items() if name in FURTHER}
    if further:
        second = copies_table("NAB, further copies", further)
        second.note = "No goal of their own: they tell what to expect of files not seen."
        second.rows.append(mean_row("mean of these", list(further.values())))
        copies = [run for name, run in runs.items() if name != AS_THEY_ARE]
        second.rows.append(mean_row("mean of all copies", copies))
        result.append(second)
    categories = Table("By category at 0.5, as they are", ["category", "score", *HEADER[3:]])
    for category in sorted({name.split("/")[0] for name in files}):
        score, sums = nab_score.total(
            row.at(0.5) for name, row in files.items() if name.startswith(category)
        )
        rate = f"{1000 * sums.false_alarms / sums.normal_points:.2f}"
        shown = f"{score:.1f}" if sums.windows else "-"
        categories.rows.append([category, shown, f"{sums.hits}/{sums.windows}", rate])
    published = Table("Published detectors on these files", ["detector", "standard profile"])
    published.note = "NAB's published results, one threshold for all files; ours: the table above."
    published.rows = [[name, f"{score:.1f}"] for name, score in PUBLISHED.items()]
    return [*result, categories, published]


def goals(runs: dict[str, Figures], speed: float) -> list[Goal]:
    """What was promised of the files as they are, and of the copies that were named."""
    first = runs[AS_THEY_ARE]
    result = [
        Goal(
            "leave one category out",
            ">= 71.2",
            f"{first.left_out:.1f}",
            first.left_out >= 71.2,
        )
    ]
    named = {name: run.left_out for name, run in runs.items() if name in NAMED}
    if named:
        worst = min(named, key=lambda name: named[name])
        shown = f"{worst}: {named[worst]:.1f}"
        result.append(
            Goal("the same cut, halved, noisy, mirrored", ">= 71.2", shown, named[worst] >= 71.2)
        )
    return [
        *result,
        Goal("false alarms per 1,000 at 0.5", "<= 0.5", f"{first.rate:.2f}", first.rate <= 0.5),
        Goal("points per processor second", ">= 50,000", f"{speed:,.0f}", speed >= 50_000),
    ]


def main() -> None:
    """Every copy in turn."""
    options_parser = parser(__doc__ or "")
    add_option(options_parser)
    options: argparse.Namespace = options_parser.parse_args()
    require(options.data / "nab")
    data = nab(options.data / "nab")
    copies = {} if options.quick else {**NAMED, **FURTHER}
    runs: dict[str, Figures] = {}
    with running(options) as bench, bench.database(DATABASE), bench.connect(DATABASE) as connection:
        # A database that knows nothing of the copy before.
        make_room(connection, np.concatenate([series.times for series in data.values()]))
        files = replay(connection, data)
        runs[AS_THEY_ARE] = Figures.of(files)
        for name, copy in copies.items():
            changed = {file: copy(series) for file, series in data.items()}
            runs[name] = Figures.of(replay(connection, changed))
            print(f"{name}: done", flush=True)
        speed = points_per_second(connection, data["realTweets/Twitter_volume_FB.csv"])
        ewma = {
            name: Scored.of(series, ewma_scores(series.values)) for name, series in data.items()
        }
        first = runs[AS_THEY_ARE]
        figures = {
            "standard": first.fixed,
            "left_out": first.left_out,
            "rate": first.rate,
            "speed": speed,
        }
        report(options, "nab", bench, tables(runs, files, ewma), goals(runs, speed), figures)


if __name__ == "__main__":
    main()
