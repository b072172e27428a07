"""The bridge as a whole: its tasks, their order at the start and at the end.

At the end: claim nothing more, finish or hand back what is in hand, stop the agents that are to
stop, say goodbye, close. After an unexpected error the agents are left running; the next bridge
adopts them.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import signal
from collections.abc import Iterator, Mapping

import psycopg

from hha.attachment import Attachment
from hha.bridge.channels import Channel
from hha.bridge.config import BridgeConfig
from hha.bridge.database import HealthDatabase
from hha.bridge.delivery import DeliveryWork
from hha.bridge.executors import Executor, ExecutorContext
from hha.bridge.exit_reports import ExitReports
from hha.bridge.heartbeat import Heartbeat
from hha.bridge.items import Delivery, RecoveryAction
from hha.bridge.listener import listen
from hha.bridge.pace import Counters, Stop
from hha.bridge.recovery import RecoveryWork
from hha.bridge.rules import RuleRunner
from hha.bridge.starts import Starts
from hha.bridge.ticker import Ticker, keep_house, keep_models
from hha.bridge.traces import open_traces
from hha.bridge.worker import ItemT, Work, Worker
from hha.errors import ConfigurationError, NotAllowed, SchemaMissing, from_psycopg
from hha.supervision import Supervisor

logger = logging.getLogger(__name__)


class Bridge:
    """One bridge; `run` lasts until `request_stop`."""

    def __init__(
        self, config: BridgeConfig, dsn: str, supervisor: Supervisor | None = None
    ) -> None:
        self._config = config
        self._supervisor = supervisor or Supervisor()
        self._stop = Stop()
        self._counters = Counters()
        self._database = HealthDatabase(dsn, config.worker)
        self._attachment = Attachment(dsn, config.worker)
        self._heartbeat = Heartbeat(self._database, self._counters, config.agents)
        self._traces = open_traces(config.worker)
        self._ticker = Ticker(
            self._database, self._stop, self._stop.bell(), self._counters, self._traces
        )
        self._exits = ExitReports(self._database, self._counters, lambda: self._ticker.wake(0))
        self._channels: Mapping[str, Channel] = {
            name: factory.build() for name, factory in config.channels.items()
        }
        context = ExecutorContext(
            state_directory=config.state_directory,
            withheld_variables=config.secret_variables,
            on_exit=self._exits.add,
        )
        self._executors: Mapping[str, Executor] = {
            agent_id: factory.build(agent_id, context)
            for agent_id, factory in config.agents.items()
        }

    def request_stop(self) -> None:
        """End cleanly, soon. May be called more than once."""
        if not self._stop.requested:
            logger.info("stopping", extra={"action": "stop"})
            self._supervisor.stopping()
        self._stop.request()

    async def run(self) -> None:
        """Serve until asked to stop.

        Raises ConfigurationError when another bridge of this name runs on the state directory,
        SchemaMissing or NotAllowed when the database is not fit for a bridge. A database that
        cannot be reached is waited for.
        """
        with _only_one(self._config):
            try:
                await self._database.open()
                await self._check_database()
                await self._serve()
            finally:
                for executor in self._executors.values():
                    executor.abandon()
                for channel in self._channels.values():
                    await channel.close()
                await self._database.close()
                await self._traces.close()

    async def _check_database(self) -> None:
        try:
            async with await self._database.connect() as connection:
                await connection.execute("SELECT FROM health.engine_health")
        except psycopg.Error as reason:
            error = from_psycopg(reason)
            if isinstance(error, SchemaMissing | NotAllowed):
                raise error from reason
            logger.warning("waiting for the database: %s", error, extra={"action": "start"})
        except TimeoutError:
            logger.warning("waiting for the database", extra={"action": "start"})

    async def _serve(self) -> None:
        recovery = self._worker(
            RecoveryWork(self._database, self._executors, self._counters),
            self._config.recovery_limit,
        )
        delivery = self._worker(
            DeliveryWork(self._database, self._channels, self._counters),
            self._config.delivery_limit,
        )
        starts = Starts(
            self._database,
            self._executors,
            self._stop,
            self._counters,
            poll_seconds=self._config.poll_seconds,
        )
        await starts.begin()
        async with asyncio.TaskGroup() as background:
            lasting = [
                background.create_task(self._heartbeat.run(), name="heartbeat"),
                background.create_task(self._supervisor.keep_alive(), name="watchdog"),
                background.create_task(self._attach(), name="attachment"),
                background.create_task(self._exits.run(), name="exit reports"),
            ]
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._listen(recovery, delivery), name="listener")
                loops.create_task(self._ticker.run(), name="ticker")
                loops.create_task(
                    keep_house(self._database, self._stop, self._counters), name="housekeeper"
                )
                loops.create_task(
                    keep_models(self._database, self._stop, self._counters), name="retraining"
                )
                if (rules_dsn := self._config.rules_dsn) is not None:
                    rules = RuleRunner(
                        self._database, rules_dsn, self._config.worker, self._stop, self._counters
                    )
                    loops.create_task(rules.run(), name="rules")
                loops.create_task(starts.run(), name="starts")
                loops.create_task(recovery.run(), name="recovery")
                loops.create_task(delivery.run(), name="delivery")
                self._supervisor.ready()
            await asyncio.gather(
                *(
                    executor.close(stop_agents=self._config.stop_agents_on_exit)
                    for executor in self._executors.values()
                )
            )
            lasting[0].cancel()
            await self._heartbeat.say_goodbye()  # before the attached session ends
            for task in lasting:
                task.cancel()
        logger.info("stopped", extra={"action": "stop"})

    def _worker(self, work: Work[ItemT], limit: int) -> Worker[ItemT]:
        return Worker(
            work,
            self._database,
            self._stop,
            self._counters,
            limit=limit,
            poll_seconds=self._config.poll_seconds,
            stop_grace_seconds=self._config.stop_grace_seconds,
            traces=self._traces,
        )

    async def _listen(self, *workers: Worker[RecoveryAction] | Worker[Delivery]) -> None:
        def wake_all(notifying_pid: int) -> None:
            self._ticker.wake(notifying_pid)
            for worker in workers:
                worker.wake()

        await listen(self._database, self._stop, self._counters, wake_all)

    async def _attach(self) -> None:
        await self._heartbeat.is_known.wait()
        await self._attachment.hold()


async def run_bridge(config: BridgeConfig, dsn: str) -> None:
    """Run a bridge until SIGTERM, SIGINT or SIGHUP."""
    bridge = Bridge(config, dsn, Supervisor.from_environment())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, bridge.request_stop)
    await bridge.run()


@contextlib.contextmanager
def _only_one(config: BridgeConfig) -> Iterator[None]:
    """Hold the name of this bridge on its state directory."""
    digest = hashlib.sha256(config.name.encode()).hexdigest()[:12]
    path = config.state_directory / f"bridge-{digest}.lock"
    try:
        config.state_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = path.open("w")
    except OSError as reason:
        raise ConfigurationError(
            f"the state directory cannot be used: {reason}",
            hint="Set bridge.state_directory to a folder this user may write to.",
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"a bridge named {config.name!r} runs on {config.state_directory} already",
                hint="Stop it first, or give this one another --name.",
            ) from None
        yield
