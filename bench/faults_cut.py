"""A network that can be cut: TCP proxies of bench/faults.py, one per agent.

While a line is cut nothing passes, neither data nor ends of connections; afterwards all of it
does, as TCP retransmits it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Network:
    """A thread that carries bytes between agents and the server at `port`."""

    port: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _open: dict[str, asyncio.Event] = field(default_factory=dict)

    def listen(self, agent_id: str) -> int:
        """A port of 127.0.0.1 for an agent."""
        return asyncio.run_coroutine_threadsafe(self._listen(agent_id), self.loop).result()

    def cut(self, agent_id: str) -> None:
        """Let nothing pass from now on."""
        self.loop.call_soon_threadsafe(self._open[agent_id].clear)

    def mend(self, agent_id: str) -> None:
        """Let pass what waits, and what comes."""
        self.loop.call_soon_threadsafe(self._open[agent_id].set)

    async def _listen(self, agent_id: str) -> int:
        self._open[agent_id] = is_open = asyncio.Event()
        is_open.set()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await is_open.wait()
            try:
                upstream = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                writer.close()
                return
            # Cancelled at the end of the bench, which asyncio would print as an error.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(
                    _pump(reader, upstream[1], is_open), _pump(upstream[0], writer, is_open)
                )

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            await is_open.wait()
            writer.write(data)
            await writer.drain()
    await is_open.wait()
    writer.close()


@contextlib.contextmanager
def network(port: int) -> Iterator[Network]:
    """The thread, until the end of the bench."""
    result = Network(port)
    threading.Thread(target=result.loop.run_forever, daemon=True).start()
    try:
        yield result
    finally:
        for is_open in result._open.values():
            result.loop.call_soon_threadsafe(is_open.set)
        asyncio.run_coroutine_threadsafe(_end_tasks(), result.loop).result(10)
        result.loop.call_soon_threadsafe(result.loop.stop)


async def _end_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
