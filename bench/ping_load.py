"""Callers for bench/ping.py, in a process of their own: each calls again as soon as it is answered.

Raw HTTP/1.1 on asyncio, because a client library would cost more than the server that is measured.
Reads a JSON object from stdin (port, seconds, callers, requests: lists of texts, keeps_alive),
prints one (answers, others, latencies_ms, cpu_seconds).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import cycle
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator


class Caller(asyncio.Protocol):
    """One connection; a request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._answer = b""
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self.ask()

    def ask(self) -> None:
        """The next request, unless the time is over."""
        if time.perf_counter() >= self._load.until:
            self._transport.close()
            return
        self._asked_at = time.perf_counter()
        self._transport.write(next(self._load.requests))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._answer = b""
        self._load.note(head[9:12] == b"200", (time.perf_counter() - self._asked_at) * 1e3)
        if self._load.keeps_alive:
            self.ask()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.ended(self)


class Load:
    """All callers, and what they were answered."""

    def __init__(self, order: dict[str, object]) -> None:
        self.keeps_alive = bool(order["keeps_alive"])
        self.requests: Iterator[bytes] = cycle(
            [text.encode() for text in order["requests"]]  # type: ignore[attr-defined]
        )
        self.until = time.perf_counter() + float(str(order["seconds"]))
        self._port = int(str(order["port"]))
        self._callers = int(str(order["callers"]))
        self.answers = self.others = 0
        self.latencies: list[float] = []
        self._open = 0
        self._is_over = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()

    def note(self, is_ok: bool, milliseconds: float) -> None:
        """One answer."""
        self.answers += is_ok
        self.others += not is_ok
        self.latencies.append(milliseconds)

    def ended(self, _caller: Caller) -> None:
        """A connection is over; another follows while there is time."""
        if time.perf_counter() < self.until:
            self._connect()
            return
        self._open -= 1
        if self._open == 0:
            self._is_over.set()

    def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(
            loop.create_connection(lambda: Caller(self), "127.0.0.1", self._port)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> dict[str, object]:
        """Call until the time is over."""
        self._open = self._callers
        for _ in range(self._callers):
            self._connect()
        await self._is_over.wait()
        return {
            "answers": self.answers,
            "others": self.others,
            "latencies_ms": self.latencies,
            "cpu_seconds": time.process_time(),
        }


async def main() -> None:
    """Do what stdin says."""
    print(json.dumps(await Load(json.loads(sys.stdin.read())).run()))


if __name__ == "__main__":
    uvloop.run(main())
