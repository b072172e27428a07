"""Perturbed copies of a labelled series: the same events, seen otherwise.

NAMED are those the goal asks for; FURTHER tell whether what was found on those holds elsewhere.
A window of a copy has the points its window had.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from detection_data import Labelled

if TYPE_CHECKING:
    from collections.abc import Callable

    Copy = Callable[[Labelled], Labelled]


def _with(series: Labelled, values: Any) -> Labelled:
    return Labelled(series.times, values, series.windows)


def _dice(series: Labelled) -> np.random.Generator:
    """Chance that is the same in every run, another for every series."""
    return np.random.default_rng(zlib.crc32(series.values.tobytes()))


def cut(series: Labelled) -> Labelled:
    """Without the first 8 %."""
    start = int(0.08 * len(series.values))
    spans = [(a - start, b - start) for a, b in series.windows if a > start]
    return Labelled(series.times[start:], series.values[start:], spans)


def every(step: int, first: int = 0) -> Copy:
    """One point of so many."""

    def copy(series: Labelled) -> Labelled:
        times, values = series.times[first::step], series.values[first::step]
        spans = [(a // step, max(a // step, (b - first) // step)) for a, b in series.windows]
        return Labelled(times, values, spans)

    return copy


def means(count: int) -> Copy:
    """Means of so many points, at the time of the first."""

    def copy(series: Labelled) -> Labelled:
        whole = len(series.values) // count
        values = series.values[: whole * count].reshape(-1, count).mean(axis=1)
        spans = [(a // count, min(b // count, whole - 1)) for a, b in series.windows]
        return Labelled(series.times[: whole * count : count], values, spans)

    return copy


def resampled(step: float) -> Copy:
    """A point every so many, straight lines between the points there are."""

    def copy(series: Labelled) -> Labelled:
        places = np.arange(len(series.values))
        grid = np.arange(0, len(series.values) - 1 + 1e-9, step)
        times = np.interp(grid, places, series.times)
        spans = [
            (int(np.ceil(a / step)), min(len(grid) - 1, int(b / step))) for a, b in series.windows
        ]
        return Labelled(times, np.interp(grid, places, series.values), spans)

    return copy


def thinned(series: Labelled) -> Labelled:
    """Seven of ten points, by chance."""
    kept = _dice(series).random(len(series.values)) < 0.7
    places = np.cumsum(kept) - 1
    last = int(kept.sum()) - 1
    spans = [(max(0, int(places[a])), min(last, int(places[b]))) for a, b in series.windows]
    return Labelled(series.times[kept], series.values[kept], spans)


def noisy(share: float, seed: int) -> Copy:
    """With noise of a share of the median deviation."""

    def copy(series: Labelled) -> Labelled:
        spread = np.median(np.abs(series.values - np.median(series.values)))
        noise = np.random.default_rng(seed).normal(0, share * spread, len(series.values))
        return _with(series, series.values + noise)

    return copy


def mirrored(series: Labelled) -> Labelled:
    """Highest is lowest."""
    return _with(series, series.values.max() + series.values.min() - series.values)


def power(exponent: float) -> Copy:
    """A power of each value's magnitude, with its sign, in units of the mean magnitude."""

    def copy(series: Labelled) -> Labelled:
        size = np.mean(np.abs(series.values)) or 1.0
        scaled = np.abs(series.values / size) ** exponent
        return _with(series, size * np.sign(series.values) * scaled)

    return copy


def logarithms(series: Labelled) -> Labelled:
    """Of the distance from the lowest value, in medians of it."""
    above = series.values - series.values.min()
    return _with(series, np.log1p(above / (np.median(above) + 1e-9)))


def lifted(series: Labelled) -> Labelled:
    """Five times its mean magnitude higher."""
    return _with(series, series.values + 5 * np.mean(np.abs(series.values)))


def growing(series: Labelled) -> Labelled:
    """Half as much again at its end."""
    return _with(series, series.values * np.linspace(1, 1.5, len(series.values)))


def smooth(series: Labelled) -> Labelled:
    """Each point the mean of the last three."""
    padded = np.pad(series.values, (2, 0), mode="edge")
    return _with(series, np.convolve(padded, np.ones(3) / 3, "valid"))


def rotated(share: float) -> Copy:
    """From a share of it on, by whole days where there are three, then what was before."""

    def copy(series: Labelled) -> Labelled:
        count = len(series.values)
        day = max(1, round(86400 / float(np.median(np.diff(series.times)))))
        start = int(count * share) // day * day if count > 3 * day else int(count * share)
        while any(a - 5 <= start <= b + 5 for a, b in series.windows):
            start += max(1, day // 4)
        spans = sorted(((a - start) % count, (b - start) % count) for a, b in series.windows)
        if start >= count or any(b < a for a, b in spans):
            return series
        return Labelled(series.times, np.roll(series.values, -start), spans)

    return copy


def reversed_in_time(series: Labelled) -> Labelled:
    """The last point first."""
    last = len(series.values) - 1
    spans = [(last - b, last - a) for a, b in series.windows[::-1]]
    times = (series.times[0] + series.times[-1] - series.times)[::-1]
    return Labelled(times, series.values[::-1], spans)


def shuffled(series: Labelled) -> Labelled:
    """Up to four parts in another order, cut by chance outside of windows."""
    dice, count = _dice(series), len(series.values)
    cuts = sorted(
        place
        for place in set(map(int, dice.integers(count // 8, count, 3)))
        if all(not a - 5 <= place <= b + 5 for a, b in series.windows)
    )
    parts = np.split(np.arange(count), cuts)
    order = np.concatenate([parts[place] for place in dice.permutation(len(parts))])
    now_at = np.argsort(order)
    spans = sorted((int(now_at[a]), int(now_at[b])) for a, b in series.windows)
    return Labelled(np.sort(series.times), series.values[order], spans)


NAMED: dict[str, Copy] = {
    "first 8 % cut": cut,
    "every second point": every(2),
    "noise added": noisy(0.1, seed=7),
    "mirrored": mirrored,
}
FURTHER: dict[str, Copy] = {
    "the points between": every(2, first=1),
    "every third point": every(3),
    "means of pairs": means(2),
    "a point every 1.5": resampled(1.5),
    "seven of ten points": thinned,
    "smooth": smooth,
    "three times the noise": noisy(0.3, seed=11),
    "square roots": power(0.5),
    "squares": power(2),
    "logarithms": logarithms,
    "lifted": lifted,
    "growing": growing,
    "rotated by 20 %": rotated(0.2),
    "rotated by 33 %": rotated(0.33),
    "rotated by 50 %": rotated(0.5),
    "rotated by 65 %": rotated(0.65),
    "mirrored, rotated": lambda series: rotated(0.5)(mirrored(series)),
    "parts shuffled": shuffled,
    "reversed": reversed_in_time,
}
