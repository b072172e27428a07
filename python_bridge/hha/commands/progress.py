"""A bar for long work on a terminal, a line per step elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hha.deploy import Step

SIGNS = {"deploy": "+", "revert": "-", "verify": "*"}
DOING = {"deploy": "deploying", "revert": "reverting", "verify": "verifying"}


class StepProgress:
    """Given as `report` to a deployment; a context, so that the bar goes when the work is over.

    `is_silent` shows the bar only: for output that another program reads.
    """

    def __init__(self, *, is_silent: bool = False, console: Console | None = None) -> None:
        # The bar is no result: it must not get into a file or a pipe that takes the output.
        self._console = console or Console(stderr=is_silent)
        self._is_silent = is_silent
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def __call__(self, step: Step) -> None:
        """Show where the work is."""
        if self._console.is_terminal:
            self._bar.update(
                self._task,
                description=f"{DOING[step.action]} {step.change.name}",
                total=step.count,
                completed=step.number if step.is_done else step.number - 1,
            )
        elif step.is_done and not self._is_silent and step.action != "verify":
            typer.echo(f"  {SIGNS[step.action]} {step.change}")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()
