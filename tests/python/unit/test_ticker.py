"""When the bridge ticks: a period after the last tick began, and at once when the bell rings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hha.bridge.database import EngineHealth, HealthDatabase
from hha.bridge.pace import Counters, Stop
from hha.bridge.ticker import Ticker, seconds_until_tick


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, 2.0),  # never ticked, and somebody else just does
        (0.0, 2.0),
        (0.5, 1.5),  # the tick took half a second: its length is no part of the pause
        (1.9, 0.5),  # it took nearly all of it: the machine still has a rest
        (30.0, 0.5),  # another ticker is at work and has not committed
        (-3600.0, 2.0),  # the clock was set back
    ],
)
def test_a_period_is_counted_from_the_beginning_of_a_tick(
    since: float | None, expected: float
) -> None:
    health = EngineHealth(
        is_tick_due=False, tick_period_seconds=2.0, seconds_since_tick=since, scheduler="bridge"
    )
    assert seconds_until_tick(health) == pytest.approx(expected)


@dataclass
class Engine:
    """Writes down what it is asked; ends the ticker after so many ticks."""

    stop: Stop
    is_due: list[bool]
    tick_limit: int
    calls: list[str] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    info: Any = field(default_factory=lambda: SimpleNamespace(backend_pid=7))

    async def __aenter__(self) -> Engine:
        return self

    async def __aexit__(self, *_reason: object) -> None:
        pass

    async def connect(self) -> Engine:
        return self

    async def engine_health(self) -> EngineHealth:
        self.calls.append("asked")
        self.was_asked.set()
        is_due = self.is_due.pop(0) if self.is_due else False
        return EngineHealth(
            is_tick_due=is_due, tick_period_seconds=600, seconds_since_tick=0, scheduler="bridge"
        )

    async def execute(self, _statement: str) -> None:
        self.calls.append("ticked")
        if self.calls.count("ticked") == self.tick_limit:
            self.stop.request()


def run_ticker(is_due: list[bool], *, rings: list[int], tick_limit: int) -> list[str]:
    """The calls of a ticker whose bell is rung by these backends before it starts to wait."""

    async def run() -> list[str]:
        stop = Stop()
        engine = Engine(stop, is_due, tick_limit)
        ticker = Ticker(cast(HealthDatabase, engine), stop, stop.bell(), Counters())
        running = asyncio.create_task(ticker.run())
        await engine.was_asked.wait()
        for pid in rings:
            ticker.wake(pid)
        await asyncio.wait_for(running, 30)
        return engine.calls

    return asyncio.run(run())


def test_who_rings_is_not_kept_waiting_by_a_question() -> None:
    assert run_ticker([False], rings=[42], tick_limit=1) == ["asked", "ticked", "asked"]


def test_a_tick_that_is_due_is_followed_by_a_fresh_look_at_the_clock() -> None:
    assert run_ticker([True], rings=[7], tick_limit=1) == ["asked", "ticked", "asked"]
