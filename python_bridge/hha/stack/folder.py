"""The folder of a running stack: its files, and the lock of the command that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from hha.bridge.executors.record import RecordFile, find_main
from hha.connection import resolve_target
from hha.errors import ConfigurationError, EmbeddedServerError

LOG_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one running stack: bridge configuration, records of processes, logs."""

    path: Path

    @property
    def config(self) -> Path:
        """The bridge's TOML file."""
        return self.path / "bridge.toml"

    @property
    def state(self) -> Path:
        """Where the bridge keeps its records of processes."""
        return self.path / "state"

    @property
    def log(self) -> Path:
        """What the bridge wrote, the messages of its console channel included."""
        return self.path / "bridge.log"

    @property
    def gateway_token(self) -> Path:
        """What senders of /api/heartbeats must know; for the owner of the folder only."""
        return self.path / "gateway_token"

    @property
    def owner(self) -> Path:
        """Who holds this folder, and whether that process started the server."""
        return self.path / "owner.json"

    def log_tail(self) -> str:
        """The last lines of the bridge's log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def process(self, agent_id: str) -> psutil.Process | None:
        """The agent's process as the bridge recorded it, None when it does not run."""
        record = RecordFile(self.state, agent_id).read()
        return find_main(record) if record else None


def named_dsn(dsn: str | None) -> str | None:
    """The server that was named by option or environment; None where the embedded one is meant."""
    try:
        target = resolve_target(dsn)
    except EmbeddedServerError:
        return None
    return None if target.origin == "embedded" else target.dsn


def folder_for(home: Path, dsn: str | None) -> Folder:
    """The folder of a stack: one for the embedded server of a home, one per other server."""
    name = "up" if dsn is None else f"up-{hashlib.sha256(dsn.encode()).hexdigest()[:12]}"
    return Folder(home / name)


@dataclass(slots=True)
class Ownership:
    """The lock on a folder, held for as long as the command runs."""

    folder: Folder
    has_started_server: bool

    def record(self, has_started_server: bool) -> None:
        """Note that the server is ours, so that a successor may stop it if we are killed."""
        self.has_started_server = has_started_server
        self.folder.owner.write_text(
            json.dumps({"pid": os.getpid(), "has_started_server": has_started_server}),
            encoding="utf-8",
        )


def _read_owner(folder: Folder) -> dict[str, object]:
    try:
        values = json.loads(folder.owner.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


@contextlib.contextmanager
def owned(folder: Folder) -> Iterator[Ownership]:
    """Hold the folder against other commands. Raises ConfigurationError when another holds it."""
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder.path / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _read_owner(folder).get("pid", "unknown")
            raise ConfigurationError(
                f"hha up is already running here (process {pid}, folder {folder.path})",
                hint="Look at it with `hha status`, or stop it with Ctrl-C and start again.",
            ) from None
        # A predecessor that was killed may have left the server it started running.
        ownership = Ownership(folder, bool(_read_owner(folder).get("has_started_server")))
        ownership.record(ownership.has_started_server)
        try:
            yield ownership
        finally:
            folder.owner.unlink(missing_ok=True)
