"""The command line as a whole: JSON where something is printed, completion, progress."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from rich.console import Console

from hha.cli import app
from hha.commands.progress import StepProgress
from hha.deploy import Step
from hha.deploy.plan import read_plan

PLAN = Path(__file__).parents[1] / "data" / "lighthouse" / "migrations" / "sqitch.plan"

#: They run until they are stopped, or tell a story; what they know others print.
WITHOUT_JSON = {"up", "demo", "dashboard", "gateway"}


def test_whatever_prints_prints_json_too() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    without = {
        name
        for name, command in commands.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == WITHOUT_JSON
    assert {"status", "explain", "deploy", "doctor", "recoveries", "bridge"} <= {*commands}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands(tmp_path: Path) -> None:
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    def bash(script: str) -> str:
        done = subprocess.run(
            ["bash", "--norc", "-c", script], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    completion = tmp_path / "completion"
    # Typer asks which shell called it; the colon keeps bash from handing its process over.
    completion.write_text(bash("hha --show-completion; :"))
    complete = "COMP_WORDS=(hha rec); COMP_CWORD=1; _hha_completion hha; echo ${COMPREPLY[@]}"
    assert bash(f"source {completion}; {complete}").split() == ["recoveries", "recover"]


def steps() -> list[Step]:
    changes = read_plan(PLAN).changes
    return [
        Step("deploy", change, is_done=is_done, number=number, count=len(changes))
        for number, change in enumerate(changes, 1)
        for is_done in (False, True)
    ]


def test_a_terminal_gets_a_bar() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    with StepProgress(console=console) as progress:
        for step in steps():
            progress(step)
            progress._bar.refresh()
    shown = screen.getvalue()
    assert "deploying sql/roles" in shown
    assert "5/5" in shown


@pytest.mark.parametrize("is_silent", [False, True])
def test_a_pipe_gets_a_line_per_change(capsys: pytest.CaptureFixture[str], is_silent: bool) -> None:
    with StepProgress(is_silent=is_silent, console=Console(file=io.StringIO())) as progress:
        for step in steps():
            progress(step)
    lines = [f"  + {step.change}" for step in steps() if step.is_done]
    assert capsys.readouterr().out.splitlines() == ([] if is_silent else lines)
