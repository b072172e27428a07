"""What changes on the page by itself: one watcher for all browsers, fed by LISTEN.

While nobody looks it reads nothing. While somebody does it reads the fleet after each bell and at
least every few seconds, so seldom that it stays near two percent of a core, and sends what is drawn
otherwise than before.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg

from hha.dashboard import questions
from hha.dashboard.reader import Reader, Row
from hha.database_link import Backoff, connect
from hha.errors import DatabaseError

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 5.0
SHORTEST_PAUSE_SECONDS = 0.2
SHARE_OF_A_CORE = 0.02
WAITING_MESSAGES = 100

Cell = list[Any]


def cell(row: Row) -> Cell:
    """One agent as the fleet's script draws it; fleet.js names the places."""
    return [
        row["agent_id"],
        row["agent_name"],
        row["agent_type"],
        row["policy_class"],
        row["liveness"],
        row["status"],
        row["score"],
        row["state"],
    ]


class Watcher:
    """Tells its subscribers, as (event, JSON), what has changed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._subscribers: set[asyncio.Queue[tuple[str, str]]] = set()
        self._is_wanted = asyncio.Event()
        self._bell = asyncio.Event()
        self._cells: dict[str, Cell] = {}
        self._facts: Row = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="dashboard listener")
            tasks.create_task(self._watch(), name="dashboard watcher")

    async def changes(self) -> AsyncIterator[tuple[str, str]]:
        """Events from now on; ends for a subscriber that reads too slowly, who may come back."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WAITING_MESSAGES)
        self._subscribers.add(queue)
        self._is_wanted.set()
        self._bell.set()
        try:
            if self._facts:
                yield "facts", json.dumps(self._facts, default=str)
            while queue in self._subscribers or not queue.empty():
                yield await queue.get()
        finally:
            self._subscribers.discard(queue)
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
                self._send("away", {"message": error.message})
            spent = time.monotonic() - started
            pause = min(spent / SHARE_OF_A_CORE, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(max(SHORTEST_PAUSE_SECONDS, pause))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_PAUSE_SECONDS):
                    await self._bell.wait()

    async def _look(self) -> None:
        cells = {row["agent_id"]: cell(row) for row in await self._reader.rows(questions.CELLS)}
        facts = {
            **(await self._reader.row(questions.SUMMARY) or {}),
            **(await self._reader.row(questions.MARK) or {}),
        }
        changed = [new for key, new in cells.items() if self._cells.get(key) != new]
        gone = [key for key in self._cells if key not in cells]
        self._cells, self._facts = cells, facts
        if changed or gone:
            self._send("cells", {"changed": changed, "gone": gone})
        self._send("facts", facts)

    def _send(self, event: str, content: object) -> None:
        text = json.dumps(content, default=str)
        for queue in list(self._subscribers):
            try:
                queue.put_nowait((event, text))
            except asyncio.QueueFull:
                self._subscribers.discard(queue)
