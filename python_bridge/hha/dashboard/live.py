"""What changes on the page by itself: one watcher for all browsers, fed by LISTEN.

While nobody looks it reads nothing. While somebody does it reads after each bell and at least every
few seconds, so seldom that it stays near two percent of a core, and sends what is drawn otherwise
than before. A browser reads all cells once, from ``/cells``; what it is sent later says to which
version it belongs, and a browser that has another one reads them anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psycopg

from hha.dashboard import questions
from hha.dashboard.reader import Reader, Row
from hha.database_link import Backoff, connect
from hha.errors import DatabaseError

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
SHORTEST_PAUSE_SECONDS = 0.2
SHARE_OF_A_CORE = 0.02
WAITING_MESSAGES = 100

NO_CELLS = ""
ALL_CELLS = "*"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every agent as fleet.js draws it, a JSON array a line."""

    version: int = 0
    lines: str = ""
    read_at: float = 0.0

    def compressed(self) -> bytes:
        """All of it, as ``/cells`` answers."""
        document = f'{{"version":{self.version},"cells":[{self.lines.replace(chr(10), ",")}]}}'
        return gzip.compress(document.encode(), 4)


def difference(old: Fleet, new: Fleet) -> tuple[list[str], list[str]]:
    """The lines that are new or differ, and the agents that are gone, as JSON."""
    before, after = old.lines.split("\n"), new.lines.split("\n")
    known = set(before)
    changed = [line for line in after if line and line not in known]
    left = set(after)
    replaced = [line for line in before if line and line not in left]
    if not replaced:
        return changed, []
    names = {_name(line) for line in changed}
    return changed, [name for name in map(_name, replaced) if name not in names]


def _name(line: str) -> str:
    return json.dumps(json.loads(line)[0], ensure_ascii=False)


@dataclass(eq=False, slots=True)
class _Subscriber:
    cells: str
    queue: asyncio.Queue[tuple[str, str]] = field(
        default_factory=lambda: asyncio.Queue(WAITING_MESSAGES)
    )


class Watcher:
    """Tells its subscribers, as (event, JSON), what has changed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._subscribers: set[_Subscriber] = set()
        self._is_wanted = asyncio.Event()
        self._bell = asyncio.Event()
        self._reading = asyncio.Lock()
        self._fleet = Fleet()
        self._body: tuple[int, bytes] = (0, Fleet().compressed())
        self._facts: Row = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="dashboard listener")
            tasks.create_task(self._watch(), name="dashboard watcher")

    async def cells(self) -> bytes:
        """The cells of all agents, compressed JSON, as they are now."""
        asked_at = time.monotonic()
        async with self._reading:
            # Who had to wait for another's reading takes that.
            if self._fleet.read_at < asked_at:
                await self._read_fleet()
            if self._body[0] != self._fleet.version:
                self._body = (self._fleet.version, self._fleet.compressed())
            return self._body[1]

    async def changes(self, cells: str) -> AsyncIterator[tuple[str, str]]:
        """Events from now on, of all cells (``ALL_CELLS``), of one agent or of none (``NO_CELLS``).

        Ends for a subscriber that reads too slowly, who may come back.
        """
        subscriber = _Subscriber(cells)
        self._subscribers.add(subscriber)
        self._is_wanted.set()
        self._bell.set()
        try:
            if self._facts:
                yield "facts", json.dumps(self._facts, default=str)
            if cells and time.monotonic() - self._fleet.read_at < LONGEST_WAIT_SECONDS:
                yield "cells", self._excerpt(subscriber, self._lines_of(cells), [])
            while subscriber in self._subscribers or not subscriber.queue.empty():
                yield await subscriber.queue.get()
        finally:
            self._subscribers.discard(subscriber)
            if not self._subscribers:
                self._is_wanted.clear()

    async def _listen(self) -> None:
        backoff = Backoff(longest=5.0)
        while True:
            await self._is_wanted.wait()
            try:
                async with await connect(self._reader.conninfo) as connection:
                    await connection.execute("LISTEN health_judged")
                    await connection.execute("LISTEN health_wakeup")
                    backoff.reset()
                    self._bell.set()
                    while self._is_wanted.is_set():
                        async for _ in connection.notifies(timeout=1.0, stop_after=1):
                            self._bell.set()
            except (psycopg.Error, DatabaseError):
                await asyncio.sleep(backoff.next_delay())

    async def _watch(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._bell.clear()
            started = time.monotonic()
            try:
                await self._look()
            except DatabaseError as error:
                logger.warning("cannot look: %s", error, extra={"action": "look"})
                self._send("away", json.dumps({"message": error.message}))
            spent = time.monotonic() - started
            pause = min(spent / SHARE_OF_A_CORE, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(max(SHORTEST_PAUSE_SECONDS, pause))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                    await self._bell.wait()

    async def _look(self) -> None:
        if any(subscriber.cells for subscriber in self._subscribers):
            async with self._reading:
                await self._read_fleet()
        self._facts = {
            **(await self._reader.row(questions.SUMMARY) or {}),
            **(await self._reader.row(questions.MARK) or {}),
        }
        self._send("facts", json.dumps(self._facts, default=str))

    async def _read_fleet(self) -> None:
        row = await self._reader.row(questions.CELLS)
        old = self._fleet
        lines = (row or {}).get("lines") or ""
        is_same = lines == old.lines and old.version > 0
        # Told apart from the versions of an earlier process.
        version = old.version + (not is_same) if old.version else time.time_ns() // 1_000_000
        self._fleet = Fleet(version, lines, time.monotonic())
        if is_same or not any(subscriber.cells for subscriber in self._subscribers):
            return
        changed, gone = difference(old, self._fleet)
        for subscriber in list(self._subscribers):
            if subscriber.cells:
                self._tell(subscriber, "cells", self._excerpt(subscriber, changed, gone))

    def _lines_of(self, cells: str) -> list[str]:
        return [] if cells == ALL_CELLS else self._fleet.lines.split("\n")

    def _excerpt(self, subscriber: _Subscriber, changed: list[str], gone: list[str]) -> str:
        if subscriber.cells != ALL_CELLS:
            name = json.dumps(subscriber.cells, ensure_ascii=False)
            changed = [line for line in changed if line.startswith(f"[{name},")]
            gone = [one for one in gone if one == name]
        return (
            f'{{"version":{self._fleet.version},'
            f'"changed":[{",".join(changed)}],"gone":[{",".join(gone)}]}}'
        )

    def _send(self, event: str, text: str) -> None:
        for subscriber in list(self._subscribers):
            self._tell(subscriber, event, text)

    def _tell(self, subscriber: _Subscriber, event: str, text: str) -> None:
        try:
            subscriber.queue.put_nowait((event, text))
        except asyncio.QueueFull:
            self._subscribers.discard(subscriber)
