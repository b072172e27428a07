"""What is remembered on disk about a supervised process, so that no bridge starts a second copy.

A process is recognised by pid and start time, or, should the host's clock have been set, by a token
that the process and its children carry in their environment. The token also finds a process whose
bridge was killed between starting it and writing its pid down.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

TOKEN_VARIABLE = "HHA_PROCESS_TOKEN"  # noqa: S105 - a name, and no secret stands behind it
_START_TIME_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """pid 0: about to be started. `is_stopping`: its end is intended. `request`: who asked."""

    agent_id: str
    token: str
    fingerprint: str
    pid: int = 0
    create_time: float = 0.0
    is_stopping: bool = False
    request: str = ""


class RecordFile:
    """The record of one agent (or command) below the state directory, with a lock of its own."""

    def __init__(self, state_directory: Path, agent_id: str) -> None:
        readable = re.sub(r"[^A-Za-z0-9_-]", "_", agent_id)[:60]
        digest = hashlib.sha256(agent_id.encode()).hexdigest()[:12]
        self.stem = f"{readable}-{digest}"
        self.name = agent_id
        self._directory = state_directory / "processes"
        self._path = self._directory / f"{self.stem}.json"

    def read(self) -> ProcessRecord | None:
        """The record, or None when there is none or it is damaged."""
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
            record = ProcessRecord(**values)
        except (OSError, ValueError, TypeError):
            return None
        return record if record.agent_id == self.name else None

    def write(self, record: ProcessRecord) -> None:
        """Replace the record in one step; a reader never sees half of it."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
        draft.replace(self._path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Hold the agent's lock against other bridges of this host that share the directory."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._directory / f"{self.stem}.lock").open("w") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(0.02)
            yield


def find_main(record: ProcessRecord) -> psutil.Process | None:
    """The process of a record if it runs; a zombie does not."""
    if record.pid:
        process = _alive(record.pid)
        if process is not None and _is_of(process, record):
            return process
        return None
    carriers = [process for process in psutil.process_iter() if _carries(process, record.token)]
    carriers = [process for process in carriers if _alive(process.pid)]
    return min(carriers, key=lambda process: process.create_time(), default=None)


def find_family(record: ProcessRecord) -> list[psutil.Process]:
    """Every live process that belongs to a record: itself, its group, and whoever has its token."""
    family: dict[int, psutil.Process] = {}
    # While a group has members the system gives its number to no new process. So the group is
    # ours as long as no stranger runs under that pid.
    is_group_ours = bool(record.pid) and (find_main(record) is not None or not _alive(record.pid))
    oldest = record.create_time - _START_TIME_TOLERANCE_SECONDS
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            is_of_group = (
                is_group_ours
                and os.getpgid(process.pid) == record.pid
                and process.create_time() >= oldest
            )
            if not (is_of_group or _carries(process, record.token)):
                continue
            if process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
                family[process.pid] = process
    return list(family.values())


def _alive(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.Error:
        return None


def _is_of(process: psutil.Process, record: ProcessRecord) -> bool:
    try:
        drift = abs(process.create_time() - record.create_time)
    except psutil.Error:
        return False
    return drift <= _START_TIME_TOLERANCE_SECONDS or _carries(process, record.token)


def _carries(process: psutil.Process, token: str) -> bool:
    try:
        return process.environ().get(TOKEN_VARIABLE) == token
    except (psutil.Error, OSError):
        return False
