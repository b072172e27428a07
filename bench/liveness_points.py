"""Points of the curve: one detector with one setting over all scenarios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liveness_engine import Agent
from liveness_rivals import RIVALS, Quality, measure_link
from liveness_traces import SCENARIOS, Link, Scenario

#: Price of a false suspicion and of a false verdict; standard is what is shipped.
PRICES = {"eager": (1.0, 10.0), "standard": (3.0, 100.0), "patient": (30.0, 300.0)}
BY_NAME: dict[str, Scenario] = {scenario.name: scenario for scenario in SCENARIOS}
AGENTS = [item.name for item in SCENARIOS if item.is_agents and not item.is_held_out]
HELD_OUT = [item.name for item in SCENARIOS if item.is_held_out]
FAST = [item.name for item in SCENARIOS if not item.is_agents]


@dataclass(frozen=True, slots=True)
class Point:
    """One detector with one setting: by scenario T_D in true intervals, and the rest."""

    name: str
    quality: dict[str, Quality]

    def intervals(self, names: list[str]) -> float:
        """Mean T_D over scenarios, in true intervals of each."""
        return float(np.mean([
            self.quality[name].detection_seconds / BY_NAME[name].interval for name in names
        ]))  # fmt: skip

    def seconds(self, names: list[str]) -> float:
        """Mean T_D, seconds."""
        return float(np.mean([self.quality[name].detection_seconds for name in names]))

    def mistakes(self, names: list[str]) -> float:
        """Mean mistakes per agent-day."""
        return float(np.mean([self.quality[name].per_day for name in names]))


def engine_points(agents: list[Agent]) -> dict[tuple[str, str], Point]:
    """By price and stage. In a fleet that may be blind mistakes are the transitions themselves."""
    points: dict[tuple[str, str], Point] = {}
    for agent in agents:
        for stage in ("late", "unresponsive"):
            price = PRICES[agent.policy][stage == "unresponsive"]
            point = points.setdefault(
                (agent.policy, stage), Point(f"engine, {stage}, price {price:g}", {})
            )
            allowed = agent.late if stage == "late" else agent.unresponsive
            quality = measure_link(agent.link, allowed)
            if agent.scenario == "G":
                moments = agent.suspicions if stage == "late" else agent.verdicts
                first = agent.link.arrived[min(200, len(agent.link.arrived) // 3)]
                quality.mistakes = sum(at >= first for at in moments)
                following = np.searchsorted(agent.link.arrived, moments)
                quality.mistaken_seconds = float(
                    sum(
                        agent.link.arrived[place] - at
                        for place, at in zip(following, moments, strict=True)
                        if at >= first and place < len(agent.link.arrived)
                    )
                )
            point.quality.setdefault(agent.scenario, Quality()).add(quality)
    return points


def rival_points(links: dict[str, list[Link]]) -> dict[str, list[Point]]:
    """Every detector with every setting over the same arrivals."""
    points: dict[str, list[Point]] = {}
    for rival in RIVALS:
        for setting in rival.settings:
            point = Point(f"{rival.name} {setting:g}", {})
            for name, of_scenario in links.items():
                total = point.quality.setdefault(name, Quality())
                for link in of_scenario:
                    allowed = rival.detect(link, BY_NAME[name].configured, setting)
                    total.add(measure_link(link, allowed))
            points.setdefault(rival.name, []).append(point)
    return points


def best_other(
    rivals: dict[str, list[Point]], names: list[str], delay: float, *, in_seconds: bool = False
) -> tuple[float, str]:
    """Fewest mistakes at mean T_D ``delay``, and whose.

    Between two settings of a detector the logarithm of the mistakes is interpolated; beyond its
    longest T_D its longest counts.
    """
    found = []
    for name, points in rivals.items():
        curve = sorted(
            (point.seconds(names) if in_seconds else point.intervals(names), point.mistakes(names))
            for point in points
        )
        delays = [place for place, _ in curve]
        mistakes = np.minimum.accumulate([count for _, count in curve])
        if delays[0] <= delay:
            found.append((float(np.exp(np.interp(delay, delays, np.log(mistakes)))), name))
    return min(found) if found else (float("nan"), "-")
