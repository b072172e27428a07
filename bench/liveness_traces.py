"""Heartbeats of unlike agents, made from a seed: what bench/liveness.py replays.

A link is one agent's heartbeats as the monitor gets them: when each was sent and when it arrived,
in order of arrival; what was lost or overtaken is left out. Loss comes in bursts (a chain of two
states), pauses have heavy tails, clocks drift, gateways collect. S1, S2 and S4 are the settings of
the literature on failure detectors (Chen 2002, a WAN, agents with pauses); A to H are agents of
software; K to M are held out: nothing was chosen by what they show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Link:
    """Times of sending and of arrival, seconds; both ascend."""

    sent: Array
    arrived: Array
    number: Array


@dataclass(frozen=True, slots=True)
class Scenario:
    """``configured``: the interval the monitor is told; ``interval``: the true one, seconds."""

    name: str
    title: str
    configured: float
    interval: float
    make: Callable[[Random, float], list[tuple[Array, Array, Array]]]
    is_agents: bool = True
    is_held_out: bool = False
    is_fleet: bool = False

    def links(self, seed: int, count: int, seconds: float) -> list[Link]:
        """``count`` links of ``seconds`` each; the same for the same arguments."""
        random = np.random.default_rng([seed, *self.name.encode()])
        if self.is_fleet:
            made = fleet_outages(random, count, seconds)
        else:
            made = [part for _ in range(count) for part in self.make(random, seconds)]
        return [deliver(*part, seconds) for part in made]


def deliver(sent: Array, delay: Array, is_lost: Array, seconds: float) -> Link:
    """What arrives within ``seconds``, without what was overtaken by a later one."""
    number = np.flatnonzero(~is_lost)
    arrived = (sent + delay)[number]
    order = np.argsort(arrived, kind="stable")
    number, arrived = number[order], arrived[order]
    is_fresh = np.r_[True, number[1:] > np.maximum.accumulate(number)[:-1]] & (arrived <= seconds)
    number, arrived = number[is_fresh], arrived[is_fresh]
    return Link(sent[number], arrived, number + 1)


def two_states(random: Random, count: int, enter: float, leave: float) -> Array:
    """A chain that is bad for 1/``leave`` steps on average, once in 1/``enter`` good ones."""
    runs = int(count * enter / (1 + enter / leave) * 2) + 50
    lengths = np.column_stack((random.geometric(enter, runs), random.geometric(leave, runs)))
    is_bad = np.repeat(np.tile([False, True], runs), lengths.ravel())
    while len(is_bad) < count:
        is_bad = np.r_[is_bad, is_bad[: count - len(is_bad)]]
    return is_bad[:count]


def network(random: Random, count: int) -> Array:
    """Delays of a local network: 30 ms and a lognormal of 20 ms."""
    return 0.03 + random.lognormal(np.log(0.02), 1, count)


def lost(random: Random, count: int, share: float) -> Array:
    """Each one lost by itself."""
    return random.random(count) < share


def paused_timer(
    random: Random, interval: float, chance: Array, shortest: float, tail: float
) -> Array:
    """A timer of fixed rate whose process pauses (Pareto, 600 s at most) before some beats.

    After a pause one beat leaves at once; those it covered are skipped.
    """
    count = len(chance)
    is_paused = random.random(count) < chance
    pauses = np.minimum(600.0, shortest * (1 + random.pareto(tail, count)))
    slots = np.arange(1, count + 1)
    delay = np.zeros(count)
    shift = 0
    previous = 0
    for index in np.flatnonzero(is_paused):
        slots[previous:index] += shift
        previous = index
        delay[index] = pauses[index]
        skipped = int((delay[index]) // interval)
        slots[index] += shift
        previous = index + 1
        shift += skipped
    slots[previous:] += shift
    return np.sort(slots * interval + delay + np.abs(random.normal(0, 0.02 * interval, count)))


def steady(random: Random, interval: float, jitter: float, seconds: float) -> Array:
    """A timer of fixed rate with normal jitter."""
    count = int(seconds / interval) + 1
    return np.sort(np.arange(1, count + 1) * interval + random.normal(0, jitter, count))


def wide_area(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """S2."""
    sent = steady(random, 0.1, 0.0002, seconds)
    delay = 0.135 + random.lognormal(np.log(0.006), 0.9, len(sent))
    return [(sent, delay, two_states(random, len(sent), 0.00014, 0.0345))]


def textbook(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """S1."""
    sent = np.arange(1, int(seconds) + 1, dtype=float)
    return [(sent, random.exponential(0.02, len(sent)), lost(random, len(sent), 0.01))]


def short_pauses(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """S4."""
    sent = steady(random, 5.0, 0.05, seconds)
    count = len(sent)
    stalls = np.where(random.random(count) < 0.002, random.uniform(1, 15, count), 0)
    delay = 0.05 + random.lognormal(np.log(0.02), 1, count) + stalls
    return [(sent, delay, two_states(random, count, 0.0005, 0.3))]


def work_loop(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """A: sleeps 30 s after work of random length."""
    count = int(seconds / 30) + 1
    typical = np.exp(random.uniform(np.log(1), np.log(15)))
    sent = np.cumsum(30 + random.lognormal(np.log(typical), 0.9, count))
    return [(sent, network(random, count), lost(random, count, 0.002))]


def heavy_pauses(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """B: pauses of any length."""
    count = int(seconds / 10) + 1
    chance = np.full(count, np.exp(random.uniform(np.log(0.0003), np.log(0.01))))
    sent = paused_timer(random, 10, chance, 3, 1.2)
    return [(sent, network(random, count), lost(random, count, 0.001))]


def storms(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """B2: the same in storms."""
    count = int(seconds / 10) + 1
    chance = np.where(two_states(random, count, 1 / 3000, 1 / 150), 0.15, 0.0003)
    sent = paused_timer(random, 10, chance, 3, 1.5)
    return [(sent, network(random, count), lost(random, count, 0.001))]


def bursty_loss(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """C: 0.5 to 5 % lost, in bursts of 1.2 to 5."""
    sent = steady(random, 10, 0.2, seconds)
    share, leave = random.uniform(0.005, 0.05), 1 / random.uniform(1.2, 5)
    is_lost = two_states(random, len(sent), share * leave / (1 - share), leave)
    return [(sent, network(random, len(sent)), is_lost)]


def drift(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """D: the interval wanders between 10 and 20 s."""
    count = int(seconds / 10) + 1
    wave = np.cos(2 * np.pi * np.arange(count) / 6000 + random.uniform(0, 2 * np.pi))
    sent = np.cumsum(10 * (1.5 - 0.5 * wave) * random.lognormal(0, 0.08, count))
    return [(sent, network(random, count), lost(random, count, 0.002))]


def misconfigured(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """E1: 25 s where the monitor was told 10."""
    count = int(seconds / 24) + 1
    sent = np.cumsum(25 * random.lognormal(0, 0.08, count))
    return [(sent, network(random, count), lost(random, count, 0.002))]


def regimes(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """E2: 10 s and 25 s by turns of some hours."""
    count = int(seconds / 10) + 1
    is_slow = two_states(random, count, 1 / 2000, 1 / 2000)
    sent = np.cumsum(np.where(is_slow, 25, 10) * random.lognormal(0, 0.05, count))
    return [(sent, network(random, count), lost(random, count, 0.002))]


def gateway(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """F: beats of 10 s that a gateway hands over each minute; one flush in 200 fails."""
    sent = steady(random, 10, 0.3, seconds)
    count = int(seconds / 60) + 20
    flushes = np.arange(count) * 60 + random.uniform(0, 60) + random.normal(0, 1.5, count)
    flushes = np.sort(flushes)[random.random(count) > 0.005]
    next_flush = np.minimum(np.searchsorted(flushes, sent), len(flushes) - 1)
    delay = np.maximum(0, flushes[next_flush] - sent) + np.arange(len(sent)) * 1e-6
    return [(sent, delay, lost(random, len(sent), 0.001))]


def fleet_outages(random: Random, count: int, seconds: float) -> list[tuple[Array, Array, Array]]:
    """G: all are cut off together for a minute, twice at least; beats are lost or come late."""
    starts = random.uniform(min(3000, seconds / 4), seconds - 500, max(2, round(seconds / 21600)))
    are_lost = random.random(len(starts)) < 0.5
    links = []
    for _ in range(count):
        sent = steady(random, 10, 0.2, seconds) + random.uniform(0, 10)
        delay = network(random, len(sent))
        is_lost = lost(random, len(sent), 0.001)
        for start, is_lossy in zip(starts, are_lost, strict=True):
            is_cut = (sent + delay > start) & (sent < start + 60)
            if is_lossy:
                is_lost |= is_cut
            else:
                back = start + 60 - sent + random.uniform(0, 2, len(sent))
                delay = np.where(is_cut, np.maximum(delay, back), delay)
        links.append((sent, delay, is_lost))
    return links


def clean(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """H: 60 s and nothing wrong."""
    sent = steady(random, 60, 0.5, seconds)
    return [(sent, network(random, len(sent)), lost(random, len(sent), 0.001))]


def idle_backoff(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """K: 15 s, and up to 60 s by doubling while there is nothing to do."""
    count = int(seconds / 15) + 1
    is_idle = two_states(random, count, 1 / 200, 1 / 40)
    idle_for = np.arange(count) - np.maximum.accumulate(np.where(is_idle, 0, np.arange(count)))
    gaps = 15 * np.minimum(4, 2.0**idle_for) * random.lognormal(0, 0.1, count)
    return [(np.cumsum(gaps), network(random, count), lost(random, count, 0.003))]


def busy_hours(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """L: 20 s, with exponential stalls that are common for eight hours of the day."""
    count = int(seconds / 20) + 1
    is_busy = (np.arange(count) * 20.0 % 86400) < 28800
    stalls = np.where(random.random(count) < np.where(is_busy, 0.03, 0.001), 1, 0)
    sent = np.cumsum(20 + random.normal(0, 0.5, count) + stalls * random.exponential(40, count))
    return [(sent, network(random, count), lost(random, count, 0.002))]


def restarts(random: Random, seconds: float) -> list[tuple[Array, Array, Array]]:
    """M: 10 s, with a deploy about twice a day that takes 20 to 90 s, and loss in short bursts."""
    count = int(seconds / 10) + 1
    downs = np.where(random.random(count) < 2 / 8640, random.uniform(20, 90, count), 0)
    sent = np.cumsum(10 + random.normal(0, 0.1, count) + downs)
    return [(sent, network(random, count), two_states(random, count, 0.004, 0.6))]


SCENARIOS = [
    Scenario("S1", "Chen 2002: 1 % lost", 1, 1, textbook, is_agents=False),
    Scenario("S2", "WAN, 0.1 s beats", 0.1, 0.1, wide_area, is_agents=False),
    Scenario("S4", "pauses to 15 s", 5, 5, short_pauses),
    Scenario("A", "work loop", 30, 36, work_loop),
    Scenario("B", "heavy pauses", 10, 10, heavy_pauses),
    Scenario("B2", "storms of pauses", 10, 10, storms),
    Scenario("C", "bursty loss", 10, 10, bursty_loss),
    Scenario("D", "drift 10 to 20 s", 10, 15, drift),
    Scenario("E1", "told 10 s, beats at 25", 10, 25, misconfigured),
    Scenario("E2", "10 and 25 s by turns", 10, 17.5, regimes),
    Scenario("F", "gateway flushes at 60 s", 10, 10, gateway),
    Scenario("G", "outages of the fleet", 10, 10, clean, is_fleet=True),
    Scenario("H", "clean, 60 s", 60, 60, clean),
    Scenario("K", "idle back-off", 15, 20, idle_backoff, is_held_out=True),
    Scenario("L", "busy hours", 20, 20, busy_hours, is_held_out=True),
    Scenario("M", "deploys", 10, 10, restarts, is_held_out=True),
]
