"""Faults with a truth file: what the monitor said and did against what was really wrong.

Two `hha bridge` processes tick, restart and send to a webhook of this bench, as they ship; a fleet
of `BaseAgent` processes beats. A drawn plan kills, stops, deadlocks, slows, cuts and silences them,
and the bridges and PostgreSQL as well, and writes down what it did. Afterwards the truth is
compared with messages received, incidents, judgements, recoveries and the agents' own start lines;
and with what a plain monitor (page after three missed intervals) would have sent, reckoned from the
same heartbeats. A full run takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg

from common import Bench, parser, report, running, value
from faults_bridges import CHANNEL, bridging, configure
from faults_cut import network
from faults_evidence import Inbox, gather
from faults_goals import goals
from faults_injector import Injector
from faults_plan import draw, fleet
from faults_seconds import CHILD
from faults_tables import tables
from faults_verdict import judge
from latency_actors import receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults_plan import Agent, Fault

DATABASE = "hha_bench_faults"
PATIENCE_SECONDS = 180.0
SETTLE_SECONDS = 120.0

# Nothing waits for a digest: faults come a thousand times as often as in life. Slowness has an
# objective, so that it is not measured by a baseline of minutes. The console has no reader here.
SETTINGS = """
UPDATE health.settings SET group_interval = interval '0', group_burst = 1000;
UPDATE health.channels SET is_enabled = false;
UPDATE health.agents SET latency_slo_ms = 20 WHERE agent_id <> 'heartbeat_health_agent';
"""


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--seed", type=int, default=1, help="of the plan (default 1)")
    options_parser.add_argument("--seconds", type=float, help="of faults (default 780; quick 75)")
    options_parser.add_argument("--truth", type=Path, help="keep the truth file here")
    options_parser.add_argument("--keep", type=Path, help="keep logs and start lines here")
    options = options_parser.parse_args()
    options.seconds = options.seconds or (75 if options.quick else 780)
    options.warm_up = 25 if options.quick else 60
    return options


def main() -> None:
    """Draw, carry out, compare, report."""
    options = arguments()
    agents = fleet(is_quick=options.quick)
    faults = draw(agents, options.seconds, Random(options.seed), is_quick=options.quick)
    with (
        running(options, max_connections="400") as bench,
        bench.database(DATABASE),
        working_folder(options) as folder,
    ):
        verdict, evidence = play(bench, options, agents, faults, folder)
        figures = {
            "seed": options.seed,
            "agents": len(agents),
            "outcomes": [asdict(outcome) for outcome in verdict.outcomes],
            "false_pages": verdict.false_pages,
            "needless_restarts": verdict.needless_restarts,
            "gaps": evidence.gaps,
        }
        report(
            options,
            "faults",
            bench,
            tables(faults, agents, evidence, verdict, options),
            goals(verdict, evidence),
            figures,
        )


@contextmanager
def working_folder(options: argparse.Namespace) -> Iterator[Path]:
    """Where bridges and agents write."""
    with tempfile.TemporaryDirectory(prefix="hha-bench-") as name:
        folder = Path(name)
        try:
            yield folder
        finally:
            if options.keep:
                shutil.copytree(folder, options.keep, dirs_exist_ok=True)


def play(
    bench: Bench,
    options: argparse.Namespace,
    agents: list[Agent],
    faults: list[Fault],
    folder: Path,
) -> Any:
    """The run itself."""
    inbox = Inbox()
    with (
        receiving(inbox),
        bench.connect(DATABASE) as connection,
        network(int(value(connection, "SHOW port"))) as lines,
    ):
        prepare(bench, connection, agents)
        dsns = {agent.name: _dsn(bench, agent, lines) for agent in agents}
        configure(folder, agents, dsns, inbox.url)
        bridge_dsn = bench.dsn(DATABASE, bench.create_login("health_bridge"))
        with bridging(folder, bridge_dsn, agents) as bridges:
            wait_for_fleet(bench, agents)
            time.sleep(options.warm_up)
            begin = time.time()
            print(f"{len(agents)} agents, {len(faults)} faults", flush=True)
            injector = Injector(bench, DATABASE, folder, bridges, lines, Random(options.seed))
            injector.carry_out(faults)
            settle(bench)
            end = time.time()
        print(f"bridges ended unasked: {bridges.ends}", flush=True)
    faults += children(faults, agents)
    write_truth(options.truth or folder / "truth.jsonl", faults)
    with bench.connect(DATABASE) as connection:
        if options.keep:
            dump(connection, options.keep)
        evidence = gather(connection, inbox, folder, agents)
        evidence.launches = bridges.launches
    return judge(faults, agents, evidence, begin, end), evidence


def prepare(bench: Bench, connection: psycopg.Connection[Any], agents: list[Agent]) -> None:
    """Channel, settings, who needs whom."""
    for agent in agents:
        connection.execute("SELECT health.register_agent(%s)", (agent.name,))
        if agent.parent:
            connection.execute("SELECT health.add_dependency(%s, %s)", (agent.name, agent.parent))
    connection.execute(SETTINGS.encode())
    connection.execute("SELECT health.set_channel(%s, 'webhook')", (CHANNEL,))


def _dsn(bench: Bench, agent: Agent, lines: Any) -> str:
    if agent.role != "remote" or bench.server is None:
        return bench.dsn(DATABASE)
    port = lines.listen(agent.name)
    return psycopg.conninfo.make_conninfo(bench.server.dsn(DATABASE), port=port)


def wait_for_fleet(bench: Bench, agents: list[Agent]) -> None:
    """Until all beat and none is in trouble."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with bench.connect(DATABASE) as connection:
        while True:
            well = value(
                connection,
                "SELECT count(*) FROM health.agent_status"
                " WHERE liveness = 'alive' AND state = 'running' AND agent_id = ANY (%s)",
                [agent.name for agent in agents],
            )
            if well == len(agents):
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"only {well} of {len(agents)} agents came up")
            time.sleep(0.5)


def settle(bench: Bench) -> None:
    """Until nothing is wrong and nothing is under way any more, or patience ends."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with bench.connect(DATABASE) as connection:
            if value(
                connection,
                "SELECT NOT EXISTS (SELECT FROM health.incidents"
                "  WHERE resolved_at IS NULL AND agent_id IS NOT NULL)"
                " AND NOT EXISTS (SELECT FROM health.recovery_actions WHERE finished_at IS NULL)"
                " AND NOT EXISTS (SELECT FROM health.deliveries"
                "  WHERE state IN ('pending', 'claimed'))",
            ):
                time.sleep(5)
                return
        time.sleep(1)


def children(faults: list[Fault], agents: list[Agent]) -> list[Fault]:
    """While a parent is dead its children are silent, and it is not their fault."""
    return [
        replace(
            fault,
            kind=CHILD,
            agent=agent.name,
            deserves_page=False,
            is_recoverable=False,
            is_restarted=False,
        )
        for fault in faults
        if fault.kind == "parent dies"
        for agent in agents
        if agent.parent == fault.agent
    ]


def write_truth(path: Path, faults: list[Fault]) -> None:
    """One JSON line per fault, in order of time."""
    path.write_text(
        "".join(
            json.dumps(fault.truth()) + "\n"
            for fault in sorted(faults, key=lambda fault: fault.begin or 0)
        ),
        encoding="utf-8",
    )


def dump(connection: psycopg.Connection[Any], folder: Path) -> None:
    """What the database says, for whoever looks for the reason of a figure."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("incidents", "alerts", "alert_events", "deliveries", "status_transitions",
                 "recovery_actions", "recovery_steps", "monitor_gaps"):  # fmt: skip
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for (row,) in connection.execute(
                f"SELECT to_jsonb(t) FROM health.{name} AS t".encode()
            ):
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
