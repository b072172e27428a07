"""`hha bridge` that sends itself a signal at one step of a recovery.

    python killed_bridge.py SIGKILL STEP MARKER bridge --config …

Of several bridges started with the same marker file only the first to come to the step does so.
The steps stand in the subclass and the wrappers below; the bridge itself knows nothing of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

from hha.bridge import service
from hha.bridge.database import RecoveryAction
from hha.bridge.executors import launching, process
from hha.bridge.recovery import RecoveryWork
from hha.bridge.worker import Report

STEPS = ("claimed", "begun", "stopping", "stopped", "started", "restarted", "reported")


class Killer:
    """Sends this process a signal at its step, unless another one had it there before."""

    def __init__(self, number: signal.Signals, step: str, marker: str) -> None:
        self._number = number
        self._step = step
        self._marker = marker
        self.is_performing = False

    def pass_by(self, step: str) -> None:
        if step != self._step:
            return
        try:
            os.close(os.open(self._marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
        os.kill(os.getpid(), self._number)


def install(killer: Killer) -> None:
    """Put the killer's steps around those of the bridge."""

    class KilledWork(RecoveryWork):
        async def claim(self, limit: int) -> list[RecoveryAction]:
            items = await super().claim(limit)
            if items:
                killer.pass_by("claimed")
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
    process.end_family = end_family_killed
    launching.subprocess.Popen = KilledPopen  # type: ignore[misc]


def main() -> None:
    """Take signal, step and marker from the arguments and be `hha` with the others."""
    number, step, marker, *others = sys.argv[1:]
    assert step in STEPS
    install(Killer(signal.Signals[number], step, marker))
    sys.argv[1:] = others
    from hha.cli import main as hha

    hha()


if __name__ == "__main__":
    main()
