"""The writer of groups: who gets which outcome, whatever happens to a group."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from hha.errors import DatabaseUnavailable, InvalidInput, NotAllowed, TransientError
from hha.gateway.writer import GroupWriter, Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class Store:
    """Keeps groups; refuses what is called bad, and fails as it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.failures: list[Exception] = []
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def write(self, items: Sequence[str]) -> list[str]:
        await self.is_open.wait()
        if self.failures:
            raise self.failures.pop(0)
        if "bad" in items:
            raise InvalidInput("bad is not allowed")
        self.groups.append(list(items))
        return [item.upper() for item in items]


@contextlib.asynccontextmanager
async def writer_for(
    store: Store, capacity: int = 100, batch_size: int = 100
) -> AsyncIterator[GroupWriter[str, str]]:
    writer: GroupWriter[str, str] = GroupWriter(
        store.write, capacity=capacity, batch_size=batch_size
    )
    running = asyncio.create_task(writer.run())
    try:
        async with asyncio.timeout(60):
            yield writer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_waits_is_written_together_and_in_order() -> None:
    store = Store()
    async with writer_for(store, batch_size=4) as writer:
        outcomes = await asyncio.gather(*map(writer.put, "abcdef"))
    assert outcomes == list("ABCDEF")
    assert store.groups == [list("abcd"), list("ef")]


async def test_of_a_refused_group_only_those_to_blame_are_refused() -> None:
    store = Store()
    async with writer_for(store) as writer:
        outcomes = await asyncio.gather(*map(writer.put, ["a", "bad", "b"]), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == ["A", "B"]
    assert isinstance(outcomes[1], InvalidInput)
    assert store.groups == [["a"], ["b"]]


async def test_a_passing_trouble_is_tried_once_more() -> None:
    store = Store()
    async with writer_for(store) as writer:
        store.failures = [TransientError("deadlock")]
        assert await writer.put("a") == "A"
        store.failures = [TransientError("deadlock"), TransientError("deadlock")]
        with pytest.raises(TransientError):
            await writer.put("b")
    assert store.groups == [["a"]]


@pytest.mark.parametrize("failure", [DatabaseUnavailable("away"), NotAllowed("no right")])
async def test_what_is_nobodys_fault_fails_the_group_once_and_the_next_is_written(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    async with writer_for(store) as writer:
        store.failures = [failure]
        outcomes = await asyncio.gather(*map(writer.put, "ab"), return_exceptions=True)
        assert outcomes == [failure, failure]
        assert await writer.put("c") == "C"
    assert [record.getMessage() for record in caplog.records] == [
        f"nothing is recorded: {failure}",
        "recording again",
    ]


async def test_what_nobody_expected_leaves_nobody_waiting() -> None:
    store = Store()
    async with writer_for(store) as writer:
        store.failures = [KeyError("outcomes")]
        with pytest.raises(DatabaseUnavailable, match="unexpectedly: KeyError"):
            await writer.put("a")
        assert await writer.put("b") == "B"


async def test_no_more_wait_than_may() -> None:
    store = Store()
    async with writer_for(store, capacity=3) as writer:
        store.is_open.clear()
        first = asyncio.create_task(writer.put("a"))
        await asyncio.sleep(0)  # the writer takes it
        await asyncio.sleep(0)
        second = asyncio.create_task(writer.put("b", 2))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await writer.put("c", 2)
        third = asyncio.create_task(writer.put("d"))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await writer.put("e")
        store.is_open.set()
        assert await asyncio.gather(first, second, third) == ["A", "B", "D"]


async def test_who_went_away_disturbs_nobody() -> None:
    store = Store()
    async with writer_for(store) as writer:
        store.is_open.clear()
        gone, here = (asyncio.create_task(writer.put(item)) for item in "ab")
        await asyncio.sleep(0)
        gone.cancel()
        store.is_open.set()
        assert await here == "B"
    assert store.groups == [["a", "b"]]
