"""Tables and goals of bench/liveness.py."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from common import REPOSITORY, Bench, Goal, Table, goals_table, report, write_docs
from liveness_engine import Agent
from liveness_holdout import OtherSeed, left_out_table, seeds_table, worst_ratio
from liveness_points import (
    AGENTS,
    BY_NAME,
    HELD_OUT,
    PRICES,
    Point,
    best_other,
    engine_points,
    rival_points,
)
from liveness_rivals import RIVALS, Quality, measure_link
from liveness_traces import SCENARIOS, Link

PAGE = REPOSITORY / "docs" / "detection" / "liveness.md"
#: The interval told wrong by so much …
FACTORS = (0.25, 0.5, 2.0, 4.0)
#: … in these scenarios.
MISTOLD = ("S4", "A", "C", "D", "H")


def report_all(
    options: argparse.Namespace,
    bench: Bench,
    agents: list[Agent],
    mistold: list[Agent],
    links: dict[str, list[Link]],
    others: list[OtherSeed],
    played: list[tuple[int, int]],
) -> None:
    """Tables, goals, JSON."""
    points = engine_points(agents)
    rivals = rival_points(links)
    verdict, suspicion = points["standard", "unresponsive"], points["standard", "late"]
    wrong = mistold_table(mistold, agents)
    curve = curve_table(points, rivals)
    left_out = left_out_table(verdict, rivals)
    tables = [
        curve,
        scenario_table(verdict, suspicion, rivals),
        left_out,
        seeds_table(others),
        wrong,
        cold_table(agents),
    ]
    ratio = verdict.mistakes(AGENTS) / best_other(rivals, AGENTS, verdict.intervals(AGENTS))[0]
    ratio_seconds = (
        verdict.mistakes(AGENTS)
        / best_other(rivals, AGENTS, verdict.seconds(AGENTS), in_seconds=True)[0]
    )
    worst = worst_ratio(verdict, rivals)[0]
    worst_elsewhere = max((other.worst[0] for other in others), default=float("nan"))
    change = max(abs(float(cell.rstrip(" %"))) for row in wrong.rows for cell in row[2:])
    accused = [sum(map(len, (a.verdicts for a in agents if a.scenario == "G" and a.policy == p)))
               for p in PRICES]  # fmt: skip
    differing, verdicts = (sum(part) for part in zip(*played, strict=True))
    is_long = options.hours >= 12
    goals = [
        Goal("mistakes / best other single setting at equal mean T_D (intervals)", "≤ 0.75",
             f"{ratio:.2f}", ratio <= 0.75 if is_long else None),
        Goal("… at equal mean T_D in seconds", "≤ 0.75", f"{ratio_seconds:.2f}",
             ratio_seconds <= 0.75 if is_long else None),
        Goal("… with any one scenario left out, worst", "≤ 0.75", f"{worst:.2f}",
             worst <= 0.75 if is_long else None),
        Goal("… on any other seed, with any one scenario left out, worst", "≤ 0.75",
             f"{worst_elsewhere:.2f}", worst_elsewhere <= 0.75 if is_long and others else None),
        Goal("T_D with the interval told 0.25 to 4 x wrong, beats 200 to 1,000", "within 20 %",
             f"{change:.0f} %", change < 20 if is_long else None),
        Goal("agents accused in outages of the whole fleet (price 10, 100, 300)", "0",
             ", ".join(map(str, accused)), accused[1] == 0),
        Goal(f"… on the seeds {', '.join(str(other.seed) for other in others) or '-'}", "0",
             ", ".join(str(other.accused_in_outages) for other in others),
             all(other.accused_in_outages == 0 for other in others) if others else None),
        Goal("suspicion before verdict, mean T_D in intervals", "earlier",
             f"{suspicion.intervals(AGENTS):.2f} < {verdict.intervals(AGENTS):.2f}",
             suspicion.intervals(AGENTS) < verdict.intervals(AGENTS)),
        Goal(f"the engine's {verdicts:,} verdicts that its deadlines did not foretell, or the "
             "other way round", "0", str(differing), differing == 0),
    ]  # fmt: skip
    figures: dict[str, Any] = {
        point.name: {
            name: [quality.detection_seconds, quality.per_day, quality.accuracy, quality.duration]
            for name, quality in point.quality.items()
        }
        for point in [*points.values(), *(point for curve in rivals.values() for point in curve)]
    }
    report(options, "liveness", bench, tables, goals, figures)
    if options.write_docs:
        write_docs("liveness", bench.description, [curve, goals_table(goals)], PAGE)


def curve_table(points: dict[tuple[str, str], Point], rivals: dict[str, list[Point]]) -> Table:
    """Mistakes against detection time, one setting for all agents."""
    days = sum(next(iter(points.values())).quality[name].seconds for name in AGENTS) / 86400
    table = Table(
        "Mistakes against detection time, one setting for unlike agents",
        ["setting", "T_D intervals", "T_D s", "mistakes/agent-day", "P_A", "T_M s", "best other",
         "at equal T_D", "ratio", "… held-out scenarios too"],
        note=f"Means over {len(AGENTS)} scenarios of agents, {days:.0f} agent-days, crashes at "
        "random times; the first 200 beats left out. Below the engine's, each other at its usual "
        f"setting. Last column: over {', '.join(HELD_OUT)} as well, which nothing was chosen by.",
    )  # fmt: skip
    every = [*AGENTS, *HELD_OUT]
    for point in sorted(points.values(), key=lambda item: item.intervals(AGENTS)):
        other, name = best_other(rivals, AGENTS, point.intervals(AGENTS))
        wider, _ = best_other(rivals, every, point.intervals(every))
        table.rows.append([
            *measures(point), f"{other:.2f}", name.split(",")[0],
            f"{point.mistakes(AGENTS) / other:.2f}", f"{point.mistakes(every) / wider:.2f}",
        ])  # fmt: skip
    for rival in RIVALS:
        usual = rival.usual or rival.settings[len(rival.settings) // 2]
        point = rivals[rival.name][rival.settings.index(usual)]
        table.rows.append([*measures(point), "", "", "", ""])
    return table


def measures(point: Point) -> list[str]:
    """A row's first cells."""
    qualities = [point.quality[name] for name in AGENTS]
    total = Quality()
    for quality in qualities:
        total.add(quality)
    return [
        point.name, f"{point.intervals(AGENTS):.2f}", f"{point.seconds(AGENTS):.0f}",
        f"{point.mistakes(AGENTS):.2f}", f"{total.accuracy:.5f}", f"{total.duration:.0f}",
    ]  # fmt: skip


def scenario_table(verdict: Point, suspicion: Point, rivals: dict[str, list[Point]]) -> Table:
    """T_D in intervals and mistakes per agent-day, scenario by scenario."""
    usual = [
        rivals[rival.name][rival.settings.index(rival.usual)]
        for rival in RIVALS
        if rival.usual is not None and rival.name.split(",")[0] in
        ("fixed", "φ accrual", "Akka", "Cassandra", "Chen")
    ]  # fmt: skip
    columns = [suspicion, verdict, *usual]
    table = Table(
        "By scenario: T_D in true intervals : mistakes per agent-day",
        ["scenario", *(point.name.removesuffix(", price 3").removesuffix(", price 100")
                       for point in columns)],
        note="The engine as shipped; half a mistake is added everywhere. S1 and S2 are short.",
    )  # fmt: skip
    for scenario in SCENARIOS:
        cells = [
            f"{point.quality[scenario.name].detection_seconds / scenario.interval:.1f} : "
            f"{point.quality[scenario.name].per_day:.2f}"
            for point in columns
        ]
        held = ", held out" if scenario.is_held_out else ""
        table.rows.append([f"{scenario.name} {scenario.title}{held}", *cells])
    return table


def mistold_table(mistold: list[Agent], agents: list[Agent]) -> Table:
    """T_D of verdicts by how wrong the interval was told."""
    table = Table(
        "Interval told wrong: change of T_D, beats 200 to 1,000",
        ["scenario", "T_D s, told right", *(f"x {factor:g}" for factor in FACTORS)],
        note="The engine as shipped, two agents each.",
    )
    for name in MISTOLD:
        told = [a for a in agents if a.scenario == name and a.policy == "standard"][:2]
        right = mean_delay(told)
        cells = []
        for factor in FACTORS:
            delay = mean_delay([a for a in mistold if a.scenario == f"{name} x{factor}"])
            cells.append(f"{100 * (delay / right - 1):+.0f} %")
        table.rows.append([name, f"{right:.1f}", *cells])
    return table


def mean_delay(agents: list[Agent]) -> float:
    """T_D of verdicts once 200 beats are known."""
    total = Quality()
    for agent in agents:
        total.add(measure_link(agent.link, agent.unresponsive, 200, 1000))
    return total.detection_seconds


def cold_table(agents: list[Agent]) -> Table:
    """A new agent: mistakes and deadlines by its age."""
    ages = [(0, 10), (10, 30), (30, 100), (100, 200)]
    table = Table(
        "Cold start, as shipped: beats since the first",
        ["beats", "unresponsive after, intervals", "wrong verdicts/agent", "fixed 3 intervals"],
        note="All scenarios of agents, held-out ones too. Without history a verdict needs three "
        "intervals; what was seen is believed by degrees.",
    )
    known = [
        a for a in agents
        if a.policy == "standard" and BY_NAME[a.scenario].is_agents and len(a.link.arrived) > 200
    ]  # fmt: skip
    for first, last in ages:
        deadlines, mine, fixed = [], 0, 0
        for agent in known:
            gaps = np.diff(agent.link.arrived)[first:last]
            allowed = agent.unresponsive[first:last]
            deadlines.append(allowed.mean() / BY_NAME[agent.scenario].interval)
            mine += int((gaps > allowed).sum()) if agent.scenario != "G" else 0
            fixed += int((gaps > 3 * agent.configured).sum())
        table.rows.append([
            f"{first} to {last}", f"{np.mean(deadlines):.1f}", f"{mine / len(known):.2f}",
            f"{fixed / len(known):.2f}",
        ])  # fmt: skip
    return table
