"""`hha bridge` that sends itself a signal at one step of a recovery or of a message's delivery.

    python killed_bridge.py SIGKILL STEP MARKER bridge --config …

Of several bridges started with the same marker file only the first to come to the step does so.
The steps stand in the subclass and the wrappers below; the bridge itself knows nothing of them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from hha.bridge import service
from hha.bridge.delivery import DeliveryWork
from hha.bridge.executors import launching, process
from hha.bridge.items import Delivery, RecoveryAction
from hha.bridge.recovery import RecoveryWork
from hha.bridge.worker import Report

STEPS = ("claimed", "begun", "stopping", "stopped", "started", "restarted", "reported")
MESSAGE_STEPS = ("message claimed", "message sent", "message reported")


class Killer:
    """Sends this process a signal at its step, unless another one had it there before."""

    def __init__(self, number: signal.Signals, step: str, marker: str) -> None:
        self._number = number
        self._step = step
        self._marker = marker
        self.is_performing = False
        self.is_ending = asyncio.Event()

    def pass_by(self, step: str) -> None:
        if step != self._step:
            return
        try:
            os.close(os.open(self._marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
        os.kill(os.getpid(), self._number)

    async def have_claimed(self, step: str) -> None:
        """At SIGTERM what is claimed here is not begun before the bridge knows that it ends."""
        self.pass_by(step)
        if self._number == signal.SIGTERM and step == self._step:
            await self.is_ending.wait()


def install(killer: Killer) -> None:
    """Put the killer's steps around those of the bridge."""

    class KilledWork(RecoveryWork):
        async def claim(self, limit: int) -> list[RecoveryAction]:
            items = await super().claim(limit)
            if items:
                await killer.have_claimed("claimed")
            return items

        async def begin(self, item: RecoveryAction) -> bool:
            is_held = await super().begin(item)
            killer.pass_by("begun")
            return is_held

        async def perform(self, item: RecoveryAction) -> Report:
            killer.is_performing = True
            report = await super().perform(item)
            killer.is_performing = False
            killer.pass_by("restarted")
            return report

        async def report(
            self, item: RecoveryAction, outcome: str, details: dict[str, object]
        ) -> bool:
            is_held = await super().report(item, outcome, details)
            killer.pass_by("reported")
            return is_held

    class KilledDelivery(DeliveryWork):
        async def claim(self, limit: int) -> list[Delivery]:
            items = await super().claim(limit)
            if items:
                await killer.have_claimed("message claimed")
            return items

        async def perform(self, item: Delivery) -> Report:
            report = await super().perform(item)
            killer.pass_by("message sent")
            return report

        async def report(self, item: Delivery, outcome: str, details: dict[str, object]) -> bool:
            is_held = await super().report(item, outcome, details)
            killer.pass_by("message reported")
            return is_held

    class EndingBridge(service.Bridge):
        def request_stop(self) -> None:
            super().request_stop()
            killer.is_ending.set()

    end_family = process.end_family

    async def end_family_killed(*arguments: Any, **options: Any) -> str:
        if killer.is_performing:
            killer.pass_by("stopping")  # written down that its end is intended, nothing sent
        how = await end_family(*arguments, **options)
        if killer.is_performing:
            killer.pass_by("stopped")
        return how

    class KilledPopen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if killer.is_performing:
                killer.pass_by("started")  # and its pid not written down

    service.RecoveryWork = KilledWork  # type: ignore[misc]
    service.DeliveryWork = KilledDelivery  # type: ignore[misc]
    service.Bridge = EndingBridge  # type: ignore[misc]
    process.end_family = end_family_killed
    launching.subprocess.Popen = KilledPopen  # type: ignore[misc]


def killing(folder: Path, number: str, step: str) -> tuple[str, ...]:
    """For `Site.start`: of the bridges of a folder the first at the step has the signal."""
    return (__file__, number, step, str(folder / "marker"))


def is_stopped(bridge: subprocess.Popen[bytes]) -> bool:
    """Whether SIGSTOP has reached a bridge."""
    return psutil.Process(bridge.pid).status() == psutil.STATUS_STOPPED


def main() -> None:
    """Take signal, step and marker from the arguments and be `hha` with the others."""
    number, step, marker, *others = sys.argv[1:]
    assert step in (*STEPS, *MESSAGE_STEPS)
    install(Killer(signal.Signals[number], step, marker))
    sys.argv[1:] = others
    from hha.cli import main as hha

    hha()


if __name__ == "__main__":
    main()
