"""A supervised command per agent: start, restart, adopt, stop, and notice its end.

Each command runs in a session of its own, so that its children end with it. A process that ends is
noticed and reported, never restarted from here: that is the database's decision. Stopping is
SIGTERM (with SIGCONT, for one that hangs stopped), then SIGKILL after `stop_timeout_seconds`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from hha.bridge.executors.contract import ExecutorContext, ExecutorResult, ProcessExit
from hha.bridge.executors.exit_watch import wait_for_exit
from hha.bridge.executors.record import (
    TOKEN_VARIABLE,
    ProcessRecord,
    RecordFile,
    find_main,
)
from hha.bridge.executors.stopping import StopError, end_family
from hha.bridge.section import Section

logger = logging.getLogger(__name__)

_EARLY_EXIT_SECONDS = 0.2
# Within this time the same request is the one already carried out; later its number may have come
# from another database.
_SAME_REQUEST_SECONDS = 120.0
_LOG_ROTATE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class ProcessConfig:
    """One agent's command. `log_file` None: a file named after the agent in the state directory."""

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stop_timeout_seconds: float
    autostart: bool
    report_exit: bool
    log_file: Path | None

    def build(self, agent_id: str, context: ExecutorContext) -> ProcessExecutor:
        return ProcessExecutor(agent_id, self, context)

    @property
    def fingerprint(self) -> str:
        """Changes when another command would be run: such a process is replaced, not adopted."""
        parts = [self.command, str(self.cwd), sorted(self.env.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def parse(section: Section) -> ProcessConfig:
    """Read the keys of an agent whose executor is 'process'."""
    cwd = section.file_path("cwd", section.folder)
    if not cwd.is_dir():
        raise section.error("cwd", f"{cwd} is not a folder")
    return ProcessConfig(
        command=section.texts("command"),
        cwd=cwd,
        env=section.text_table("env"),
        stop_timeout_seconds=section.number("stop_timeout_seconds", 10, least=0, most=600),
        autostart=section.flag("autostart", True),
        report_exit=section.flag("report_exit", True),
        log_file=section.file_path("log_file") if section.has("log_file") else None,
    )


class ProcessExecutor:
    """The process of one agent. The record on disk, not this object, says what is running."""

    def __init__(self, agent_id: str, config: ProcessConfig, context: ExecutorContext) -> None:
        self.agent_id = agent_id
        self._config = config
        self._context = context
        self._file = RecordFile(context.state_directory, agent_id)
        self._watches: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        try:
            async with self._file.lock():
                await self._adopt_or_start()
        except (OSError, StopError) as reason:
            logger.error(  # noqa: TRY400 - a wrong path needs no traceback
                "agent could not be started: %s",
                reason,
                extra={"action": "start", "agent_id": self.agent_id},
            )

    async def execute(self, action: str, request: str = "") -> ExecutorResult:
        if action != "restart_agent":
            return ExecutorResult("refused", {"reason": f"no way to do {action!r} is configured"})
        try:
            async with self._file.lock():
                began = time.monotonic()
                previous = self._file.read()
                if previous and _has_done(previous, request):
                    return ExecutorResult("succeeded", {"was_done": True, "pid": previous.pid})
                how = await self._stop()
                process = self._start(request)
                details: dict[str, object] = {
                    "stopped": how,
                    "pid": process.pid,
                    "previous_pid": previous.pid if previous else None,
                    "duration_ms": round((time.monotonic() - began) * 1000),
                }
                exit_code = await self._early_exit(process)
        except (OSError, StopError) as reason:
            return ExecutorResult("failed", {"reason": str(reason)})
        if exit_code is not None:
            details["reason"] = f"the command ended at once with exit code {exit_code}"
            return ExecutorResult("failed", details)
        return ExecutorResult("succeeded", details)

    async def close(self, *, stop_agents: bool | None) -> None:
        is_wanted = self._config.autostart if stop_agents is None else stop_agents
        if is_wanted and self._file.read() is not None:
            try:
                async with self._file.lock():
                    how = await self._stop()
            except (OSError, StopError) as reason:
                how = f"not stopped: {reason}"
            logger.info(
                "agent stopped with the bridge",
                extra={"action": "stop", "agent_id": self.agent_id, "how": how},
            )
        self.abandon()

    def abandon(self) -> None:
        for watch in self._watches:
            watch.cancel()

    async def _adopt_or_start(self) -> None:
        record = self._file.read()
        main = find_main(record) if record else None
        if record and main and not record.is_stopping:
            if record.fingerprint == self._config.fingerprint or not self._config.autostart:
                record = dataclasses.replace(record, pid=main.pid, create_time=main.create_time())
                self._file.write(record)
                self._watch_over(record, main, None)
                self._log("adopted the running process", "adopt", main.pid)
                return
            self._log("command has changed, replacing the process", "replace", main.pid)
        if self._config.autostart:
            await self._stop()
            process = self._start()
            exit_code = await self._early_exit(process)
            if exit_code is not None:
                logger.error(
                    "the command ended at once with exit code %s",
                    exit_code,
                    extra={"action": "start", "agent_id": self.agent_id},
                )

    def _start(self, request: str = "") -> subprocess.Popen[bytes]:
        """Start the command. No await between intent, start and record: it cannot be torn apart."""
        record = ProcessRecord(
            agent_id=self.agent_id,
            token=uuid.uuid4().hex,
            fingerprint=self._config.fingerprint,
            request=request,
        )
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in self._context.withheld_variables
        }
        environment |= {"HHA_AGENT_ID": self.agent_id, **self._config.env}
        environment[TOKEN_VARIABLE] = record.token
        self._file.write(record)
        try:
            with self._open_log() as log:
                child = subprocess.Popen(
                    self._config.command,
                    cwd=self._config.cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError:
            self._file.remove()
            raise
        process = psutil.Process(child.pid)
        record = dataclasses.replace(record, pid=child.pid, create_time=process.create_time())
        self._file.write(record)
        self._watch_over(record, process, child)
        self._log("started", "start", child.pid)
        return child

    async def _stop(self) -> str:
        """End the recorded process and all its children; say how. Raises StopError."""
        record = self._file.read()
        if record is None:
            return "was not running"
        self._file.write(dataclasses.replace(record, is_stopping=True))
        how = await end_family(record, timeout_seconds=self._config.stop_timeout_seconds)
        self._file.remove()
        return how

    def _watch_over(
        self,
        record: ProcessRecord,
        process: psutil.Process,
        child: subprocess.Popen[bytes] | None,
    ) -> None:
        watch = asyncio.get_running_loop().create_task(
            self._await_exit(record, process, child), name=f"watch {self.agent_id}"
        )
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _await_exit(
        self,
        record: ProcessRecord,
        process: psutil.Process,
        child: subprocess.Popen[bytes] | None,
    ) -> None:
        await wait_for_exit(process)
        exit_code = child.wait() if child else None
        now = self._file.read()
        is_expected = now is None or now.token != record.token or now.is_stopping
        logger.log(
            logging.INFO if is_expected else logging.WARNING,
            "process ended",
            extra={
                "action": "exit",
                "agent_id": self.agent_id,
                "pid": record.pid,
                "exit_code": exit_code,
                "is_expected": is_expected,
            },
        )
        if not is_expected and self._config.report_exit:
            self._context.on_exit(ProcessExit(self.agent_id, record.pid, exit_code))

    async def _early_exit(self, child: subprocess.Popen[bytes]) -> int | None:
        """The exit code of a command that does not survive its first moment, else None."""
        with contextlib.suppress(TimeoutError, psutil.NoSuchProcess):
            async with asyncio.timeout(_EARLY_EXIT_SECONDS):
                await wait_for_exit(psutil.Process(child.pid))
        return child.poll()

    def _open_log(self) -> BinaryIO:
        path = self._config.log_file
        if path is None:
            path = self._context.state_directory / "logs" / f"{self._file.stem}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_ROTATE_BYTES:
            path.replace(path.with_name(path.name + ".1"))
        return path.open("ab")

    def _log(self, message: str, action: str, pid: int) -> None:
        logger.info(message, extra={"action": action, "agent_id": self.agent_id, "pid": pid})


def _has_done(record: ProcessRecord, request: str) -> bool:
    """Whether the running process was started for this very request, by a bridge since killed."""
    is_same = bool(request) and record.request == request and not record.is_stopping
    main = find_main(record) if is_same else None
    return main is not None and time.time() - main.create_time() < _SAME_REQUEST_SECONDS
