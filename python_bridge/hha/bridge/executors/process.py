"""A supervised command per agent: start, restart, reload, adopt, stop, and notice its end.

Each command runs in a session of its own, so that its children end with it. A process that ends is
noticed and reported, never restarted from here: that is the database's decision. Stopping is
SIGTERM (with SIGCONT, for one that hangs stopped), then SIGKILL after `stop_timeout_seconds`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    ExecutorContext,
    ExecutorResult,
    failed,
    refused,
)
from hha.bridge.executors.exit_watch import ExitWatches, ends_early
from hha.bridge.executors.launching import start_recorded
from hha.bridge.executors.record import ProcessRecord, RecordFile, find_main
from hha.bridge.executors.signals import parse_reload_signal
from hha.bridge.executors.stopping import StopError, end_family
from hha.bridge.section import Section

logger = logging.getLogger(__name__)

# Within this time the same request is the one already carried out; later its number may have come
# from another database.
_SAME_REQUEST_SECONDS = 120.0


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
    reload_signal: signal.Signals = signal.SIGHUP
    secret_variables: frozenset[str] = frozenset()
    pass_environment: tuple[str, ...] = ()

    def build(self, agent_id: str, context: ExecutorContext) -> ProcessExecutor:
        return ProcessExecutor(agent_id, self, context)

    @property
    def fingerprint(self) -> str:
        """Changes when another command would be run: such a process is replaced, not adopted."""
        passed = sorted(self.pass_environment)
        parts = [self.command, str(self.cwd), sorted(self.env.items()), passed]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def parse(section: Section) -> ProcessConfig:
    """Read the keys of an agent whose executor is 'process'."""
    return ProcessConfig(
        command=section.texts("command"),
        cwd=section.folder_path("cwd"),
        env=section.text_table("env"),
        stop_timeout_seconds=section.number("stop_timeout_seconds", 10, least=0, most=600),
        autostart=section.flag("autostart", True),
        report_exit=section.flag("report_exit", True),
        log_file=section.file_path("log_file") if section.has("log_file") else None,
        reload_signal=parse_reload_signal(section),
        pass_environment=section.variables("pass_environment"),
    )


class ProcessExecutor:
    """The process of one agent. The record on disk, not this object, says what is running."""

    def __init__(self, agent_id: str, config: ProcessConfig, context: ExecutorContext) -> None:
        self.agent_id = agent_id
        self._config = config
        self._context = context
        self._file = RecordFile(context.state_directory, agent_id)
        on_exit = context.on_exit if config.report_exit else lambda _exit: None
        self._watches = ExitWatches(agent_id, self._file, on_exit)

    async def open(self, *, may_start: bool = True) -> bool:
        try:
            async with self._file.lock():
                return await self._adopt_or_start(may_start)
        except (OSError, StopError) as reason:
            logger.error(  # noqa: TRY400 - a wrong path needs no traceback
                "agent could not be started: %s",
                reason,
                extra={"action": "start", "agent_id": self.agent_id},
            )
            return False

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action not in ("restart_agent", "reload"):
            return refused(action)
        try:
            async with self._file.lock():
                if action == "reload":
                    return await self._reload()
                return await self._restart(request)
        except (OSError, StopError) as reason:
            return failed(str(reason))

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
        self._watches.cancel()

    async def _restart(self, request: str) -> ExecutorResult:
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
        exit_code = await _early_exit(process)
        if exit_code is not None:
            return failed(f"the command ended at once with exit code {exit_code}", **details)
        return ExecutorResult("succeeded", details)

    async def _reload(self) -> ExecutorResult:
        record = self._file.read()
        main = find_main(record) if record else None
        if main is None:
            return failed("it is not running")
        number = self._config.reload_signal
        try:
            main.send_signal(number)
        except psutil.Error as reason:
            return failed(f"{number.name} could not be sent: {type(reason).__name__}")
        if await ends_early(main):
            return failed(f"the process ended on {number.name}", pid=main.pid)
        return ExecutorResult("succeeded", {"pid": main.pid, "signal": number.name})

    async def _adopt_or_start(self, may_start: bool) -> bool:
        record = self._file.read()
        main = find_main(record) if record else None
        if record and main and not record.is_stopping:
            if record.fingerprint == self._config.fingerprint or not self._config.autostart:
                record = dataclasses.replace(record, pid=main.pid, create_time=main.create_time())
                self._file.write(record)
                self._watches.add(record, main, None)
                self._log("adopted the running process", "adopt", main.pid)
                return False
            self._log("command has changed, replacing the process", "replace", main.pid)
            may_start = True
        if not self._config.autostart:
            return False
        if not may_start:
            return True
        await self._stop()
        process = self._start()
        exit_code = await _early_exit(process)
        if exit_code is not None:
            logger.error(
                "the command ended at once with exit code %s",
                exit_code,
                extra={"action": "start", "agent_id": self.agent_id},
            )
        return False

    def _start(self, request: str = "") -> subprocess.Popen[bytes]:
        record, child = start_recorded(self._file, self._config, self._context, request)
        self._watches.add(record, psutil.Process(child.pid), child)
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

    def _log(self, message: str, action: str, pid: int) -> None:
        logger.info(message, extra={"action": action, "agent_id": self.agent_id, "pid": pid})


async def _early_exit(child: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a command that does not survive its first moment, else None."""
    with contextlib.suppress(psutil.NoSuchProcess):
        await ends_early(psutil.Process(child.pid))
    return child.poll()


def _has_done(record: ProcessRecord, request: str) -> bool:
    """Whether the running process was started for this very request, by a bridge since killed."""
    is_same = bool(request) and record.request == request and not record.is_stopping
    main = find_main(record) if is_same else None
    return main is not None and time.time() - main.create_time() < _SAME_REQUEST_SECONDS
