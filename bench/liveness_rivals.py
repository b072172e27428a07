"""Failure detectors of the literature, and how detectors are measured.

A detector is an array: after each arrival, the seconds of silence until it suspects. The formulas
are those of the papers and of the programs: Chen, Toueg and Aguilera 2002; Bertier, Marin and Sens
2002; Hayashibara's φ accrual 2004 with a normal distribution; Akka's logistic approximation of it
with an acceptable pause; Cassandra's exponential one; Satzger 2007. Windows are 1,000 arrivals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from liveness_traces import Array, Link

WINDOW = 1000


@dataclass(slots=True)
class Quality:
    """Sums over links; see :func:`measure_link`."""

    detection_area: float = 0.0
    crash_seconds: float = 0.0
    mistakes: int = 0
    seconds: float = 0.0
    mistaken_seconds: float = 0.0

    def add(self, other: Quality) -> None:
        """Another link's."""
        self.detection_area += other.detection_area
        self.crash_seconds += other.crash_seconds
        self.mistakes += other.mistakes
        self.seconds += other.seconds
        self.mistaken_seconds += other.mistaken_seconds

    @property
    def detection_seconds(self) -> float:
        """Mean T_D, seconds."""
        return self.detection_area / self.crash_seconds

    @property
    def per_day(self) -> float:
        """Mistakes per agent-day, half a mistake added: none seen is not never."""
        return (self.mistakes + 0.5) / (self.seconds / 86400)

    @property
    def accuracy(self) -> float:
        """P_A: the share of time in which an agent that lives is not suspected."""
        return 1 - self.mistaken_seconds / self.seconds

    @property
    def duration(self) -> float:
        """T_M: how long a mistake lasts, seconds."""
        return self.mistaken_seconds / self.mistakes if self.mistakes else 0.0


def measure_link(link: Link, silence: Array, first: int = 200, last: int | None = None) -> Quality:
    """What ``silence`` seconds allowed after each arrival bring, from arrival ``first`` on.

    T_D is exact for a crash at a uniformly random time: what was sent before still arrives, and a
    crash while the agent is suspected already is detected at once.
    """
    first = min(first, len(link.arrived) // 3)
    stop = len(link.arrived) if last is None else min(last, len(link.arrived))
    sent, arrived = link.sent[first:stop], link.arrived[first:stop]
    deadline = arrived[:-1] + silence[first : stop - 1]
    begin, end = sent[:-1], sent[1:]
    area = np.maximum(0, deadline - begin) ** 2 - np.maximum(0, deadline - end) ** 2
    late = arrived[1:] - deadline
    return Quality(
        float(area.sum() / 2),
        float((end - begin).sum()),
        int((late > 0).sum()),
        float(arrived[-1] - arrived[0]),
        float(late[late > 0].sum()),
    )


def _moments(values: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of the last WINDOW values."""
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - WINDOW)
    sums = np.cumsum(np.r_[0.0, values])
    squares = np.cumsum(np.r_[0.0, values * values])
    mean = (sums[ends] - sums[starts]) / (ends - starts)
    variance = (squares[ends] - squares[starts]) / (ends - starts) - mean * mean
    return mean, np.sqrt(np.maximum(0, variance))


def _gaps(link: Link, interval: float) -> Array:
    return np.r_[interval, np.diff(link.arrived)]


def _expected(link: Link, interval: float) -> Array:
    """Chen's estimate of the next arrival, by number and configured interval."""
    mean, _ = _moments(link.arrived - interval * link.number)
    return mean + interval * (link.number + 1)


def fixed(link: Link, interval: float, times: float) -> Array:
    """So many configured intervals."""
    return np.full(len(link.arrived), times * interval)


def chen(link: Link, interval: float, times: float) -> Array:
    """The expected arrival and a margin of so many intervals."""
    return np.maximum(0, _expected(link, interval) + times * interval - link.arrived)


def bertier(link: Link, interval: float, times: float) -> Array:
    """Chen's estimate with Jacobson's margin; ``times`` weighs the deviation (4 in the paper)."""
    expected = _expected(link, interval)
    errors = link.arrived[1:] - expected[:-1]
    delay = variation = 0.0
    margin = np.zeros(len(link.arrived))
    for index, error in enumerate(errors.tolist(), start=1):
        deviation = error - delay
        delay += 0.1 * deviation
        variation += 0.1 * (abs(deviation) - variation)
        margin[index] = delay + times * variation
    return np.maximum(0, expected + margin - link.arrived)


def phi(link: Link, interval: float, threshold: float) -> Array:
    """Normal distribution of gaps; φ = 8 is what is recommended."""
    mean, deviation = _moments(_gaps(link, interval))
    return mean - NormalDist().inv_cdf(10.0**-threshold) * deviation


def phi_floor(link: Link, interval: float, times: float) -> Array:
    """The same with at least half an interval of deviation, ``times`` deviations away."""
    mean, deviation = _moments(_gaps(link, interval))
    return mean + times * np.maximum(deviation, interval / 2)


def _akka_deviations(threshold: float) -> float:
    low, high = 0.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        exponent = middle * (1.5976 + 0.070566 * middle * middle)
        if (exponent + math.log1p(math.exp(-exponent))) / math.log(10) < threshold:
            low = middle
        else:
            high = middle
    return low


def akka(link: Link, interval: float, pause: float, threshold: float = 8) -> Array:
    """φ of 8, acceptable pause of so many intervals (Akka's default for 1 s beats is 3)."""
    mean, deviation = _moments(np.r_[0.75 * interval, _gaps(link, interval)])
    away = _akka_deviations(threshold) * np.maximum(deviation[1:], 0.1 * interval)
    return mean[1:] + pause * interval + away


def akka_threshold(link: Link, interval: float, threshold: float) -> Array:
    """An acceptable pause of 3 intervals, the threshold swept."""
    return akka(link, interval, 3, threshold)


def cassandra(link: Link, interval: float, threshold: float) -> Array:
    """Exponential distribution; φ = 8 is the default."""
    mean, _ = _moments(_gaps(link, interval))
    return mean * threshold * math.log(10)


def satzger(link: Link, interval: float, times: float) -> Array:
    """So many times the longest of the last WINDOW gaps."""
    gaps = np.r_[np.full(WINDOW - 1, -np.inf), _gaps(link, interval)]
    return times * np.lib.stride_tricks.sliding_window_view(gaps, WINDOW).max(axis=1)


@dataclass(frozen=True, slots=True)
class Rival:
    """A detector and the settings tried; ``usual`` is what its authors or users choose."""

    name: str
    detect: Callable[[Link, float, float], Array]
    settings: list[float]
    usual: float | None = None


RIVALS = [
    Rival("fixed, intervals", fixed, [1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20], 3),
    Rival("Chen, margin in intervals", chen, [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12], 1.5),
    Rival("Bertier, deviations", bertier, [2, 4, 8, 16, 32, 64], 4),
    Rival("φ accrual, φ", phi, [1, 2, 3, 5, 8, 12, 20, 40, 80, 150, 300], 8),
    Rival("φ with a floor, deviations", phi_floor, [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 30]),
    Rival("Akka, φ 8, pause in intervals", akka, [0, 1, 2, 3, 4, 6, 8, 10, 14], 3),
    Rival("Akka, pause 3, φ", akka_threshold, [1, 2, 4, 8, 12, 20, 40, 80, 160], 8),
    Rival("Cassandra, φ", cassandra, [0.8, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10], 8),
    Rival("Satzger, times the longest", satzger, [1, 1.1, 1.3, 1.6, 2, 3, 4], 1.3),
]
