"""Starts and stops what ``hha up`` and ``hha demo`` need: server, schema, bridge, agents.

Nothing is stopped that was not started here. The bridge is a child process in a session of its
own, so that Ctrl-C reaches only the command itself, which then ends everything in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hha import embedded
from hha.bridge.executors.record import RecordFile, find_family, find_main
from hha.child import PARENT_VARIABLE
from hha.connection import resolve_target
from hha.dashboard import settings as dashboard_settings
from hha.errors import ConfigurationError, EmbeddedServerError, HhaError
from hha.gateway import settings as gateway_settings

logger = logging.getLogger(__name__)

BRIDGE_STOP_SECONDS = 30.0
LOG_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A supervised agent: the module to run with ``python -m`` and its options.

    ``environment``: prefixes of variables it is given beside those of the database.
    """

    agent_id: str
    module: str
    options: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command line with this interpreter."""
        return [sys.executable, "-m", self.module, "--agent-id", self.agent_id, *self.options]


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


@contextlib.asynccontextmanager
async def embedded_server(
    home: Path, ownership: Ownership, settings: Mapping[str, str] | None = None
) -> AsyncIterator[embedded.Server]:
    """Start the embedded PostgreSQL of ``home`` or attach; stop it at the end if it is ours."""
    server = await asyncio.to_thread(embedded.start, home, settings=settings)
    is_ours = server.is_started_here or ownership.has_started_server
    ownership.record(is_ours)
    try:
        yield server
    finally:
        if is_ours:
            await asyncio.to_thread(server.stop)


def _named(prefixes: tuple[str, ...]) -> list[str]:
    """Variables of the environment that begin with one of ``prefixes``."""
    return sorted(name for name in os.environ if name.startswith(prefixes)) if prefixes else []


def write_config(
    folder: Folder,
    agents: Sequence[AgentSpec],
    name: str,
    channels: str = "",
    rules_dsn: str | None = None,
) -> None:
    """Write the bridge's configuration. JSON strings and lists of them are valid TOML.

    ``channels`` is TOML for channels beside the console.
    """
    # Its agents beat with the login that `hha up` itself was given.
    login = ["HHA_DSN", *sorted(name for name in os.environ if name.startswith("PG"))]
    lines = [
        "# Written by hha at each start; changes here are lost.",
        "[bridge]",
        f"name = {json.dumps(name)}",
        f"state_directory = {json.dumps(str(folder.state))}",
        *([] if rules_dsn is None else [f"rules_dsn = {json.dumps(rules_dsn)}"]),
        "",
        "[channels.console]",
        'kind = "console"',
    ]
    for agent in agents:
        lines += [
            "",
            f"[agents.{json.dumps(agent.agent_id)}]",
            'executor = "process"',
            f"command = {json.dumps(agent.command())}",
            f"cwd = {json.dumps(str(folder.path))}",
            f"pass_environment = {json.dumps([*login, *_named(agent.environment)])}",
        ]
    folder.config.write_text("\n".join(lines) + f"\n{channels}", encoding="utf-8")
    folder.config.chmod(0o600)


@contextlib.asynccontextmanager
async def bridge_process(
    folder: Folder, dsn: str, agents: Sequence[AgentSpec]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``hha bridge`` with the folder's configuration; end it and its agents afterwards."""
    with folder.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hha.child",
            "bridge",
            "--config",
            str(folder.config),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "HHA_DSN": dsn, PARENT_VARIABLE: str(os.getpid())},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _stop_child(process, "bridge")
        await asyncio.to_thread(_end_leftovers, folder, agents)


@contextlib.asynccontextmanager
async def dashboard_process(
    folder: Folder, dsn: str, sign_in_dsn: str | None = None
) -> AsyncIterator[str]:
    """Run ``hha dashboard`` on this machine only; gives the link that signs its bearer in."""
    token = secrets.token_urlsafe(24)
    port = _free_port(dashboard_settings.DEFAULT_PORT)
    options = () if sign_in_dsn is None else ("--sign-in-dsn", sign_in_dsn)
    variables = {"HHA_DSN": dsn, "HHA_DASHBOARD_TOKEN": token}
    async with _listening_child(folder, "dashboard", port, options, variables):
        yield f"http://127.0.0.1:{port}/sign-in?token={token}"


@contextlib.asynccontextmanager
async def gateway_process(folder: Folder, dsn: str) -> AsyncIterator[str]:
    """Run ``hha gateway`` on this machine only; gives its address.

    The token for posting heartbeats is left in the folder.
    """
    port = _free_port(gateway_settings.DEFAULT_PORT)
    token = secrets.token_urlsafe(24)
    folder.gateway_token.touch(mode=0o600)
    folder.gateway_token.write_text(f"{token}\n", encoding="utf-8")
    variables = {"HHA_DSN": dsn, gateway_settings.TOKEN: token}
    async with _listening_child(folder, "gateway", port, (), variables):
        yield f"http://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def _listening_child(
    folder: Folder, name: str, port: int, options: Sequence[str], variables: Mapping[str, str]
) -> AsyncIterator[None]:
    """Run ``hha NAME --port PORT``, which logs into the folder; end it afterwards."""
    with (folder.path / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hha.child", name, "--port", str(port), *options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **variables, PARENT_VARIABLE: str(os.getpid())},
            start_new_session=True,
        )
    try:
        yield
    finally:
        await _stop_child(process, name)


def _free_port(usual: int) -> int:
    """The usual port, or any other while that is taken."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    return usual


async def _stop_child(process: asyncio.subprocess.Process, name: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(BRIDGE_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        logger.warning("%s does not end, killing it", name, extra={"action": f"kill_{name}"})
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _end_leftovers(folder: Folder, agents: Sequence[AgentSpec]) -> None:
    """Kill agents that outlived their bridge, which happens only if it was killed itself."""
    for agent in agents:
        record = RecordFile(folder.state, agent.agent_id).read()
        if record is None:
            continue
        for process in find_family(record):
            logger.warning(
                "agent outlived its bridge, killing it",
                extra={"action": "kill_agent", "agent_id": agent.agent_id, "pid": process.pid},
            )
            with contextlib.suppress(psutil.Error):
                process.kill()


def bridge_failure(folder: Folder, exit_code: int | None) -> HhaError:
    """The error to raise when the bridge ended by itself."""
    return HhaError(
        f"the bridge ended by itself with exit code {exit_code}; its last lines:\n"
        + folder.log_tail(),
        hint=f"The whole log is {folder.log}.",
    )


@contextlib.contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; further signals do not cut the clean-up short."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
