"""Claim, work, report: what recoveries and deliveries have in common.

An item is worked on only while its lease holds. The lease is renewed every third of its length;
when the database says it is lost, or cannot be asked until it has run out, the work is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Generic, Protocol, TypeVar

from hha.bridge.database import DATABASE_ERRORS, HealthDatabase
from hha.bridge.items import Lease
from hha.bridge.pace import Backoff, Counters, Stop
from hha.bridge.traces import Traces

logger = logging.getLogger(__name__)

_HAND_BACK_SECONDS = 3.0
_REPORT_SECONDS = 300.0
_GOOD = ("succeeded", "delivered", "released")
_PROBLEM_KEYS = ("reason", "http_status", "exit_code")  # what a span says of a failure

Report = tuple[str, dict[str, object]]


class Leased(Protocol):
    """An item that is worked on under a lease."""

    @property
    def lease(self) -> Lease: ...


ItemT = TypeVar("ItemT", bound=Leased)


class Work(Protocol[ItemT]):
    """One kind of work."""

    async def claim(self, limit: int) -> list[ItemT]:
        """At most `limit` items that are ours for the length of their lease."""

    def describe(self, item: ItemT) -> dict[str, str | int]:
        """What its span says of it."""

    async def begin(self, item: ItemT) -> bool:
        """Say that the work begins; False when the lease is lost already."""

    async def perform(self, item: ItemT) -> Report:
        """Do it; the outcome and details for the report. May be cancelled."""

    async def report(self, item: ItemT, outcome: str, details: dict[str, object]) -> bool:
        """Tell the database; False when the lease is lost."""


class Worker(Generic[ItemT]):
    """Keeps up to `limit` items of one kind of work going until asked to stop."""

    def __init__(
        self,
        work: Work[ItemT],
        database: HealthDatabase,
        stop: Stop,
        counters: Counters,
        *,
        limit: int,
        poll_seconds: float,
        stop_grace_seconds: float,
        traces: Traces | None = None,
    ) -> None:
        self._work = work
        self._database = database
        self._stop = stop
        self._bell = stop.bell()
        self._counters = counters
        self._limit = limit
        self._poll_seconds = poll_seconds
        self._stop_grace_seconds = stop_grace_seconds
        self._traces = traces or Traces()
        self._in_hand: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look for work now."""
        self._bell.ring()

    async def run(self) -> None:
        """Work until asked to stop, then finish what is in hand or hand it back."""
        async with asyncio.TaskGroup() as group:
            await self._claim_until_stopped(group)
            if self._in_hand:
                await asyncio.wait(self._in_hand, timeout=self._stop_grace_seconds)
            for task in self._in_hand:
                task.cancel()

    async def _claim_until_stopped(self, group: asyncio.TaskGroup) -> None:
        backoff = Backoff()
        while not self._stop.requested:
            free = self._limit - len(self._in_hand)
            try:
                items = await self._work.claim(free) if free else []
                backoff.reset()
            except DATABASE_ERRORS as reason:
                self._complain("claim failed", reason)
                await self._stop.pause(backoff.next_seconds())
                continue
            for item in items:
                task = group.create_task(self._handle(item))
                self._in_hand.add(task)
                task.add_done_callback(self._put_down)
            await self._bell.wait(self._poll_seconds)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._bell.ring()

    async def _handle(self, item: ItemT) -> None:
        with self._traces.span(item.lease.kind, self._work.describe(item)):
            await self._carry_out(item)

    async def _carry_out(self, item: ItemT) -> None:
        deadline = time.monotonic() + item.lease.seconds
        report: Report = ("released", {})
        try:
            if self._stop.requested:
                await self._hand_back(item, *report)
                return
            # Asked twice: whoever was stopped or swapped out meanwhile holds a lease of the past.
            if not await self._begin(item, deadline) or time.monotonic() >= deadline:
                self._lost(item)
                return
            report = ("failed", {"reason": "the bridge was stopped before it had finished"})
            performing = asyncio.create_task(self._perform(item))
            try:
                is_held = await self._hold_lease(item, performing, deadline)
            finally:
                await _cancel(performing)
            if not is_held:
                self._lost(item)
                return
            report = performing.result()
            await self._report(item, *report)
        except asyncio.CancelledError:
            if not self._stop.requested:
                raise
            await self._hand_back(item, *report)
            raise

    async def _hand_back(self, item: ItemT, outcome: str, details: dict[str, object]) -> None:
        """Asked to end: say where it stands rather than let the lease run out.

        What was not begun is 'released': somebody else may have it at once.
        """
        self._note(outcome, details)
        with contextlib.suppress(*DATABASE_ERRORS):
            async with asyncio.timeout(_HAND_BACK_SECONDS):
                await self._work.report(item, outcome, details)

    async def _perform(self, item: ItemT) -> Report:
        try:
            with self._traces.span("perform"):
                return await self._work.perform(item)
        except Exception as reason:  # one broken executor must not end the others
            self._counters.error_count += 1
            logger.exception("work failed", extra={"action": "work", "id": item.lease.item_id})
            return "failed", {"reason": f"{type(reason).__name__} in the bridge"}

    async def _begin(self, item: ItemT, deadline: float) -> bool:
        backoff = Backoff()
        while time.monotonic() < deadline:
            try:
                return await self._work.begin(item)
            except DATABASE_ERRORS as reason:
                self._complain("cannot begin", reason)
                await asyncio.sleep(backoff.next_seconds())
        return False

    async def _hold_lease(
        self, item: ItemT, performing: asyncio.Task[Report], deadline: float
    ) -> bool:
        """Renew while the work goes on. False: the lease is lost."""
        length = item.lease.seconds
        backoff = Backoff()
        pause = length / 3
        while True:
            await asyncio.wait({performing}, timeout=pause)
            if performing.done():
                return True
            asked_at = time.monotonic()
            if asked_at >= deadline:
                return False
            try:
                async with asyncio.timeout(deadline - asked_at):
                    if not await self._database.renew_lease(item.lease):
                        return False
                deadline, pause = asked_at + length, length / 3
                backoff.reset()
            except DATABASE_ERRORS as reason:
                self._complain("cannot renew a lease", reason)
                pause = min(backoff.next_seconds(), max(0.0, deadline - time.monotonic()))

    async def _report(self, item: ItemT, outcome: str, details: dict[str, object]) -> None:
        """Report what is done, even when the database was away meanwhile: it fences late ones."""
        self._note(outcome, details)
        give_up_at = time.monotonic() + _REPORT_SECONDS
        backoff = Backoff()
        while time.monotonic() < give_up_at:
            try:
                with self._traces.span("report"):
                    is_held = await self._work.report(item, outcome, details)
            except DATABASE_ERRORS as reason:
                self._complain("cannot report", reason)
                await asyncio.sleep(backoff.next_seconds())
            else:
                if not is_held:
                    self._lost(item)
                return

    def _note(self, outcome: str, details: dict[str, object]) -> None:
        facts = [f"{key}={details[key]}" for key in _PROBLEM_KEYS if key in details]
        problem = None if outcome in _GOOD else " ".join(facts) or outcome
        self._traces.note({"hha.outcome": outcome}, problem=problem)

    def _lost(self, item: ItemT) -> None:
        self._traces.note({"hha.outcome": "lost"}, problem="lease lost, work dropped")
        self._counters.error_count += 1
        logger.warning(
            "lease lost, work dropped",
            extra={"action": "lease_lost", "kind": item.lease.kind, "id": item.lease.item_id},
        )

    def _complain(self, problem: str, reason: BaseException) -> None:
        self._counters.note_error(reason)
        logger.warning("%s: %s", problem, reason, extra={"action": "work"})


async def _cancel(task: asyncio.Task[Report]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
