"""Many requests, few transactions: `GroupWriter`."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hha.errors import (
    DatabaseError,
    DatabaseUnavailable,
    HhaError,
    InvalidInput,
    TransientError,
    UnexpectedDatabaseError,
)

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

#: While requests come faster than they are written, wait so long for company: a transaction costs
#: more than the rows in it. Whoever comes alone waits for nobody.
LINGER_SECONDS = 0.001


class Overloaded(HhaError):
    """More requests wait than are allowed to; nothing of this one was written."""


class GroupWriter(Generic[Item, Outcome]):
    """Writes what several tasks put, in groups, in order, one group at a time.

    ``write`` commits a group and returns an outcome for each item, or raises a DatabaseError and
    has written nothing, as far as anybody knows. A group that is refused is written item by item,
    so that only those to blame are refused.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        capacity: int,
        batch_size: int,
    ) -> None:
        self._write = write
        self._capacity = capacity
        self._batch_size = batch_size
        self._waiting: deque[tuple[Item, int, asyncio.Future[Outcome]]] = deque()
        self._weight = 0
        self._has_work = asyncio.Event()
        self._is_failing = False

    async def put(self, item: Item, weight: int = 1) -> Outcome:
        """The outcome of ``item``, once it is committed.

        ``weight``: how many of the capacity it takes. Raises Overloaded, or what ``write`` raised.
        """
        if self._weight + weight > self._capacity:
            raise Overloaded("too many requests wait to be written", hint="Try again soon.")
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._weight += weight
        self._waiting.append((item, weight, future))
        self._has_work.set()
        return await future

    async def run(self) -> None:
        """Write until cancelled."""
        is_busy = False
        while True:
            await self._has_work.wait()
            if is_busy and len(self._waiting) < self._batch_size:
                await asyncio.sleep(LINGER_SECONDS)
            items, futures = self._take()
            is_busy = len(items) > 1
            for future, outcome in zip(futures, await self._outcomes(items), strict=True):
                if future.done():  # whoever put it went away
                    continue
                if isinstance(outcome, HhaError):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

    def _take(self) -> tuple[list[Item], list[asyncio.Future[Outcome]]]:
        items: list[Item] = []
        futures: list[asyncio.Future[Outcome]] = []
        taken = 0
        while self._waiting and (not items or taken + self._waiting[0][1] <= self._batch_size):
            item, weight, future = self._waiting.popleft()
            taken += weight
            items.append(item)
            futures.append(future)
        self._weight -= taken
        if not self._waiting:
            self._has_work.clear()
        return items, futures

    async def _outcomes(self, items: Sequence[Item]) -> Sequence[Outcome | HhaError]:
        try:
            try:
                outcomes = await self._write(items)
            except TransientError:
                outcomes = await self._write(items)
            self._note(None)
        except (InvalidInput, UnexpectedDatabaseError) as error:
            if len(items) == 1:
                return [error]
        except DatabaseError as error:  # away, or not set up: the same for everybody
            self._note(error)
            return [error] * len(items)
        except Exception as error:  # noqa: BLE001 (whatever it is, nobody may wait for ever)
            unknown = DatabaseUnavailable(f"unexpectedly: {error!r}")
            self._note(unknown)
            return [unknown] * len(items)
        else:
            return outcomes
        return [(await self._outcomes([item]))[0] for item in items]

    def _note(self, error: DatabaseError | None) -> None:
        """Log that writing fails, or works again, once."""
        if error is not None and not self._is_failing:
            logger.warning("nothing is recorded: %s", error, extra={"action": "refuse"})
        elif error is None and self._is_failing:
            logger.warning("recording again", extra={"action": "record"})
        self._is_failing = error is not None
