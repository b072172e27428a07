"""The goals of bench/faults.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import Goal
from faults_plan import FLAPPING
from faults_seconds import KNOWABLE
from faults_tables import fmean

if TYPE_CHECKING:
    from faults_evidence import Evidence
    from faults_verdict import Verdict

ENOUGH = 200


def goals(verdict: Verdict, evidence: Evidence) -> list[Goal]:
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
    right = verdict.seconds.right_share(KNOWABLE)
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
            "agent-seconds judged right, of those that can be known",
            "≥ 99.5 %",
            f"{right:.2%} ({verdict.seconds.right_share():.2%} of all)",
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
