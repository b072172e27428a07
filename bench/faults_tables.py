"""The tables of bench/faults.py."""

from __future__ import annotations

from statistics import fmean as _fmean
from typing import TYPE_CHECKING

from common import Table
from faults_plan import KILLED_WHILE_BLIND, KINDS
from faults_seconds import CHILD, PHASES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from faults_evidence import Evidence
    from faults_plan import Agent, Fault
    from faults_seconds import Seconds
    from faults_verdict import Outcome, Verdict

SILENT = ("kill", "hang", "deadlock", "network loss", "parent dies")


def fmean(values: Sequence[float]) -> float:
    """The mean; nothing at all is as bad as can be."""
    return _fmean(values) if values else float("inf")


def _mean(values: Sequence[float]) -> str:
    return f"{fmean(values):.1f}" if values else ""


def _most(values: Sequence[float]) -> str:
    return f"{max(values):.1f}" if values else ""


def tables(
    faults: list[Fault],
    agents: list[Agent],
    evidence: Evidence,
    verdict: Verdict,
    options: argparse.Namespace,
) -> list[Table]:
    """Kind by kind; beside the plain monitor; the monitor's own troubles."""
    return [
        _by_kind(agents, verdict, options),
        _of_seconds(verdict.seconds),
        _beside_baseline(verdict, evidence),
        _of_monitor(faults, evidence, verdict),
    ]


def _by_kind(agents: list[Agent], verdict: Verdict, options: argparse.Namespace) -> Table:
    table = Table(
        "What became of the faults",
        [
            *("fault", "number", "pages", "worse news", "page after s, mean", "longest"),
            *("well after s, mean", "longest", "restarts", "escalated", "recovered"),
        ],
        note=f"{len(agents)} agents, {sum(agent.role == 'plain' for agent in agents)} of which "
        f"send heartbeats and nothing else; {options.seconds:.0f} s of faults, "
        f"seed {options.seed}. "
        "Pages: messages that tell of new trouble, at the receiver; worse news: a rise in "
        "severity, a failed recovery. Times are from the fault itself, of faults that no gap "
        "of the monitor's touches. Well: the cause is gone and the incident is resolved, which "
        "three good heartbeats prove. Children hang while their parent is down."
        + (" A quick run with small numbers." if options.quick else ""),
    )
    names = [kind.name for kind in KINDS]
    for name in [*names, KILLED_WHILE_BLIND, CHILD]:
        of_kind = [each for each in verdict.outcomes if each.fault.kind == name]
        if not of_kind:
            continue
        quick = [each for each in of_kind if not each.fault.agent.startswith("rare")]
        for label, group in (
            (name, quick),
            (f"{name}, beating each 30 s", [each for each in of_kind if each not in quick]),
        ):
            if group:
                table.rows.append(_row(label, group))
    return table


def _of_seconds(seconds: Seconds) -> Table:
    table = Table(
        "Agent-seconds judged wrong",
        ["latest fault", *PHASES, "of seconds"],
        note="By the agent's latest fault and its phase. Detecting: younger than the goal of the "
        "mean time to detect, 30 s or three intervals. Unsettled: the monitor was stopped, the "
        "agent has not been heard since, and for 60 s nobody is accused. Known: older than both. "
        "Proving: over for less than 30 s or three intervals. Well: for longer. In known and well, "
        "and only there, the truth can be known. A leak is ill when it has filled 80 % of what it "
        "may use.",
    )
    for kind in seconds.kinds():
        wrong = [seconds.wrong[kind, phase] for phase in PHASES]
        of = sum(seconds.seconds[kind, phase] for phase in PHASES)
        if any(wrong):
            table.rows.append([kind, *map(str, wrong), f"{of:,}"])
    for name, counts in (("all", seconds.wrong), ("of seconds", seconds.seconds)):
        per_phase = [
            sum(number for (_, each), number in counts.items() if each == phase) for phase in PHASES
        ]
        every = sum(seconds.seconds.values())
        table.rows.append([name, *(f"{number:,}" for number in per_phase), f"{every:,}"])
    return table


def _row(name: str, group: list[Outcome]) -> list[str]:
    known = [
        each.detected_after
        for each in group
        if each.detected_after is not None and not each.was_blind
    ]
    repaired = [
        each.repaired_after
        for each in group
        if each.repaired_after is not None and not each.was_blind
    ]
    recoverable = [each for each in group if each.fault.is_recoverable]
    return [
        name,
        str(len(group)),
        str(sum(len(each.pages) for each in group)),
        str(sum(len(each.worse) for each in group)),
        _mean(known),
        _most(known),
        _mean(repaired),
        _most(repaired),
        str(sum(each.restarts for each in group)),
        str(sum(each.has_escalated for each in group)),
        f"{sum(each.is_recovered for each in recoverable)}/{len(recoverable)}"
        if recoverable
        else "",
    ]


def _beside_baseline(verdict: Verdict, evidence: Evidence) -> Table:
    table = Table(
        "Beside a fixed time-out over the same heartbeats",
        [
            "monitor",
            "silent faults paged",
            "page after s, mean",
            "pages each",
            "pages that nobody needed",
            "of them in the monitor's own silence",
        ],
        note=f"{evidence.beat_count:,} heartbeats. The time-out: three intervals, a page each "
        "time, no confirmation, and of course no restart: it lives on those of the other. "
        "Silent faults are " + ", ".join(SILENT) + ".",
    )
    silent = [each for each in verdict.outcomes if each.fault.kind in SILENT]
    needless = [each for each in verdict.outcomes if not each.fault.deserves_page]
    seen = [each for each in silent if each.pages]
    paged = [each for each in silent if each.baseline_pages]
    clear = [each for each in silent if not each.was_blind]
    wrong = len(verdict.false_pages) + sum(len(each.pages) for each in needless)
    theirs = sum(len(each.baseline_pages) for each in needless)
    theirs += verdict.baseline_false_pages + verdict.baseline_blind_pages
    table.rows.append(
        [
            "HeartbeatHealthAgent",
            f"{len(seen)}/{len(silent)}",
            _mean([each.detected_after for each in clear if each.detected_after is not None]),
            f"{sum(len(each.pages) for each in seen) / max(1, len(seen)):.2f}",
            str(wrong),
            "0",
        ]
    )
    table.rows.append(
        [
            "three missed intervals",
            f"{len(paged)}/{len(silent)}",
            _mean([each.baseline_pages[0] - each.begin for each in clear if each.baseline_pages]),
            f"{sum(len(each.baseline_pages) for each in paged) / max(1, len(paged)):.2f}",
            str(theirs),
            str(verdict.baseline_blind_pages),
        ]
    )
    return table


def _of_monitor(faults: list[Fault], evidence: Evidence, verdict: Verdict) -> Table:
    table = Table(
        "The monitor's own troubles",
        ["trouble", "number"],
        note="Nobody is accused because of them, and nothing is lost.",
    )
    names = sorted({fault.kind for fault in faults if fault.is_monitors})
    for name in names:
        number = sum(fault.kind == name and fault.begin is not None for fault in faults)
        table.rows.append([name, str(number)])
    own = [message for message in evidence.messages if not message.agents]
    unseen = sum(each.was_mended_unseen for each in verdict.outcomes)
    table.rows += [
        ["pages about a bridge that was killed", str(verdict.bridge_pages)],
        ["gaps written down", str(len(evidence.gaps))],
        ["of them, of which the bench knows no reason", str(verdict.false_gaps)],
        ["faults over before anybody could know (bridge started, or blind)", str(unseen)],
        ["messages about the monitor, with their ends", str(len(own))],
        ["messages received twice (same key)", str(evidence.repetitions)],
        ["messages not delivered in the end", str(evidence.undelivered)],
        ["recoveries without an end", str(evidence.unfinished)],
        ["restarts that no step of a recovery explains", str(verdict.unexplained_restarts)],
    ]
    return table
