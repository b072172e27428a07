"""Agent-seconds of bench/faults.py: in trouble by truth or by the engine, and why they differ.

A second is wrong when truth and engine differ. Each is put down to the agent's latest fault and a
phase of it, because some of them no monitor can have right: silence is known only when a beat has
been missed for long enough, and that trouble is over only when it has been proved.

detecting   the fault is younger than the goal of the mean time to detect (30 s, or three intervals)
unsettled   the monitor was itself stopped, and the agent has not been heard since: until 60 s of
            working ingest are over its silence may be the monitor's, and nobody is accused
known       the fault is older than that, and still there
proving     it ended less than the start-up grace (30 s, or three intervals) ago
well        nothing is wrong with the agent, nor was lately
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults_plan import (
    BACKEND_KILLED,
    BRIDGES_STOPPED,
    FLAPPING,
    LEAK,
    SERVER_CRASH,
    SERVER_STOPPED,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults_evidence import Evidence
    from faults_plan import Agent, Fault

CHILD = "child of a dead parent"
#: Silent but nobody's trouble, or good and bad by turns: any verdict about them is right.
UNDECIDED = ("short hang", "hang in maintenance", CHILD, FLAPPING)
#: What detecting and proving may take: the goal of MTTD, the start-up grace of the policy.
MARGIN_SECONDS = 30.0
#: What the engine may write down as a gap; it begins with the last tick before.
BLINDING = (BRIDGES_STOPPED, SERVER_STOPPED, BACKEND_KILLED, SERVER_CRASH)
AROUND_SECONDS = 10.0
#: When a gap has settled a tick must come, and its verdicts be acted on.
SETTLED_SECONDS = 3.0
DETECTING, UNSETTLED, KNOWN, PROVING, WELL = PHASES = (
    "detecting",
    "unsettled",
    "known",
    "proving",
    "well",
)
#: Those in which the truth can be known.
KNOWABLE = (KNOWN, WELL)
NO_FAULT = "none so far"


@dataclass(slots=True)
class Seconds:
    """How many, and how many of them wrong, by kind of fault and phase."""

    seconds: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    wrong: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, kind: str, phase: str, *, is_right: bool) -> None:
        self.seconds[kind, phase] += 1
        self.wrong[kind, phase] += not is_right

    def right_share(self, phases: tuple[str, ...] = PHASES) -> float:
        """Of the seconds in these phases those judged right, 0..1."""
        every = sum(number for (_, phase), number in self.seconds.items() if phase in phases)
        wrong = sum(number for (_, phase), number in self.wrong.items() if phase in phases)
        return 1 - wrong / every if every else 0.0

    def kinds(self) -> list[str]:
        """Kinds of fault with seconds, those with the most that are wrong first."""
        wrong: dict[str, int] = defaultdict(int)
        for (kind, _), number in self.wrong.items():
            wrong[kind] += number
        return sorted({kind for kind, _ in self.seconds}, key=lambda kind: (-wrong[kind], kind))


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the monitor was stopped, and until when that had not settled."""

    begin: float
    end: float
    settled: float


def real_gaps(evidence: Evidence, monitors: list[Fault], until: float) -> list[Gap]:
    """The gaps the engine wrote down that a fault of the monitor's explains; the fleet has none."""
    return [
        Gap(begin, end, settled + SETTLED_SECONDS)
        for reason, begin, end, settled in evidence.gaps
        if reason != "fleet_silent"
        and any(
            fault.kind in BLINDING
            and fault.begin is not None
            and fault.begin - AROUND_SECONDS <= begin <= (fault.end or until) + AROUND_SECONDS
            for fault in monitors
        )
    ]


def count_seconds(
    agent: Agent,
    faults: list[Fault],
    evidence: Evidence,
    gaps: list[Gap],
    blind: list[tuple[float, float]],
    span: tuple[float, float],
    seconds: Seconds,
) -> None:
    """One agent, second by second, its faults in order; while the monitor is stopped none."""
    begin, end = span
    phase_of = _phases(agent, gaps, evidence.beats[agent.name], end)
    for number in range(int(end - begin)):
        at = begin + number
        if any(first <= at <= last for first, last in blind):
            continue
        before = [fault for fault in faults if fault.begin is not None and fault.begin <= at]
        now = [fault for fault in before if at <= (fault.end or end)]
        if any(
            fault.kind in UNDECIDED
            or (fault.page_from or 0) > at
            # It leaks, and works as well as ever: whoever says it is ill foresees it.
            or (fault.kind == LEAK and at < (fault.ill_from or end))
            for fault in now
        ):
            continue
        is_ill = any(fault.kind != "goodbye" for fault in now)
        is_called_ill = any(first <= at < last for first, last in evidence.troubles[agent.name])
        latest = (now or before or [None])[-1]
        seconds.add(
            latest.kind if latest else NO_FAULT,
            phase_of(latest, at) if latest else WELL,
            is_right=is_ill == is_called_ill,
        )


def _phases(
    agent: Agent, gaps: list[Gap], beats: list[float], until: float
) -> Callable[[Fault, float], str]:
    """To the agent: the phase of a fault at a time."""
    margin = max(MARGIN_SECONDS, 3 * agent.interval)

    def phase(fault: Fault, at: float) -> str:
        heard = bisect_right(beats, at)
        last = beats[heard - 1] if heard else 0.0
        if at > (fault.end or until):
            return PROVING if at <= (fault.end or until) + margin else WELL
        if any(gap.begin <= at <= gap.settled and last <= gap.end for gap in gaps):
            return UNSETTLED
        began = max(fault.begin or 0.0, fault.page_from or 0.0, fault.ill_from or 0.0)
        return DETECTING if at <= began + margin else KNOWN

    return phase
