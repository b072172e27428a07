"""An agent of bench/faults.py: `BaseAgent` as it ships, which suffers what a file tells it to.

The bridge starts it; each start is a line (time, process) in `FOLDER/starts/AGENT`. A fault is
`FOLDER/faults/AGENT`, as JSON: `kind`, and `pid` where it is the process that is ill, so that a
restart cures it. With a file `FOLDER/broken/AGENT` no start succeeds; with one in `delays` the next
one is slow. When a leak has filled `FULL_SHARE` of what it may use it says so, in
`FOLDER/full/AGENT`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from hha import BaseAgent

ITEMS = 5
WORK_SECONDS = 0.005
SLOW_SECONDS = 1.5
LEAK_MB = 4
FULL_SHARE = 0.8
BROKEN_EXIT_CODE = 3
DELAY_SECONDS = 6.0


class FaultyAgent(BaseAgent):
    """An agent that falls ill on demand."""

    def __init__(
        self,
        agent_id: str,
        *arguments: Any,
        folder: Path,
        parent: str | None = None,
        has_session: bool = True,
        bare: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(agent_id, *arguments, **options)
        self.folder = folder
        self.parent = parent
        self.has_session = has_session
        self.is_bare = bare
        self._leaked: list[bytes] = []
        self._round = 0

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, required=True)
        parser.add_argument("--parent")
        parser.add_argument("--no-session", dest="has_session", action="store_false")
        parser.add_argument("--bare", action="store_true", help="heartbeats, and no metrics")

    async def _hold_attachment(self) -> None:
        if self.has_session:
            await super()._hold_attachment()

    async def get_performance_metrics(self) -> dict[str, Any]:
        return {} if self.is_bare else await super().get_performance_metrics()

    async def get_resource_usage(self) -> dict[str, Any]:
        return {} if self.is_bare else await super().get_resource_usage()

    def _beat(self) -> dict[str, Any]:
        beat = super()._beat()
        return {key: beat[key] for key in ("state", "run_id")} if self.is_bare else beat

    async def do_work(self) -> int:
        """A few quick items; or whatever the fault of the moment does to them."""
        self._round += 1
        while self.parent and not is_running(self.folder, self.parent):
            time.sleep(0.2)  # noqa: ASYNC251 - it hangs, as clients of a dead server do
        fault = self._read_fault()
        if fault == "errors":
            raise RuntimeError("what it needs is broken")
        if fault == "block":
            time.sleep(600)  # noqa: ASYNC251 - a deadlock: not even SIGTERM is heard
        if fault == "leak":
            self._leaked.append(b"x" * int(LEAK_MB * 2**20 * self.interval))
            self._note_fullness()
        if fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
            return 1
        if fault == "goodbye":
            await self.stop()
        if fault == "flapping" or self.state == "failed":
            is_bad = fault == "flapping" and self._round % 4 < 2
            await self.set_state("failed" if is_bad else "running")
        await asyncio.sleep(ITEMS * WORK_SECONDS)
        return ITEMS

    def _note_fullness(self) -> None:
        file = self.folder / "full" / self.agent_id
        is_noted = file.exists() and file.read_text().split()[1] == str(os.getpid())
        if not is_noted and self.get_memory_usage() > FULL_SHARE * (self.memory_limit_mb or 0):
            file.write_text(f"{time.time()} {os.getpid()}")

    def _read_fault(self) -> str | None:
        try:
            fault = json.loads((self.folder / "faults" / self.agent_id).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return fault["kind"] if fault.get("pid", os.getpid()) == os.getpid() else None


def starts(folder: Path, agent_id: str) -> list[tuple[float, int]]:
    """When, and as which process, an agent was started; in order."""
    try:
        lines = (folder / "starts" / agent_id).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(float(at), int(pid)) for at, pid in map(str.split, lines)]


def full_at(folder: Path, agent_id: str, pid: int) -> float | None:
    """When that process of an agent had leaked so much that its memory was short."""
    try:
        at, of = (folder / "full" / agent_id).read_text().split()
    except FileNotFoundError:
        return None
    return float(at) if int(of) == pid else None


def is_running(folder: Path, agent_id: str) -> bool:
    """Whether an agent's last process exists and works."""
    every = starts(folder, agent_id)
    try:
        status = Path(f"/proc/{every[-1][1]}/stat").read_text() if every else ""
    except OSError:
        return False
    if (folder / "delays" / agent_id).exists():
        return False
    return bool(status) and status.rpartition(")")[2].split()[0] not in "TZX"


def main() -> None:
    """Note the start, and be the agent."""
    folder = Path(sys.argv[sys.argv.index("--folder") + 1])
    agent_id = os.environ["HHA_AGENT_ID"]
    with (folder / "starts" / agent_id).open("a") as file:
        print(time.time(), os.getpid(), file=file)
    if (folder / "broken" / agent_id).exists():
        sys.exit(BROKEN_EXIT_CODE)
    if (folder / "delays" / agent_id).exists():
        time.sleep(DELAY_SECONDS)
        (folder / "delays" / agent_id).unlink(missing_ok=True)
    FaultyAgent.run_forever(agent_id=agent_id, error_wait=5.0, stop_grace=1.0)


if __name__ == "__main__":
    main()
