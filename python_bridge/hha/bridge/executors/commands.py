"""Named commands of an agent, for the action 'run_command': any kind of executor can have them.

The database chooses among the names of `[agents.x.commands]`; what a name runs stands there. A
command's output goes nowhere but, cut and scrubbed, into the bridge's own log.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from hha.bridge.executors.command_run import CommandRun, end_group
from hha.bridge.executors.contract import (
    NO_PARAMETERS,
    Executor,
    ExecutorContext,
    ExecutorFactory,
    ExecutorResult,
    failed,
    shown,
)
from hha.bridge.executors.launching import child_environment
from hha.bridge.executors.record import TOKEN_VARIABLE, ProcessRecord, RecordFile, find_main
from hha.bridge.scrub import tail_of
from hha.bridge.section import Section

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What a name runs: never through a shell."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    timeout_seconds: float
    pass_environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WithCommands:
    """A factory of another kind, whose executors also run named commands."""

    inner: ExecutorFactory
    commands: Mapping[str, Command]

    @property
    def secret_variables(self) -> frozenset[str]:
        return self.inner.secret_variables

    def build(self, agent_id: str, context: ExecutorContext) -> CommandExecutor:
        return CommandExecutor(
            self.inner.build(agent_id, context), agent_id, self.commands, context
        )


def parse_commands(section: Section) -> dict[str, Command]:
    """Read the table `commands` of an agent: name = ["argv", ...], or a table with more keys."""
    names = section.section("commands", keys_are_names=True)
    return {name: _command(names, name) for name in names.keys}


def _command(names: Section, name: str) -> Command:
    if not name or not name.isprintable():
        raise names.error(name, "a name is printable and not empty")
    if not names.has_table(name):
        return Command(names.texts(name), names.folder, {}, 60.0)
    section = names.section(name)
    command = Command(
        argv=section.texts("command"),
        cwd=section.folder_path("cwd"),
        env=section.text_table("env"),
        timeout_seconds=section.number("timeout_seconds", 60, least=0.1, most=600),
        pass_environment=section.variables("pass_environment"),
    )
    section.finish()
    return command


class CommandExecutor:
    """Runs commands itself and leaves every other action to the executor it stands before."""

    def __init__(
        self,
        inner: Executor,
        agent_id: str,
        commands: Mapping[str, Command],
        context: ExecutorContext,
    ) -> None:
        self.inner = inner
        self._agent_id = agent_id
        self._commands = commands
        self._context = context

    async def open(self, *, may_start: bool = True) -> bool:
        return await self.inner.open(may_start=may_start)

    async def execute(
        self, action: str, request: str = "", parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> ExecutorResult:
        if action != "run_command":
            return await self.inner.execute(action, request, parameters)
        name = parameters.get("command")
        if not isinstance(name, str):
            return ExecutorResult("refused", {"reason": "the parameter command names none"})
        if name not in self._commands:
            reason = f"no command {shown(name)} is configured for this agent"
            return ExecutorResult("refused", {"reason": reason})
        try:
            return await self._run(name, self._commands[name], request)
        except OSError as reason:
            return failed(f"the command cannot be run: {reason.strerror}", command=name)

    async def close(self, *, stop_agents: bool | None) -> None:
        await self.inner.close(stop_agents=stop_agents)

    def abandon(self) -> None:
        self.inner.abandon()

    async def _run(self, name: str, command: Command, request: str) -> ExecutorResult:
        # An agent's id and a command's name are printable, so that this is nobody else's record.
        file = RecordFile(self._context.state_directory, f"{self._agent_id}\n{name}")
        async with file.lock():
            left = file.read()
            if left is not None:
                # Its bridge was killed: nobody watches its time-out any more.
                if main := find_main(left):
                    await end_group(main)
                file.remove()
                if request and left.request == request:
                    reason = "begun by a bridge that was killed; how it ended is not known"
                    return failed(reason, command=name)
            run = self._start(file, command, request)
            try:
                exit_code = await run.wait(command.timeout_seconds)
            finally:
                file.remove()
        return self._result(name, command, run, exit_code)

    def _start(self, file: RecordFile, command: Command, request: str) -> CommandRun:
        record = ProcessRecord(file.name, uuid.uuid4().hex, fingerprint="", request=request)
        added = {**command.env, TOKEN_VARIABLE: record.token}
        environment = child_environment(
            self._context, self._agent_id, added, command.pass_environment
        )
        file.write(record)
        try:
            run = CommandRun(command.argv, command.cwd, environment)
        except OSError:
            file.remove()
            raise
        began = psutil.Process(run.pid).create_time()
        file.write(dataclasses.replace(record, pid=run.pid, create_time=began))
        return run

    def _result(
        self, name: str, command: Command, run: CommandRun, exit_code: int | None
    ) -> ExecutorResult:
        logger.log(
            logging.INFO if exit_code == 0 else logging.WARNING,
            "command ended",
            extra={
                "action": "run_command",
                "agent_id": self._agent_id,
                "command": name,
                "exit_code": exit_code,
                "output_tail": tail_of(run.output),
            },
        )
        details: dict[str, object] = {"command": name, "duration_ms": run.duration_ms}
        if exit_code is None:
            return failed(f"ended after its {command.timeout_seconds:g} s", **details)
        details["exit_code"] = exit_code
        if exit_code != 0:
            return failed(f"exit code {exit_code}", **details)
        return ExecutorResult("succeeded", details)
