"""The tables and goals of bench/faults.py."""

from __future__ import annotations

from statistics import fmean as _fmean
from typing import TYPE_CHECKING

from common import Goal, Table
from faults_plan import FLAPPING, KILLED_WHILE_BLIND, KINDS
from faults_verdict import CHILD

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from faults_evidence import Evidence
    from faults_plan import Agent, Fault
    from faults_verdict import Outcome, Verdict

SILENT = ("kill", "hang", "deadlock", "network loss", "parent dies")
ENOUGH = 200


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
        note=f"{len(agents)} agents; {options.seconds:.0f} s of faults, seed {options.seed}. "
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
        ["faults over before anybody could know (bridge started, or blind)", str(unseen)],
        ["messages about the monitor, with their ends", str(len(own))],
        ["messages received twice (same key)", str(evidence.repetitions)],
        ["messages not delivered in the end", str(evidence.undelivered)],
        ["recoveries without an end", str(evidence.unfinished)],
        ["restarts that no step of a recovery explains", str(verdict.unexplained_restarts)],
    ]
    return table


def goals(verdict: Verdict, evidence: Evidence, options: argparse.Namespace) -> list[Goal]:
    """The original's figures, and beyond them."""
    is_enough = len(verdict.outcomes) >= ENOUGH
    deserving = [
        each
        for each in verdict.outcomes
        if each.fault.deserves_page and each.fault.kind != FLAPPING and not each.was_mended_unseen
    ]
    flapping = [len(each.pages) for each in verdict.outcomes if each.fault.kind == FLAPPING]
    others = [each for each in verdict.outcomes if not each.fault.deserves_page]
    recoverable = [each for each in verdict.outcomes if each.fault.is_recoverable]
    quick = [each for each in deserving if not each.fault.agent.startswith("rare")]
    rare = [each for each in deserving if each.fault.agent.startswith("rare")]
    detected = [
        each.detected_after
        for each in quick
        if each.detected_after is not None and not each.was_blind
    ]
    slowly = [
        each.detected_after
        for each in rare
        if each.detected_after is not None and not each.was_blind
    ]
    repaired = [
        each.repaired_after
        for each in recoverable
        if each.repaired_after is not None and not each.was_blind
    ]
    pages = sum(len(each.pages) for each in verdict.outcomes) + len(verdict.false_pages)
    wrong = len(verdict.false_pages) + sum(len(each.pages) for each in others)
    recovered = sum(each.is_recovered for each in recoverable)
    escalated = sum(each.has_escalated for each in recoverable)
    exactly = sum(len(each.pages) == 1 for each in deserving)
    per_incident = sum(len(each.pages) for each in deserving) / max(1, len(deserving))
    twice = sum(max(0, each.restarts_by_steps - 1) for each in recoverable)
    right = verdict.seconds_right_in_margin / max(1, verdict.seconds)
    raw = verdict.seconds_right / max(1, verdict.seconds)
    lost = evidence.undelivered + evidence.unfinished
    lost += sum(not each.pages for each in deserving)
    rows: list[tuple[str, str, str, bool]] = [
        (
            "mean time to detect (page received)",
            "< 30 s",
            f"{fmean(detected):.1f} s",
            fmean(detected) < 30,
        ),
        (
            "the same, beating each 30 s",
            "≤ 3 intervals",
            f"{max(slowly, default=0):.0f} s",
            max(slowly, default=0) <= 90,
        ),
        ("mean time to recover", "< 2 min", f"{fmean(repaired):.1f} s", fmean(repaired) < 120),
        (
            "recovery success, of the recoverable",
            "≥ 95 %",
            f"{recovered / max(1, len(recoverable)):.1%} ({recovered}/{len(recoverable)})",
            recovered / max(1, len(recoverable)) >= 0.95,
        ),
        (
            "pages that nobody deserved",
            "< 2 %",
            f"{wrong / max(1, pages):.1%} ({wrong}/{pages})",
            wrong / max(1, pages) < 0.02,
        ),
        (
            "escalated, of the recoverable",
            "< 5 %",
            f"{escalated / max(1, len(recoverable)):.1%}",
            escalated / max(1, len(recoverable)) < 0.05,
        ),
        (
            "agent-seconds judged right",
            "≥ 99.5 %",
            f"{right:.2%} ({raw:.2%} with the time to detect and to prove)",
            right >= 0.995,
        ),
        (
            "pages per incident that deserves one",
            "1.00",
            f"{per_incident:.2f} ({exactly}/{len(deserving)} exactly one)",
            exactly == len(deserving),
        ),
        (
            "pages of a minute's flapping",
            "≤ 3 (Icinga's rule)",
            f"{max(flapping, default=0)} at most",
            max(flapping, default=0) <= 3,
        ),
        ("pages for what deserves none", "0", str(wrong), wrong == 0),
        (
            "restarts twice, or of the well",
            "0",
            f"{twice} and {len(verdict.needless_restarts)}",
            twice == 0 and not verdict.needless_restarts,
        ),
        ("incidents, messages, recoveries lost", "0", str(lost), lost == 0),
    ]
    return [
        Goal(what, wanted, reached, is_met if is_enough else None)
        for what, wanted, reached, is_met in rows
    ]
