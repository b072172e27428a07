"""The scoring of the Numenta Anomaly Benchmark v1.1, as its paper and code define it.

A detection in a window counts once, by where the earliest lies: nearly 1 at its beginning, 0 at its
end. One outside costs more the further it lies behind the last window, 0.11 at most; a missed
window costs 1. The first 15 % of a file (750 points at most) do not count. 0 is a detector that
never speaks, 100 the perfect one. One threshold serves all files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detection_data import Labelled

FALSE_ALARM = 0.11


def _sigmoid(place: float) -> float:
    return -1.0 if place > 3 else 2 / (1 + math.exp(5 * place)) - 1


@dataclass(frozen=True, slots=True)
class Result:
    """One file at one threshold."""

    gain: float
    windows: int
    hits: int
    false_alarms: int
    normal_points: int


def weights(series: Labelled) -> tuple[Any, Any]:
    """Per point what a detection there is worth, and its window (-1: none)."""
    count = len(series.values)
    worth = np.full(count, -FALSE_ALARM)
    window = np.full(count, -1)
    for number, (first, last) in enumerate(series.windows):
        width = last - first + 1
        end = series.windows[number + 1][0] if number + 1 < len(series.windows) else count
        for index in range(first, last + 1):
            worth[index] = _sigmoid(-(last - index + 1) / width) / _sigmoid(-1.0)
            window[index] = number
        for index in range(last + 1, end):
            worth[index] = FALSE_ALARM * _sigmoid((index - last) / (last - first))
    return worth, window


@dataclass(slots=True)
class Scored:
    """A file with a detector's scores, ready for any threshold."""

    worth: Any
    window: Any
    scores: Any

    @classmethod
    def of(cls, series: Labelled, scores: Any) -> Scored:
        worth, window = weights(series)
        skip = min(math.floor(0.15 * len(worth)), 750)
        return cls(worth[skip:], window[skip:], np.asarray(scores, dtype=float)[skip:])

    def at(self, threshold: float) -> Result:
        """What the detector gains over one that never speaks."""
        said = self.scores >= threshold
        outside = self.window < 0
        gain = float(self.worth[said & outside].sum())
        numbers = np.unique(self.window[~outside])
        hits = 0
        for number in numbers:
            inside = said & (self.window == number)
            if inside.any():
                hits += 1
                gain += max(float(self.worth[inside].max()), -1.0) + 1
        return Result(gain, len(numbers), hits, int((said & outside).sum()), int(outside.sum()))

    def steps(self) -> tuple[Any, Any]:
        """Scores and what each gains as the threshold sinks to it."""
        outside = self.window < 0
        scores, gains = [self.scores[outside]], [self.worth[outside]]
        for number in np.unique(self.window[~outside]):
            inside = np.nonzero(self.window == number)[0]
            inside = inside[np.argsort(-self.scores[inside], kind="stable")]
            reached = np.maximum.accumulate(np.maximum(self.worth[inside], -1.0))
            scores.append(self.scores[inside])
            gains.append(np.diff(reached, prepend=-1.0))
        return np.concatenate(scores), np.concatenate(gains)


def total(results: Iterable[Result]) -> tuple[float, Result]:
    """The normalised score of several files, and their sums."""
    rows = list(results)
    summed = Result(
        sum(row.gain for row in rows),
        sum(row.windows for row in rows),
        sum(row.hits for row in rows),
        sum(row.false_alarms for row in rows),
        sum(row.normal_points for row in rows),
    )
    return (100 * summed.gain / (2 * summed.windows) if summed.windows else math.nan), summed


def best(files: Iterable[Scored]) -> float:
    """The threshold of the highest score on these files, of all scores: as the benchmark does."""
    steps = [row.steps() for row in files]
    scores = np.concatenate([row[0] for row in steps])
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    gains = np.cumsum(np.concatenate([row[1] for row in steps])[order])
    last = np.append(scores[1:] != scores[:-1], True)
    return float(scores[last][np.argmax(gains[last])])


def leave_category_out(files: Mapping[str, Scored]) -> float:
    """Each category at the threshold that is best on the others."""
    results = []
    for category in sorted({name.split("/")[0] for name in files}):
        others = [row for name, row in files.items() if not name.startswith(category)]
        threshold = best(others)
        results += [row.at(threshold) for name, row in files.items() if name.startswith(category)]
    return total(results)[0]
