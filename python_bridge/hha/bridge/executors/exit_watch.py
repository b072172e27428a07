"""Waiting for the end of a process that need not be a child of ours."""

from __future__ import annotations

import asyncio
import os

import psutil

_POLL_SECONDS = 0.2


async def wait_for_exit(process: psutil.Process) -> None:
    """Return when the process has ended (a zombie has). Uses a pidfd where the system has them."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        while _runs(process):  # noqa: ASYNC110 - nothing here could set an event
            await asyncio.sleep(_POLL_SECONDS)
        return
    try:
        if not _runs(process):
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
