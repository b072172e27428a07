"""What an agent written in Python derives from: `BaseAgent`. A whole agent:

    from hha import BaseAgent

    class InvoiceSender(BaseAgent):
        async def do_work(self) -> int:
            return await send_due_invoices()  # how many work items that were

    if __name__ == "__main__":
        InvoiceSender.run_forever(agent_id="invoice-sender", interval=5)

Lifecycle: initializing → active → running → stopped, with 'error' in between when self-recovery
has failed three times. Heartbeats go out on a task of their own, so that long work does not
silence them; only a blocked event loop does, and should. Without a database the agent works on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from hha.agent_cli import run_from_command_line
from hha.agent_reports import AgentReports
from hha.attachment import Attachment
from hha.shared_state import SharedState

SHORTEST_HEARTBEAT_SECONDS = 0.1  # what the database accepts as an expected interval
GOODBYE_SECONDS = 1.0  # a supervisor's patience is short


class BaseAgent(AgentReports):
    """An agent: override `do_work`, and whatever else should differ.

    `shared_state` None: run without a database. `interval`: seconds from one start of do_work
    to the next. `heartbeat_interval`: seconds between heartbeats. `memory_limit_mb`: what the
    agent may use, reported beside what it uses. `error_wait`: seconds in state 'error' before
    work is tried again. `stop_grace`: seconds that running work gets to end on a stop.
    """

    max_self_recoveries: ClassVar[int] = 3

    def __init__(
        self,
        agent_id: str,
        shared_state: SharedState | None = None,
        *,
        interval: float = 60.0,
        heartbeat_interval: float = 30.0,
        memory_limit_mb: float | None = None,
        error_wait: float = 30.0,
        stop_grace: float = 5.0,
    ) -> None:
        super().__init__(agent_id, shared_state, memory_limit_mb=memory_limit_mb)
        if not interval > 0:
            raise ValueError(f"interval is {interval}: give a number of seconds above 0")
        if not heartbeat_interval >= SHORTEST_HEARTBEAT_SECONDS:
            raise ValueError(
                f"heartbeat_interval is {heartbeat_interval}: give at least "
                f"{SHORTEST_HEARTBEAT_SECONDS} seconds"
            )
        self.interval = interval
        self.heartbeat_interval = heartbeat_interval
        self.error_wait = error_wait
        self.stop_grace = stop_grace
        self.consecutive_error_count = 0
        self._stop_requested = asyncio.Event()
        self._metrics_logged_at = float("-inf")

    # To override.

    async def do_work(self) -> int | None:
        """One round of work; returns how many work items were done (None counts as one).

        Blocking calls belong in `asyncio.to_thread`. What it raises goes to `handle_error`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what to do: write do_work")

    async def initialize_agent(self) -> None:
        """Open what the work needs. Called at the start and by each self-recovery."""

    # Lifecycle.

    async def startup(self) -> None:
        """Register, initialize, become 'active'; `run` goes on with `main_loop`."""
        await self.register(self.heartbeat_interval)
        await self.set_state("initializing")
        await self.initialize_agent()
        await self.set_state("active")
        self.logger.info("started", extra=self._about("start", run_id=self.run_id))

    async def main_loop(self) -> None:
        """Work every `interval` seconds until a stop is requested."""
        await self.set_state("running")
        while not self.is_stopping:
            started_at = time.perf_counter()
            try:
                items = await self.do_work()
            except Exception as error:  # noqa: BLE001 (whatever the agent's own code raises)
                await self.handle_error(error)
                await self.pause(min(self.interval, 0.2))  # however quick handle_error is
                continue
            await self._note_success(items, time.perf_counter() - started_at)
            await self.pause(self.interval - (time.perf_counter() - started_at))

    async def run(self) -> None:
        """The whole life, from startup to 'stopped'; raises what startup or main_loop raises."""
        failure: Exception | None = None
        async with asyncio.TaskGroup() as companions:
            beats = companions.create_task(self._send_heartbeats(), name="heartbeats")
            attachment = companions.create_task(self._hold_attachment(), name="attachment")
            try:
                await self._live()
            except Exception as error:
                failure = error
                self.logger.exception("agent failed", extra=self._about("failed"))
            beats.cancel()
            await self._say_goodbye("failed" if failure else "stopped")
            attachment.cancel()  # only now: goodbye comes before the session ends
        if failure:
            raise failure

    async def shutdown(self) -> None:
        """Release what initialize_agent opened; called once after the last work."""

    async def stop(self) -> None:
        """Ask the agent to stop; `run` returns when it has."""
        self._stop_requested.set()

    @property
    def is_stopping(self) -> bool:
        """Whether a stop was requested."""
        return self._stop_requested.is_set()

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake at once on a stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop_requested.wait(), max(seconds, 0.0))

    async def _live(self) -> None:
        life = asyncio.create_task(self._start_and_work(), name="work")
        stop = asyncio.create_task(self._stop_requested.wait(), name="stop")
        try:
            await asyncio.wait({life, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                await self._say_briefly("stopping")
                await asyncio.wait({life}, timeout=self.stop_grace)
        finally:
            stop.cancel()
            life.cancel()
            await asyncio.wait({life}, timeout=GOODBYE_SECONDS)
            if not life.done() and self.shared_state is not None:
                self.shared_state.abandon()
            await asyncio.wait({life})
        if not life.cancelled():
            life.result()

    async def _start_and_work(self) -> None:
        await self.startup()
        if not self.is_stopping:  # an agent's own startup may have run main_loop to its end
            await self.main_loop()

    async def _say_goodbye(self, state: str) -> None:
        try:
            await self.shutdown()
        except Exception:
            self.logger.exception("shutdown failed", extra=self._about("shutdown_failed"))
        await self._say_briefly(state)
        self.logger.info(state, extra=self._about(state))

    async def _say_briefly(self, state: str) -> None:
        """Say a state, but do not wait for a database that does not answer."""
        loop = asyncio.get_running_loop()
        shared_state = self.shared_state
        bell = loop.call_later(GOODBYE_SECONDS, shared_state.abandon) if shared_state else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5 * GOODBYE_SECONDS):
                await self.set_state(state)
        if bell is not None:
            bell.cancel()

    async def _send_heartbeats(self) -> None:
        if self.shared_state is None:
            return
        clock = asyncio.get_running_loop().time
        next_at = clock()
        while True:
            is_stored = await self.send_heartbeat()
            wait = self.heartbeat_interval if is_stored else min(self.heartbeat_interval, 1.0)
            next_at = max(next_at + wait, clock())
            await asyncio.sleep(next_at - clock())

    async def _hold_attachment(self) -> None:
        if self.shared_state is not None:
            await self.shared_state.wait_registered(self.agent_id)
            await Attachment(self.shared_state.conninfo, self.agent_id).hold()

    # As a process.

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add options of one's own; they are passed to __init__ by name."""

    def install_signal_handlers(self, loop: asyncio.AbstractEventLoop) -> None:
        """SIGTERM and SIGINT ask for a stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_requested.set)

    @classmethod
    def run_forever(cls, argv: Sequence[str] | None = None, **defaults: Any) -> None:
        """Run one agent as this process until SIGTERM; options of the command line win.

        `defaults` are arguments of __init__. Exits 0 after a clean stop, 1 when it failed.
        """
        sys.exit(run_from_command_line(cls, argv, defaults))

    # Errors.

    async def handle_error(self, error: Exception) -> None:
        """Count and report an error; recover up to three times in a row, else state 'error'.

        In state 'error' heartbeats go on, and work is tried again after `error_wait` seconds.
        """
        self.error_count += 1
        self.consecutive_error_count += 1
        self.logger.error("%s: %s", type(error).__name__, error, extra=self._about("error"))
        await self.report_error(error)
        if self.consecutive_error_count <= self.max_self_recoveries:
            await self.attempt_self_recovery(error)
            return
        if self.state != "error":
            await self.set_state("error")
            await self.send_heartbeat()
        await self.pause(self.error_wait)

    async def attempt_self_recovery(self, error: Exception) -> bool:
        """Wait a little longer each time, then initialize again; whether that worked."""
        await self.pause(min(self.interval, 0.1 * 2**self.consecutive_error_count))
        try:
            await self.initialize_agent()
        except Exception as second_error:  # noqa: BLE001 (whatever the agent's own code raises)
            self.logger.warning(
                "self-recovery failed: %s", second_error, extra=self._about("recovery_failed")
            )
            return False
        return True

    async def _note_success(self, items: int | None, seconds: float) -> None:
        self.note_work(1 if items is None else items, seconds)
        self.consecutive_error_count = 0
        if self.state == "error":
            await self.set_state("running")
        if time.monotonic() - self._metrics_logged_at >= self.heartbeat_interval:
            self._metrics_logged_at = time.monotonic()
            await self.log_performance_metrics()
