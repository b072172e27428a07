"""Work that is passed over: a world that steps change, and the promise that nothing is lost by it.

Each example is one transaction, rolled back. After each of its steps the world checks itself: all
the work is done, and then, from the same state, what a tick would do of it: with one result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from hypothesis import HealthCheck, Phase, given, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.strategies import SearchStrategy

#: The name of what happens, a method of the world, and its arguments.
Step = tuple[Any, ...]


@dataclass(slots=True)
class World:
    """The tables of a transaction at a time."""

    connection: psycopg.Connection[Any]
    now: datetime = datetime(2031, 5, 6, 7, tzinfo=UTC)
    passed_over: int = 0

    def run(self, query: LiteralString, **parameters: object) -> list[tuple[Any, ...]]:
        """Every row; ``now`` is a parameter always."""
        cursor = self.connection.execute(query, {"now": self.now, **parameters})
        return cursor.fetchall() if cursor.description else []

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def prepare(self) -> None:
        """What is there before the first step."""
        raise NotImplementedError

    def check(self) -> None:
        """Do the work twice, and compare; add to ``passed_over``."""
        raise NotImplementedError


def passed_over_in_all(
    dsn: str,
    make: Callable[[psycopg.Connection[Any]], World],
    examples: Iterable[list[Step]],
    any_steps: SearchStrategy[list[Step]],
    count: int,
) -> int:
    """How much the worlds passed over that lived these examples, and others by chance."""
    passed_over = []

    def check_steps(steps: list[Step]) -> None:
        with psycopg.connect(dsn) as connection:
            world = make(connection)
            world.prepare()
            for name, *arguments in steps:
                getattr(world, name)(*arguments)
                world.check()
            passed_over.append(world.passed_over)
            connection.rollback()

    for steps in examples:
        check_steps(steps)
    settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(given(steps=any_steps)(check_steps))()
    return sum(passed_over)
