"""Named commands: what they are given, how they end, and where their output does not go."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

import psutil
import pytest
from servers.waiting import until_async

from hha.bridge import parse_config
from hha.bridge.executors import Executor, ExecutorContext
from hha.bridge.executors.record import ProcessRecord, RecordFile
from hha.bridge.scrub import tail_of

NOISY = "print('the answer is 42 password=hidden-1'); raise SystemExit(3)"
# Ends on no signal but SIGKILL, and so does its child.
STUBBORN = """trap '' TERM; sleep 600 & echo "$$ $!" > "$1"; wait"""


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def executor(folder: Path, *commands: str, withheld: frozenset[str] = frozenset()) -> Executor:
    """An agent that is never started, with commands given as lines of TOML."""
    text = '[agents.worker]\ncommand = ["false"]\nautostart = false\n[agents.worker.commands]\n'
    config = parse_config(text + "\n".join(commands), source=folder / "bridge.toml")
    context = ExecutorContext(folder / "state", withheld, lambda _exit: None)
    return config.agents["worker"].build("worker", context)


def python(name: str, code: str, *arguments: str, **more: object) -> str:
    """A line of TOML: a command that runs Python code."""
    argv = json.dumps([sys.executable, "-c", code, *arguments])
    keys = "".join(f", {key} = {json.dumps(value)}" for key, value in more.items())
    return f"{json.dumps(name)} = {{ command = {argv}{keys} }}"


def shell(name: str, code: str, *arguments: str, **more: object) -> str:
    """The same for the shell, which starts sooner than a short time-out ends."""
    argv = json.dumps(["sh", "-c", code, "sh", *arguments])
    keys = "".join(f", {key} = {json.dumps(value)}" for key, value in more.items())
    return f"{json.dumps(name)} = {{ command = {argv}{keys} }}"


async def test_a_command_runs_as_configured_without_a_shell(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"
    hostile = f"; touch {tmp_path}/trap $(touch {tmp_path}/trap)"
    worker = executor(tmp_path, python("note", code, str(told), hostile))
    result = await worker.execute("run_command", "action 1", {"command": "note"})
    assert result.outcome == "succeeded"
    assert result.details.keys() == {"command", "exit_code", "duration_ms"}
    assert (result.details["command"], result.details["exit_code"]) == ("note", 0)
    assert told.read_text() == repr([hostile])
    assert not (tmp_path / "trap").exists()


async def test_a_plain_list_is_a_command_too(tmp_path: Path) -> None:
    worker = executor(tmp_path, 'yes = ["true"]', 'no = ["false"]')
    assert (await worker.execute("run_command", "", {"command": "yes"})).outcome == "succeeded"
    result = await worker.execute("run_command", "", {"command": "no"})
    assert (result.outcome, result.details["reason"]) == ("failed", "exit code 1")


async def test_it_has_its_folder_and_variables_and_none_of_the_bridges_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "hidden-1")
    monkeypatch.setenv("PGPASSWORD", "hidden-2")
    monkeypatch.setenv("PGSSLMODE", "require")
    (tmp_path / "app").mkdir()
    code = "import os, json; json.dump([os.getcwd(), dict(os.environ)], open('told', 'w'))"
    worker = executor(
        tmp_path,
        f"note = {{ command = {json.dumps([sys.executable, '-c', code])}, cwd = 'app',"
        " env = { PACE = '7' }, pass_environment = ['PGSSLMODE'] }",
        withheld=frozenset({"HOOK_SECRET"}),
    )
    assert (await worker.execute("run_command", "", {"command": "note"})).outcome == "succeeded"
    folder, environment = json.loads((tmp_path / "app" / "told").read_text())
    assert folder == str(tmp_path / "app")
    assert environment["PACE"] == "7"
    assert environment["HHA_AGENT_ID"] == "worker"
    assert environment["PGSSLMODE"] == "require"
    assert not {"HOOK_SECRET", "PGPASSWORD"} & environment.keys()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"command": None},
        {"command": ["touch", "trap"]},
        {"command": {"name": "yes"}},
        {"command": 1},
        {"command": True},
        {"command": ""},
        {"command": "yes "},
        {"command": "YES"},
        {"command": "../yes"},
        {"command": "yes; touch trap"},
        {"command": "true"},
        {"command": "/bin/true"},
        {"command": "yes\0"},
        {"command": "x" * 1_000_000},
        {"cmd": "yes", "argv": ["touch", "trap"]},
    ],
)
async def test_a_name_that_is_not_configured_is_refused(
    tmp_path: Path, parameters: dict[str, object]
) -> None:
    worker = executor(tmp_path, 'yes = ["touch", "ran"]')
    result = await worker.execute("run_command", "action 1", parameters)
    assert result.outcome == "refused"
    assert len(str(result.details)) < 300
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "trap").exists()


async def test_without_commands_the_action_is_refused(tmp_path: Path) -> None:
    worker = executor(tmp_path)
    result = await worker.execute("run_command", "action 1", {"command": "yes"})
    assert result.outcome == "refused"


async def test_other_actions_reach_the_executor_behind(tmp_path: Path) -> None:
    worker = executor(tmp_path, 'yes = ["true"]')
    result = await worker.execute("restart_agent", "action 1", {"command": "yes"})
    assert (result.outcome, result.details["reason"]) == (
        "failed",
        "the command ended at once with exit code 1",
    )
    assert (await worker.execute("touch trap", "", {"command": "yes"})).outcome == "refused"


async def test_output_goes_only_scrubbed_and_cut_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = executor(tmp_path, python("noisy", NOISY))
    with caplog.at_level(logging.INFO):
        result = await worker.execute("run_command", "action 1", {"command": "noisy"})
    assert (result.outcome, result.details["exit_code"]) == ("failed", 3)
    assert "42" not in str(result.details)
    (entry,) = [entry for entry in caplog.records if entry.getMessage() == "command ended"]
    assert vars(entry)["output_tail"] == "the answer is 42 password=***"
    assert "hidden-1" not in str([vars(entry) for entry in caplog.records])


async def test_much_output_does_not_block_it_and_is_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = executor(tmp_path, python("flood", "print('x' * 50_000_000); print('the end')"))
    with caplog.at_level(logging.INFO):
        result = await worker.execute("run_command", "", {"command": "flood"})
    assert result.outcome == "succeeded"
    (tail,) = [vars(entry)["output_tail"] for entry in caplog.records]
    assert tail.endswith("x the end")
    assert len(tail) <= 301


async def test_a_command_that_never_stops_talking_does_not_hold_the_bridge(tmp_path: Path) -> None:
    worker = executor(tmp_path, 'yes = { command = ["yes"], timeout_seconds = 0.5 }')
    running = asyncio.create_task(worker.execute("run_command", "", {"command": "yes"}))
    turns = 0
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await running).details["reason"] == "ended after its 0.5 s"
    assert turns > 10


async def test_what_it_leaves_running_does_not_hold_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c',"
        " 'import time; time.sleep(600)']); open('left', 'w').write(str(p.pid))"
    )
    worker = executor(tmp_path, python("leaves", code))
    result = await worker.execute("run_command", "", {"command": "leaves"})
    assert result.outcome == "succeeded"
    left = int((tmp_path / "left").read_text())
    assert runs(left)  # it may have started a service; what it started is its affair
    psutil.Process(left).kill()


async def test_after_its_time_it_ends_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "told"
    worker = executor(tmp_path, shell("slow", STUBBORN, str(told), timeout_seconds=1.0))
    result = await worker.execute("run_command", "action 1", {"command": "slow"})
    assert (result.outcome, result.details["reason"]) == ("failed", "ended after its 1 s")
    assert not any(map(runs, map(int, told.read_text().split())))


async def test_a_cancelled_command_is_ended(tmp_path: Path) -> None:
    told = tmp_path / "told"
    worker = executor(tmp_path, shell("slow", STUBBORN, str(told)))
    running = asyncio.create_task(worker.execute("run_command", "", {"command": "slow"}))
    await until_async(lambda: told.exists() and told.read_text().endswith("\n"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not any(map(runs, map(int, told.read_text().split())))
    assert not list((tmp_path / "state" / "processes").glob("*.json"))


async def test_a_command_that_does_not_exist_has_failed(tmp_path: Path) -> None:
    worker = executor(tmp_path, 'gone = ["/no/such/command"]')
    result = await worker.execute("run_command", "", {"command": "gone"})
    assert result.outcome == "failed"
    assert result.details["reason"] == "the command cannot be run: No such file or directory"


@pytest.mark.parametrize("request_", ["action 1", "action 2"])
async def test_what_a_killed_bridge_left_is_ended_and_never_run_twice_for_one_request(
    tmp_path: Path, request_: str
) -> None:
    """The record says that a bridge, since killed, had begun 'action 1'."""
    left = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)", start_new_session=True
    )
    file = RecordFile(tmp_path / "state", "worker\nnote")
    began = psutil.Process(left.pid).create_time()
    file.write(ProcessRecord(file.name, "token", "", left.pid, began, request="action 1"))
    worker = executor(tmp_path, 'note = ["touch", "ran"]')
    result = await worker.execute("run_command", request_, {"command": "note"})
    await left.wait()
    if request_ == "action 1":
        assert result.outcome == "failed"
        assert "how it ended is not known" in str(result.details["reason"])
        assert not (tmp_path / "ran").exists()
    else:
        assert result.outcome == "succeeded"
        assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"plain words", "plain words"),
        (b"two\nlines\x1b[31m and\ttabs", "two lines [31m and tabs"),
        (b"dsn postgres://me:hidden-1@db/x", "dsn postgres://***@db/x"),
        (b"PASSWORD=hidden-1 next", "PASSWORD=*** next"),
        (b'{"api_key": "hidden-1 with blanks", "a": 1}', '{"api_key": ***, "a": 1}'),
        (b"Authorization: Bearer hidden-1", "Authorization: Bearer ***"),
        (b"it says s3same-open", "it says ***"),
        (b"\xff\xfe", "��"),
        (b"y" * 9000, "…" + "y" * 300),
        (b"", ""),
    ],
)
def test_a_tail_is_short_plain_and_without_secrets(output: bytes, expected: str) -> None:
    assert tail_of(output, {"MY_TOKEN": "s3same-open", "HOME": "it", "A_TOKEN": "x"}) == expected


def test_a_secret_at_the_edge_of_the_cut_is_hidden_before_it_is_cut() -> None:
    secret = "s3same-open"
    for length in range(280, 312):
        output = f"{secret}{'.' * length}".encode()
        assert "open" not in tail_of(output, {"MY_TOKEN": secret})
