"""Starting child processes of the bridge: their environment, their log, their record."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import psutil

from hha.bridge.executors.contract import ExecutorContext
from hha.bridge.executors.record import TOKEN_VARIABLE, ProcessRecord, RecordFile

if TYPE_CHECKING:
    from hha.bridge.executors.process import ProcessConfig

_LOG_ROTATE_BYTES = 10_000_000

# How the bridge itself logs in: libpq's variables and our own.
_WITHHELD_PREFIXES = ("PG", "HHA_")
# What it sends its traces with, credentials among them.
_WITHHELD_HEADERS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")


def child_environment(
    context: ExecutorContext,
    agent_id: str,
    added: Mapping[str, str],
    passed: Collection[str] = (),
) -> dict[str, str]:
    """The bridge's environment without its own login and secrets, and what is added.

    `passed` are variables that a process is to inherit although they look like the bridge's own.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in passed
        or (
            name not in context.withheld_variables
            and name not in _WITHHELD_HEADERS
            and not name.startswith(_WITHHELD_PREFIXES)
        )
    }
    return inherited | {"HHA_AGENT_ID": agent_id, **added}


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to; one of more than 10 MB is put aside as .1 first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_ROTATE_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def start_recorded(
    file: RecordFile, config: ProcessConfig, context: ExecutorContext, request: str
) -> tuple[ProcessRecord, subprocess.Popen[bytes]]:
    """Start an agent's command. Raises OSError when it cannot be started.

    No await between intent, start and record: it cannot be torn apart.
    """
    record = ProcessRecord(file.name, uuid.uuid4().hex, config.fingerprint, request=request)
    environment = child_environment(context, file.name, config.env, config.pass_environment)
    environment[TOKEN_VARIABLE] = record.token
    file.write(record)
    try:
        with open_log(
            config.log_file or context.state_directory / "logs" / f"{file.stem}.log"
        ) as log:
            child = subprocess.Popen(
                config.command,
                cwd=config.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError:
        file.remove()
        raise
    began = psutil.Process(child.pid).create_time()
    record = dataclasses.replace(record, pid=child.pid, create_time=began)
    file.write(record)
    return record, child
