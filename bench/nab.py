"""The Numenta Anomaly Benchmark through replay_anomalies, beside published detectors and EWMA-z.

Each file is a series of performance_metrics, loaded by load_history and INSERTs; nothing is set per
file. Beside the files as they are: copies cut, halved, noisy, square-rooted, mirrored, rotated (the
last part first) and reversed. Nothing was chosen on the last two but whether the structure holds.
"""

from __future__ import annotations

import argparse
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import nab_score
from common import Bench, Goal, Table, parser, process_seconds, report, running, value
from detection_data import Labelled, add_option, insert, make_room, nab, require
from nab_score import Scored

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

DATABASE = "hha_bench_nab"
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


def cut(series: Labelled) -> Labelled:
    """Without the first 8 %."""
    start = int(0.08 * len(series.values))
    spans = [(a - start, b - start) for a, b in series.windows if a > start]
    return Labelled(series.times[start:], series.values[start:], spans)


def halved(series: Labelled) -> Labelled:
    """Every second point."""
    spans = [(a // 2, b // 2) for a, b in series.windows]
    return Labelled(series.times[::2], series.values[::2], spans)


def noisy(series: Labelled) -> Labelled:
    """With noise of a tenth of the median deviation."""
    spread = np.median(np.abs(series.values - np.median(series.values)))
    noise = np.random.default_rng(7).normal(0, 0.1 * spread, len(series.values))
    return Labelled(series.times, series.values + noise, series.windows)


def rooted(series: Labelled) -> Labelled:
    """The square root of each value."""
    values = np.sign(series.values) * np.sqrt(np.abs(series.values))
    return Labelled(series.times, values, series.windows)


def mirrored(series: Labelled) -> Labelled:
    """Highest is lowest."""
    values = series.values.max() + series.values.min() - series.values
    return Labelled(series.times, values, series.windows)


def rotated(series: Labelled) -> Labelled:
    """From a third on, by whole days where there are three, then the first third."""
    count = len(series.values)
    day = max(1, round(86400 / float(np.median(np.diff(series.times)))))
    start = int(count * 0.33) // day * day if count > 3 * day else int(count * 0.33)
    while any(a - 5 <= start <= b + 5 for a, b in series.windows):
        start += max(1, day // 4)
    spans = sorted(((a - start) % count, (b - start) % count) for a, b in series.windows)
    if start >= count or any(b < a for a, b in spans):
        return series
    return Labelled(series.times, np.roll(series.values, -start), spans)


def reversed_in_time(series: Labelled) -> Labelled:
    """The last point first."""
    last = len(series.values) - 1
    spans = [(last - b, last - a) for a, b in series.windows[::-1]]
    times = (series.times[0] + series.times[-1] - series.times)[::-1]
    return Labelled(times, series.values[::-1], spans)


COPIES: dict[str, Callable[[Labelled], Labelled]] = {
    "as they are": lambda series: series,
    "first 8 % cut": cut,
    "every second point": halved,
    "noise added": noisy,
    "square roots": rooted,
    "mirrored": mirrored,
    "rotated": rotated,
    "reversed": reversed_in_time,
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


def line(name: str, run: dict[str, Scored], threshold: float) -> list[str]:
    """A row of a table: at its own best threshold, at the fixed one, leaving a category out."""
    own = nab_score.best(run.values(), nab_score.candidates(run.values()))
    best, _ = nab_score.total(row.at(own) for row in run.values())
    fixed, sums = nab_score.total(row.at(threshold) for row in run.values())
    return [
        name,
        f"{best:.1f}",
        f"{nab_score.leave_category_out(run):.1f}",
        f"{fixed:.1f}",
        f"{sums.hits}/{sums.windows}",
        f"{1000 * sums.false_alarms / sums.normal_points:.2f}",
    ]


def tables(runs: dict[str, dict[str, Scored]], ewma: dict[str, Scored]) -> list[Table]:
    """Copies, categories, published figures."""
    header = ["best threshold", "category left out", "at 0.5", "windows", "false / 1,000"]
    copies = Table("NAB, standard profile", ["31 files", *header])
    copies.note = "One threshold for all files; windows and false alarm points at the fixed 0.5."
    copies.rows = [line(name, run, 0.5) for name, run in runs.items()]
    own = nab_score.best(ewma.values(), nab_score.candidates(ewma.values()))
    copies.rows.append(line("EWMA-z as they are (own best instead of 0.5)", ewma, own))
    categories = Table("By category at 0.5, as they are", ["category", "score", *header[3:]])
    files = runs["as they are"]
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
    return [copies, categories, published]


def main() -> None:
    """Every copy in turn."""
    options_parser = parser(__doc__ or "")
    add_option(options_parser)
    options: argparse.Namespace = options_parser.parse_args()
    require(options.data / "nab")
    data = nab(options.data / "nab")
    names = list(COPIES)[:1] if options.quick else list(COPIES)
    with running(options) as bench, bench.database(DATABASE):
        runs, speed = run_all(bench, data, names)
        ewma = {
            name: Scored.of(series, ewma_scores(series.values)) for name, series in data.items()
        }
        first = runs["as they are"]
        fixed, sums = nab_score.total(row.at(0.5) for row in first.values())
        left_out = nab_score.leave_category_out(first)
        rate = 1000 * sums.false_alarms / sums.normal_points
        goals = [
            Goal("leave one category out", ">= 71.2", f"{left_out:.1f}", left_out >= 71.2),
            Goal("false alarms per 1,000 at 0.5", "<= 0.5", f"{rate:.2f}", rate <= 0.5),
            Goal("points per processor second", ">= 50,000", f"{speed:,.0f}", speed >= 50_000),
        ]
        if not options.quick:
            lowest = {name: nab_score.leave_category_out(run) for name, run in runs.items()}
            worst = min(lowest, key=lambda name: lowest[name])
            shown = f"{worst}: {lowest[worst]:.1f}"
            goals.insert(1, Goal("the same on every copy", ">= 71.2", shown, lowest[worst] >= 71.2))
        figures = {"standard": fixed, "left_out": left_out, "rate": rate, "speed": speed}
        report(options, "nab", bench, tables(runs, ewma), goals, figures)


def run_all(
    bench: Bench, data: dict[str, Labelled], names: list[str]
) -> tuple[dict[str, dict[str, Scored]], float]:
    """The copies through one database, which knows nothing of the one before; the speed."""
    runs = {}
    with bench.connect(DATABASE) as connection:
        make_room(connection, np.concatenate([series.times for series in data.values()]))
        for name in names:
            runs[name] = replay(
                connection, {file: COPIES[name](series) for file, series in data.items()}
            )
            print(f"{name}: done", flush=True)
        speed = points_per_second(connection, data["realTweets/Twitter_volume_FB.csv"])
    return runs, speed


if __name__ == "__main__":
    main()
