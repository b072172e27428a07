"""Truth against evidence in bench/faults.py: whose each page and each restart is."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults_evidence import FIRST_NEWS, WORSE_NEWS
from faults_plan import BLIND_SECONDS, BRIDGE_KILLED, BRIDGES_STOPPED, KILLED_WHILE_BLIND
from faults_seconds import MARGIN_SECONDS, Seconds, count_seconds, real_gaps

if TYPE_CHECKING:
    from faults_evidence import Evidence
    from faults_plan import Agent, Fault

#: A page may come so long after its fault's end and still be about it.
LATE_PAGE_SECONDS = 20.0
#: Starting all agents takes a bridge so long.
AUTOSTART_SECONDS = 10.0


@dataclass(slots=True)
class Outcome:
    """What became of one fault. Seconds since it began."""

    fault: Fault
    was_blind: bool = False
    pages: list[float] = field(default_factory=list)
    worse: list[str] = field(default_factory=list)
    ended: int = 0
    restarts: int = 0
    restarts_by_steps: int = 0
    was_mended_unseen: bool = False
    has_escalated: bool = False
    repaired_after: float | None = None
    baseline_pages: list[float] = field(default_factory=list)

    @property
    def begin(self) -> float:
        assert self.fault.begin is not None
        return self.fault.begin

    @property
    def detected_after(self) -> float | None:
        from_at = self.fault.page_from or self.begin
        return max(0.0, self.pages[0] - from_at) if self.pages else None

    @property
    def is_recovered(self) -> bool:
        return (
            self.repaired_after is not None
            and not self.fault.is_given_up
            and not self.has_escalated
        )


@dataclass(slots=True)
class Verdict:
    """Everything the tables need."""

    outcomes: list[Outcome]
    false_pages: list[str]
    baseline_false_pages: int
    baseline_blind_pages: int
    needless_restarts: list[str]
    unexplained_restarts: int
    bridge_pages: int
    seconds: Seconds
    false_gaps: int


def judge(
    faults: list[Fault], agents: list[Agent], evidence: Evidence, begin: float, end: float
) -> Verdict:
    """Attribute pages and restarts to faults, and compare second by second."""
    of_agent: dict[str, list[Outcome]] = defaultdict(list)
    for fault in sorted(faults, key=lambda fault: fault.begin or 0):
        if fault.agent and fault.begin is not None:
            of_agent[fault.agent].append(Outcome(fault))
    monitors = [fault for fault in faults if fault.is_monitors and fault.begin]
    blind = [
        (fault.begin or 0, (fault.end or end) + 2)
        for fault in monitors
        if fault.kind in BLIND_SECONDS
    ]
    gaps = real_gaps(evidence, monitors, end)
    blind += [(gap.begin, gap.end) for gap in gaps]
    unsettled = [(gap.begin, gap.settled) for gap in gaps] + blind

    def find(agent: str, at: float) -> Outcome | None:
        every = of_agent[agent]
        number = bisect_right([outcome.begin for outcome in every], at + 0.05) - 1
        if number < 0:
            return None
        over = every[number].fault.end
        return every[number] if over is None or at <= over + LATE_PAGE_SECONDS else None

    false_gaps = len(evidence.gaps) - len(gaps)
    verdict = Verdict([], [], 0, 0, [], 0, 0, Seconds(), false_gaps)
    for message in evidence.messages:
        for agent in message.agents:
            if agent.startswith("bridge:") and _is_true_of_bridges(monitors, message.at):
                verdict.bridge_pages += message.event in FIRST_NEWS
                continue
            outcome = find(agent, message.at)
            if message.event in FIRST_NEWS:
                if outcome is None:
                    verdict.false_pages.append(f"{agent}: {message.subject}")
                elif message.at < (outcome.fault.page_from or 0):
                    verdict.false_pages.append(f"{agent}, in maintenance: {message.subject}")
                else:
                    outcome.pages.append(message.at)
            elif message.event in WORSE_NEWS and outcome:
                outcome.worse.append(message.event)
            elif message.event in WORSE_NEWS:
                verdict.false_pages.append(f"{agent}: {message.event}, {message.subject}")
    for page in evidence.pages_of_fixed_timeout(agents, end):
        outcome = find(page.agent, page.at)
        if outcome is not None:
            outcome.baseline_pages.append(page.at)
        elif any(first <= page.at <= last + 30 for first, last in blind):
            verdict.baseline_blind_pages += 1
        elif page.at >= begin:
            verdict.baseline_false_pages += 1
    for agent in agents:
        _follow(agent, of_agent[agent.name], evidence, unsettled, verdict)
        outcomes = of_agent[agent.name]
        own = [outcome.fault for outcome in outcomes]
        count_seconds(agent, own, evidence, gaps, blind, (begin, end), verdict.seconds)
        verdict.outcomes += outcomes
    return verdict


def _is_true_of_bridges(monitors: list[Fault], at: float) -> bool:
    """Whether a bridge was killed or stopped just then: it is an agent, and may be paged."""
    return any(
        fault.begin is not None and fault.begin <= at <= (fault.end or at) + 30
        for fault in monitors
        if fault.kind in (BRIDGE_KILLED, BRIDGES_STOPPED)
    )


def _is_autostart(at: float, evidence: Evidence) -> bool:
    """Whether a bridge had just started, which starts what does not run."""
    return any(launch < at < launch + AUTOSTART_SECONDS for launch in evidence.launches[2:])


def _follow(
    agent: Agent,
    outcomes: list[Outcome],
    evidence: Evidence,
    unsettled: list[tuple[float, float]],
    verdict: Verdict,
) -> None:
    """Restarts and repairs of one agent, fault by fault."""
    starts = evidence.starts[agent.name]
    with_bridges = sum(_is_autostart(at, evidence) for at in starts)
    explained = 1 + evidence.steps[agent.name] + with_bridges
    verdict.unexplained_restarts += max(0, len(starts) - explained)
    borders = [outcome.begin for outcome in outcomes] + [float("inf")]
    first = [at for at in starts[1:] if at < borders[0]]
    verdict.needless_restarts += [f"{agent.name}, well" for _ in first]
    for outcome, border in zip(outcomes, borders[1:], strict=True):
        fault = outcome.fault
        outcome.restarts = sum(outcome.begin < at < border for at in starts)
        outcome.restarts_by_steps = sum(
            outcome.begin < at < border and not _is_autostart(at, evidence) for at in starts
        )
        if outcome.restarts_by_steps and not fault.is_restarted:
            verdict.needless_restarts.append(f"{agent.name}, {fault.kind}")
        known = min(outcome.pages, default=outcome.begin + max(MARGIN_SECONDS, 4 * agent.interval))
        outcome.was_blind = fault.kind == KILLED_WHILE_BLIND or any(
            first < known and outcome.begin < last for first, last in unsettled
        )
        outcome.has_escalated = (
            any(
                action["state"] == "escalated" and outcome.begin <= action["begin"] < border
                for action in evidence.actions[agent.name]
            )
            or "recovery_failed" in outcome.worse
        )
        ends = [
            over
            for since, over in evidence.incidents[agent.name]
            if outcome.begin - 0.05 <= since < border
        ]
        if not outcome.pages:
            # It was over before anybody could know: a bridge started, which starts what does not
            # run; or the monitor was blind before it could be known, and until it was over.
            outcome.was_mended_unseen = outcome.restarts > outcome.restarts_by_steps == 0 or (
                (not fault.is_restarted or fault.kind == "network loss")
                and any(
                    first < known and outcome.begin < last and (fault.end or last) < last
                    for first, last in unsettled
                )
            )
        if outcome.was_mended_unseen and fault.end is not None:
            outcome.repaired_after = fault.end - outcome.begin
        elif ends and fault.end is not None:
            from_at = fault.page_from or outcome.begin
            outcome.repaired_after = max(fault.end, *ends) - from_at
