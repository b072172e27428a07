"""Whether the engine's lead holds without any one scenario, and on other seeds."""

from __future__ import annotations

from dataclasses import dataclass

from common import Table
from liveness_engine import Agent
from liveness_points import AGENTS, HELD_OUT, Point, best_other, engine_points, rival_points
from liveness_traces import Link


@dataclass(slots=True)
class OtherSeed:
    """Traces of another seed, judged as shipped."""

    seed: int
    links: dict[str, list[Link]]
    agents: list[Agent]

    @property
    def verdict(self) -> Point:
        """The engine's point, once they were played."""
        return engine_points(self.agents)["standard", "unresponsive"]

    @property
    def accused_in_outages(self) -> int:
        """Verdicts on the fleet whose outages are the monitor's."""
        return sum(len(agent.verdicts) for agent in self.agents if agent.scenario == "G")

    @property
    def worst(self) -> tuple[float, str]:
        """The worst ratio with a scenario left out, and which."""
        return worst_ratio(self.verdict, rival_points(self.links))


def ratio_over(verdict: Point, rivals: dict[str, list[Point]], names: list[str]) -> float:
    """Mistakes beside those of the best other single setting at equal mean T_D."""
    return verdict.mistakes(names) / best_other(rivals, names, verdict.intervals(names))[0]


def without(left_out: str | None) -> list[str]:
    """The scenarios of agents but one."""
    return [name for name in AGENTS if name != left_out]


def worst_ratio(verdict: Point, rivals: dict[str, list[Point]]) -> tuple[float, str]:
    """The worst ratio with a scenario left out, and which."""
    return max((ratio_over(verdict, rivals, without(name)), name) for name in AGENTS)


def left_out_table(verdict: Point, rivals: dict[str, list[Point]]) -> Table:
    """The ratio without each scenario."""
    table = Table(
        "Verdicts as shipped, with a scenario left out",
        ["left out", "T_D intervals", "mistakes/agent-day", "best other", "ratio"],
    )
    for left_out in [None, *AGENTS]:
        names = without(left_out)
        delay, mistakes = verdict.intervals(names), verdict.mistakes(names)
        other, _ = best_other(rivals, names, delay)
        table.rows.append([
            left_out or "none", f"{delay:.2f}", f"{mistakes:.2f}", f"{other:.2f}",
            f"{mistakes / other:.2f}",
        ])  # fmt: skip
    return table


def seeds_table(others: list[OtherSeed]) -> Table:
    """The ratio on other seeds: over all, the worst without one, and with what is held out."""
    table = Table(
        "Verdicts as shipped, on other seeds",
        ["seed", "T_D intervals", "mistakes/agent-day", "ratio", "worst with one left out",
         "left out", "held-out scenarios too"],
        note="Nothing was chosen by them. Six agent-days a scenario are few: the ratio moves with "
        "each mistake.",
    )  # fmt: skip
    for other in others:
        verdict, rivals = other.verdict, rival_points(other.links)
        worst, left_out = worst_ratio(verdict, rivals)
        table.rows.append([
            str(other.seed), f"{verdict.intervals(AGENTS):.2f}", f"{verdict.mistakes(AGENTS):.2f}",
            f"{ratio_over(verdict, rivals, AGENTS):.2f}", f"{worst:.2f}", left_out,
            f"{ratio_over(verdict, rivals, [*AGENTS, *HELD_OUT]):.2f}",
        ])  # fmt: skip
    return table
