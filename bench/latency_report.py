"""What bench/latency.py measured: rounds of each kind of trouble, tables, goals."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING

from common import Goal, Table
from latency_actors import BATCH_ROWS

if TYPE_CHECKING:
    import argparse

RATE = 10_000
PARTS = ("until the tick that tells begins", "until it has committed", "claimed", "received")


@dataclass(slots=True)
class Round:
    """Times of one round; seconds, and for each the four parts."""

    load_average: float
    seconds: list[float] = field(default_factory=list)
    parts: list[list[float]] = field(default_factory=list)

    @property
    def p99(self) -> float:
        if len(self.seconds) == 1:
            return self.seconds[0]
        return quantiles(self.seconds, n=100, method="inclusive")[98]


@dataclass(slots=True)
class Series:
    """The rounds of one kind of trouble, at most so many in so many seconds."""

    what: str
    is_loaded: bool = False
    rounds: list[Round] = field(default_factory=list)
    rate: float | None = None

    @property
    def name(self) -> str:
        return f"{self.what}, {RATE:,} heartbeats/s" if self.is_loaded else f"{self.what}, idle"

    @property
    def seconds(self) -> list[float]:
        return [seconds for each in self.rounds for seconds in each.seconds]

    @property
    def p50(self) -> float:
        return median(median(each.seconds) for each in self.rounds)

    @property
    def p99(self) -> float:
        """Of the median round: another's work on the machine spoils a round, not the figure."""
        return median(each.p99 for each in self.rounds)

    @property
    def load_average(self) -> float:
        return median(each.load_average for each in self.rounds)

    def summary(self) -> str:
        return (
            f"{self.name}: {len(self.rounds)} rounds, p50 {self.p50 * 1e3:,.0f} ms, "
            f"p99 {self.p99 * 1e3:,.0f} ms, longest {max(self.seconds) * 1e3:,.0f} ms, "
            f"load average {self.load_average:.1f}"
            + (f", {self.rate:,.0f} heartbeats/s reached" if self.rate else "")
        )


def tables(every: list[Series], options: argparse.Namespace) -> list[Table]:
    """How long, and where the time goes."""
    whole = Table(
        "From trouble to the message",
        [
            *("trouble", "rounds", "agents", "p50 ms", "p99 ms", "longest ms"),
            *("load average", "heartbeats/s reached"),
        ],
        note="p50 and p99 are medians of the rounds'; p99 of a few is about the longest. From the "
        "call that inserts the heartbeat (its commit included), or from the kill, to the webhook's "
        "body at the receiver. The bridge as it ships, tick_period 1 second; "
        "settings.group_interval 0 and group_burst 1000, so that no message waits for a digest. "
        f"Load: {options.fleet:,} agents in turn, {BATCH_ROWS} in each INSERT, from their third "
        "beat on; while idle they beat once an hour. Killed agents beat every "
        "5 s; those without a session die all at once. The load average is the machine's over a "
        "minute when a round begins (median)."
        + (" A quick run with small numbers." if options.quick else ""),
    )
    shares = Table(
        "Where the time goes, medians in ms",
        ["trouble", *PARTS],
        note="The second part is fold, judgement and act; the times of queueing and claiming are "
        "taken by a deferred trigger of the bench at their commits.",
    )
    for series in every:
        whole.rows.append([
            series.name,
            str(len(series.rounds)),
            str(len(series.seconds)),
            f"{series.p50 * 1e3:,.0f}",
            f"{series.p99 * 1e3:,.0f}",
            f"{max(series.seconds) * 1e3:,.0f}",
            f"{series.load_average:.1f}",
            f"{series.rate:,.0f}" if series.rate else "",
        ])  # fmt: skip
        columns = zip(*(parts for each in series.rounds for parts in each.parts), strict=True)
        shares.rows.append([series.name, *(f"{median(column) * 1e3:,.1f}" for column in columns)])
    return [whole, shares]


def goals(every: list[Series], options: argparse.Namespace) -> list[Goal]:
    """p99 of a handful tells nothing, nor does a load that was not reached."""
    limits = {
        ("failing heartbeat", False): (0.050, 0.250),
        ("failing heartbeat", True): (None, 1.0),
        ("kill -9, attached", False): (None, 2.0),
        ("kill -9, attached", True): (None, 2.0),
    }
    found = []
    for series in every:
        has_load = series.rate is None or series.rate >= 0.95 * RATE
        for percent, limit, reached, is_enough in zip(
            ("p50", "p99"),
            limits.get((series.what, series.is_loaded), (None, None)),
            (series.p50, series.p99),
            (True, not options.quick),
            strict=True,
        ):
            if limit is not None:
                found.append(
                    Goal(
                        f"{series.name}, {percent}",
                        f"≤ {limit * 1e3:,.0f} ms",
                        f"{reached * 1e3:,.0f} ms",
                        reached <= limit if is_enough and has_load else None,
                    )
                )
    return found
