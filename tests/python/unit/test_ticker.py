"""When the bridge ticks: when the database says so, and at once when the bell rings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from hha.bridge.database import HealthDatabase
from hha.bridge.pace import Counters, Stop
from hha.bridge.ticker import Ticker


@dataclass
class Engine:
    """Writes down what it is asked; ends the ticker after so many ticks."""

    stop: Stop
    answers: list[float]  # of seconds_until_tick; then that it is a long time
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

    async def seconds_until_tick(self) -> float:
        self.calls.append("asked")
        self.was_asked.set()
        return self.answers.pop(0) if self.answers else 600

    async def execute(self, _statement: str) -> None:
        self.calls.append("ticked")
        if self.calls.count("ticked") == self.tick_limit:
            self.stop.request()


def run_ticker(answers: list[float], *, rings: Sequence[int] = (), tick_limit: int) -> list[str]:
    """The calls of a ticker whose bell is rung by these backends before it starts to wait."""

    async def run() -> list[str]:
        stop = Stop()
        engine = Engine(stop, answers, tick_limit)
        ticker = Ticker(cast(HealthDatabase, engine), stop, stop.bell(), Counters())
        running = asyncio.create_task(ticker.run())
        await engine.was_asked.wait()
        for pid in rings:
            ticker.wake(pid)
        await asyncio.wait_for(running, 30)
        return engine.calls

    return asyncio.run(run())


def test_who_rings_is_not_kept_waiting_by_a_question() -> None:
    assert run_ticker([600], rings=[42], tick_limit=1) == ["asked", "ticked", "asked"]


def test_a_tick_that_is_due_is_followed_by_a_fresh_look_at_the_clock() -> None:
    assert run_ticker([0], rings=[7], tick_limit=1) == ["asked", "ticked", "asked"]


def test_the_database_is_asked_again_when_it_said_so_and_then_ticks() -> None:
    calls = run_ticker([0.01, 0.01, -0.5, 0.01, 0], tick_limit=2)
    assert calls == ["asked", "asked", "asked", "ticked", "asked", "asked", "ticked", "asked"]


def test_ticks_that_are_due_at_once_are_a_twentieth_of_a_second_apart() -> None:
    began = time.monotonic()
    run_ticker([0] * 20, tick_limit=5)
    assert time.monotonic() - began > 0.19
