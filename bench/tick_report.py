"""What bench/tick.py measured: a fleet's samples, tables, goals."""

from __future__ import annotations

from dataclasses import dataclass, field

from common import Goal, Sample, Table, ratio, typical

FIXED_COST_SECONDS = 0.010


@dataclass(slots=True)
class Fleet:
    """What was measured with one number of agents."""

    agents: int
    first_tick: Sample | None = None
    ticks: list[Sample] = field(default_factory=list)
    bare_updates: list[Sample] = field(default_factory=list)
    hot_shares: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    idle_ticks: list[Sample] = field(default_factory=list)
    scans: list[Sample] = field(default_factory=list)


def slope(fleet: Fleet, fixed: Sample) -> float:
    """Seconds per agent beyond the fixed cost."""
    return max(typical(fleet.ticks).seconds - fixed.seconds, 1e-9) / fleet.agents


def beating_table(fleets: list[Fleet], fixed: Sample) -> Table:
    """Every agent beats."""
    table = Table(
        "Tick, every agent beating once",
        [
            "agents", "tick s", "CPU s", "bare UPDATE s", "CPU s", "ratio", "CPU ratio",
            "µs/agent", "WAL bytes/agent", "HOT", "agent_status MB, first → last",
        ],
        note="Medians of the rounds after the first; bare UPDATE of five columns of the same rows, "
        f"right after each tick. A tick with one agent takes {fixed.seconds * 1e3:.1f} ms.",
    )  # fmt: skip
    for fleet in fleets:
        mine, bare = typical(fleet.ticks), typical(fleet.bare_updates)
        table.rows.append([
            f"{fleet.agents:,}",
            f"{mine.seconds:.3f}",
            f"{mine.cpu_seconds:.2f}",
            f"{bare.seconds:.3f}",
            f"{bare.cpu_seconds:.2f}",
            ratio(mine.seconds, bare.seconds),
            ratio(mine.cpu_seconds, bare.cpu_seconds),
            f"{slope(fleet, fixed) * 1e6:.2f}",
            f"{mine.wal_bytes / fleet.agents:.0f}",
            f"{min(fleet.hot_shares):.1%}",
            f"{fleet.sizes[0] / 1e6:.1f} → {fleet.sizes[-1] / 1e6:.1f}",
        ])  # fmt: skip
    return table


def beating_goals(fleets: list[Fleet], fixed: Sample) -> list[Goal]:
    """Limits of time, ratio, HOT, growth and slope."""
    limits = {100_000: 1.0, 1_000_000: 10.0}
    goals = []
    for fleet in fleets:
        mine, bare = typical(fleet.ticks), typical(fleet.bare_updates)
        name = f"tick of {fleet.agents:,}"
        if fleet.agents in limits:
            limit = limits[fleet.agents]
            goals.append(
                Goal(name, f"≤ {limit:.0f} s", f"{mine.seconds:.2f} s", mine.seconds <= limit)
            )
        times = mine.seconds / bare.seconds
        goals.append(Goal(f"{name} / bare UPDATE", "≤ 4 x", f"{times:.1f} x", times <= 4))
        worst = min(fleet.hot_shares)
        goals.append(
            Goal(f"{name}, HOT after the first round", "100 %", f"{worst:.2%}", worst == 1)
        )
        growth = fleet.sizes[-1] / fleet.sizes[1]
        goals.append(
            Goal(
                f"{name}, growth after the first round",
                "≤ 1.001 x",
                f"{growth:.4f} x",
                growth <= 1.001,
            )
        )
    slopes = [slope(fleet, fixed) for fleet in fleets]
    spread = max(slopes) / min(slopes)
    is_whole = fleets[0].agents <= 10_000 and fleets[-1].agents >= 1_000_000
    goals.append(
        Goal(
            f"slope per agent, {fleets[0].agents:,} to {fleets[-1].agents:,}",
            "≤ 1.3 x",
            f"{spread:.2f} x",
            (spread <= 1.3) if is_whole else None,
        )
    )
    goals.append(
        Goal(
            "fixed cost of a tick",
            "≤ 10 ms",
            f"{fixed.seconds * 1e3:.1f} ms",
            fixed.seconds <= FIXED_COST_SECONDS,
        )
    )
    return goals


def idle_table(fleets: list[Fleet]) -> Table:
    """Nothing to do."""
    table = Table(
        "Idle tick, nothing new and nobody due",
        ["agents", "tick ms", "CPU ms", "one sequential scan ms", "ratio", "WAL bytes/tick"],
        note="Medians of ticks a second apart; the scan by one process.",
    )
    for fleet in fleets:
        mine, scan = typical(fleet.idle_ticks), typical(fleet.scans)
        table.rows.append([
            f"{fleet.agents:,}",
            f"{mine.seconds * 1e3:.1f}",
            f"{mine.cpu_seconds * 1e3:.0f}",
            f"{scan.seconds * 1e3:.1f}",
            ratio(mine.seconds, scan.seconds),
            f"{mine.wal_bytes:,}",
        ])  # fmt: skip
    return table


def idle_goals(fleets: list[Fleet]) -> list[Goal]:
    """10 ms at 10,000 agents, 300 ms at 1,000,000."""
    limits = {10_000: 0.010, 1_000_000: 0.300}
    goals = []
    for fleet in fleets:
        if (limit := limits.get(fleet.agents)) is not None:
            mine = typical(fleet.idle_ticks).seconds
            goals.append(
                Goal(
                    f"idle tick of {fleet.agents:,}",
                    f"≤ {limit * 1e3:.0f} ms",
                    f"{mine * 1e3:.1f} ms",
                    mine <= limit,
                )
            )
    return goals
