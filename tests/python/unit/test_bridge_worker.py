"""Leases: work goes on only while its lease holds, and is handed back at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from hha.bridge.database import HealthDatabase
from hha.bridge.items import Lease
from hha.bridge.pace import Backoff, Bell, Counters, Stop
from hha.bridge.worker import Report, Worker

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Item:
    lease: Lease


@dataclass
class Ledger:
    """Work on one item and the database's answers about it."""

    work_seconds: float
    renewals: list[bool | Exception] = field(default_factory=list)
    lease_seconds: float = 0.3
    is_begun: bool = True
    renewed_count: int = 0
    reports: list[Report] = field(default_factory=list)
    report_failures: list[Exception] = field(default_factory=list)
    was_cancelled: bool = False
    items: int = 1
    begin_failures: int = 0
    on_claim: Callable[[], None] = lambda: None
    on_begin: Callable[[], None] = lambda: None
    performed_count: int = 0
    begin_count: int = 0

    async def claim(self, limit: int) -> list[Item]:
        count, self.items = min(limit, self.items), self.items - min(limit, self.items)
        self.on_claim()
        return [Item(Lease("recovery", 1, 7, self.lease_seconds)) for _ in range(count)]

    def describe(self, item: Item) -> dict[str, str | int]:
        return {}

    async def begin(self, item: Item) -> bool:
        self.begin_count += 1
        if self.begin_failures:
            self.begin_failures -= 1
            raise TimeoutError
        self.on_begin()
        return self.is_begun

    async def perform(self, item: Item) -> Report:
        self.performed_count += 1
        try:
            await asyncio.sleep(self.work_seconds)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return "succeeded", {}

    async def report(self, item: Item, outcome: str, details: dict[str, object]) -> bool:
        if self.report_failures:
            raise self.report_failures.pop()
        self.reports.append((outcome, details))
        return True

    async def renew_lease(self, lease: Lease) -> bool:
        self.renewed_count += 1
        answer = self.renewals.pop(0) if self.renewals else True
        if isinstance(answer, Exception):
            raise answer
        return answer


async def work_on(
    ledger: Ledger, until: Callable[[], object], *, grace: float = PATIENCE_SECONDS
) -> Counters:
    """Let a worker have the ledger's items until something has happened, then ask it to stop."""
    stop, counters = Stop(), Counters()
    worker = Worker(
        ledger,
        cast(HealthDatabase, ledger),
        stop,
        counters,
        limit=2,
        poll_seconds=0.05,
        stop_grace_seconds=grace,
    )
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not until():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.01)
    stop.request()
    await running
    return counters


async def test_a_lease_is_renewed_while_the_work_goes_on() -> None:
    ledger = Ledger(work_seconds=2.5, lease_seconds=3)
    await work_on(ledger, lambda: ledger.reports)
    assert ledger.renewed_count >= 2
    assert ledger.reports == [("succeeded", {})]


async def test_a_lost_lease_ends_the_work_unreported() -> None:
    ledger = Ledger(work_seconds=30, renewals=[True, False])
    await work_on(ledger, lambda: ledger.was_cancelled)
    assert ledger.reports == []


async def test_a_lease_that_cannot_be_renewed_in_time_counts_as_lost() -> None:
    ledger = Ledger(work_seconds=30, renewals=[TimeoutError()] * 100)
    await work_on(ledger, lambda: ledger.was_cancelled)
    assert ledger.reports == []


async def test_a_short_outage_does_not_end_the_work() -> None:
    ledger = Ledger(work_seconds=3, lease_seconds=6, renewals=[TimeoutError()])
    await work_on(ledger, lambda: ledger.reports)
    assert ledger.renewed_count >= 2
    assert not ledger.was_cancelled
    assert ledger.reports == [("succeeded", {})]


async def test_work_whose_lease_is_lost_at_once_never_begins() -> None:
    ledger = Ledger(work_seconds=0, is_begun=False)
    await work_on(ledger, lambda: ledger.begin_count)
    assert ledger.reports == []


async def test_a_lease_that_ran_out_while_the_bridge_was_stopped_is_not_worked_on() -> None:
    ledger = Ledger(work_seconds=0, lease_seconds=0.1)
    # Nothing of the bridge runs meanwhile, as after SIGSTOP or in a suspended machine.
    ledger.on_begin = lambda: time.sleep(0.2)
    await work_on(ledger, lambda: ledger.begin_count)
    assert ledger.performed_count == 0
    assert ledger.reports == []


async def test_a_report_is_repeated_until_the_database_hears_it() -> None:
    ledger = Ledger(work_seconds=0, report_failures=[TimeoutError(), TimeoutError()])
    counters = await work_on(ledger, lambda: ledger.reports)
    assert ledger.reports == [("succeeded", {})]
    assert counters.error_count == 0


@pytest.mark.parametrize(
    ("reason", "counted"),
    [
        (TimeoutError(), 0),
        (PoolTimeout("couldn't get a connection"), 0),
        (psycopg.OperationalError("the server closed the connection"), 0),
        (psycopg.errors.AdminShutdown(), 0),
        (psycopg.errors.CannotConnectNow(), 0),
        (psycopg.errors.DeadlockDetected(), 1),
        (psycopg.errors.RaiseException(), 1),
        (psycopg.errors.UndefinedFunction(), 1),
    ],
)
def test_a_bridge_is_not_ill_because_the_database_is_away(reason: Exception, counted: int) -> None:
    counters = Counters()
    counters.note_error(reason)
    assert counters.error_count == counted


async def test_at_the_end_work_in_hand_is_finished() -> None:
    ledger = Ledger(work_seconds=0.3)
    await work_on(ledger, lambda: ledger.performed_count)
    assert ledger.reports == [("succeeded", {})]


async def test_at_the_end_what_takes_too_long_is_handed_back() -> None:
    ledger = Ledger(work_seconds=600)
    await work_on(ledger, lambda: ledger.performed_count, grace=0.1)
    assert ledger.was_cancelled
    assert [outcome for outcome, _ in ledger.reports] == ["failed"]


async def test_at_the_end_what_was_claimed_and_not_begun_is_released() -> None:
    ledger = Ledger(work_seconds=30, items=2)
    stop = Stop()
    ledger.on_claim = stop.request  # the request to stop comes while the database answers
    worker = Worker(
        ledger,
        cast(HealthDatabase, ledger),
        stop,
        Counters(),
        limit=2,
        poll_seconds=0.05,
        stop_grace_seconds=PATIENCE_SECONDS,
    )
    await worker.run()
    assert ledger.reports == [("released", {})] * 2
    assert not ledger.was_cancelled


async def test_at_the_end_what_could_not_begin_is_released() -> None:
    ledger = Ledger(work_seconds=30, lease_seconds=600, begin_failures=1000)
    await work_on(ledger, lambda: ledger.begin_count, grace=0.1)
    assert ledger.reports == [("released", {})]


async def test_a_release_that_the_database_does_not_hear_does_not_hold_the_end() -> None:
    ledger = Ledger(work_seconds=30, lease_seconds=600, begin_failures=1000)
    ledger.report_failures = [TimeoutError()]
    await work_on(ledger, lambda: ledger.begin_count, grace=0.1)
    assert ledger.reports == []


async def test_no_more_is_claimed_than_can_be_worked_on() -> None:
    ledger = Ledger(work_seconds=30, items=5)
    await work_on(ledger, lambda: ledger.performed_count == 2, grace=0)
    assert ledger.items == 3


def test_back_off_doubles_to_five_seconds_with_jitter() -> None:
    backoff = Backoff()
    delays = [backoff.next_seconds() for _ in range(10)]
    ceilings = [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5, 5]
    assert all(top / 2 <= delay <= top for top, delay in zip(ceilings, delays, strict=True))
    backoff.reset()
    assert backoff.next_seconds() <= 0.2


async def test_rings_before_the_wait_are_kept_and_count_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert await bell.wait(PATIENCE_SECONDS)
    began = time.monotonic()
    assert not await bell.wait(0.02)
    assert time.monotonic() - began < PATIENCE_SECONDS
