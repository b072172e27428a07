"""Starts and stops the processes of a stack: server, bridge, page, gateway.

Each is a child in a session of its own, so that Ctrl-C reaches only the command itself, which then
ends everything in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from hha import embedded
from hha.bridge.executors.record import RecordFile, find_family
from hha.child import PARENT_VARIABLE
from hha.dashboard import settings as dashboard_settings
from hha.errors import HhaError
from hha.gateway import settings as gateway_settings
from hha.stack.agents import AgentSpec
from hha.stack.folder import Folder, Ownership

logger = logging.getLogger(__name__)

STOP_SECONDS = 30.0


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


@contextlib.asynccontextmanager
async def bridge_process(
    folder: Folder, dsn: str, agents: Sequence[AgentSpec]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``hha bridge`` with the folder's configuration; end it and its agents afterwards."""
    options = ("--config", str(folder.config))
    try:
        async with _child(folder, "bridge", options, {"HHA_DSN": dsn}) as process:
            yield process
    finally:
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
    async with _child(folder, "dashboard", ("--port", str(port), *options), variables):
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
    async with _child(folder, "gateway", ("--port", str(port)), variables):
        yield f"http://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def _child(
    folder: Folder, name: str, options: Sequence[str], variables: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``hha NAME`` with its options, which logs into the folder; end it afterwards."""
    with (folder.path / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hha.child", name, *options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **variables, PARENT_VARIABLE: str(os.getpid())},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _stop(process, name)


def _free_port(usual: int) -> int:
    """The usual port, or any other while that is taken."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    return usual


async def _stop(process: asyncio.subprocess.Process, name: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
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
