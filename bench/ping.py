"""Pings and heartbeats by HTTP, beside one INSERT per ping, with server and callers on one machine.

The gateway runs as `hha gateway`, with the login of a gateway; callers call again as soon as they
are answered (bench/ping_load.py). Each answer 200 must be a row, else the bench fails.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from common import Bench, Goal, Table, parser, ratio, report, running, server_seconds, value
from programs import Program, listening

DATABASE = "hha_bench_ping"
FOLDER = Path(__file__).resolve().parent
AGENTS = 1000
HEARTBEATS = 100  # in one POST

#: Seen on a machine like ours: Healthchecks with four processes, 402 to 417 pings/s.
HEALTHCHECKS = 410


@dataclass(slots=True)
class Way:
    """One way to tell the database, and what it reached; latencies in milliseconds."""

    name: str
    requests: list[str] = field(repr=False)
    keeps_alive: bool = True
    rows_per_answer: int = 1
    is_ours: bool = True
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    gateway_us: list[float] = field(default_factory=list)
    postgres_us: list[float] = field(default_factory=list)


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--callers", type=int, default=64, help="at once (default 64)")
    options_parser.add_argument("--seconds", type=float, help="a run (default 8; quick 2)")
    options_parser.add_argument("--runs", type=int, help="of each way (default 5; quick 1)")
    options = options_parser.parse_args()
    options.seconds = options.seconds or (2.0 if options.quick else 8.0)
    options.runs = options.runs or (1 if options.quick else 5)
    return options


def main() -> None:
    """Measure every way in turn, and report."""
    options = arguments()
    with running(options) as bench, bench.database(DATABASE):
        login = bench.create_login("health_gateway")
        token = secrets.token_urlsafe(16)
        ways = prepare(bench, login, token)
        known = {"HHA_DSN": bench.dsn(DATABASE, login), "HHA_GATEWAY_TOKEN": token}
        with (
            listening(gateway_command, **known) as gateway,
            listening(rows_command, **known) as rows,
        ):
            for run in range(options.runs):
                for way in ways:
                    measure(bench, options, way, gateway if way.is_ours else rows)
                    print(
                        f"run {run + 1}: {way.name}: {way.rates[-1]:,.0f}/s, "
                        f"p99 {way.p99[-1]:.1f} ms",
                        flush=True,
                    )
        report(
            options,
            "ping",
            bench,
            [table(ways, options)],
            goals(ways, options),
            {"ways": [{**asdict(way), "requests": len(way.requests)} for way in ways]},
        )


def prepare(bench: Bench, login: str, token: str) -> list[Way]:
    """Agents with their addresses, and the requests of each way."""
    with bench.connect(DATABASE) as connection:
        connection.execute(
            "SELECT health.register_agent('job-' || n) FROM generate_series(1, %s) AS n", (AGENTS,)
        )
        connection.execute(
            "INSERT INTO health.agent_logins SELECT %s, agent_id FROM health.agents", (login,)
        )
        ids = connection.execute(
            "SELECT agent_id, health.create_ping_url(agent_id) FROM health.agents"
            " WHERE agent_id LIKE 'job-%' ORDER BY agent_number"
        ).fetchall()
        connection.execute("ANALYZE health.agents, health.ping_urls, health.agent_logins")
    pings = [http("GET", f"/ping/{ping_id}") for _, ping_id in ids]
    once = [http("GET", f"/ping/{ping_id}", closes=True) for _, ping_id in ids]
    runs = [
        http(
            "POST", f"/ping/{ping_id}{path}?rid={secrets.token_hex(16)}", body="all is well\n" * 40
        )
        for path in ("/start", "/0")
        for _, ping_id in ids
    ]
    posts = [
        http(
            "POST",
            "/api/heartbeats",
            body=json.dumps(
                [
                    {"agent_id": agent_id, "work_items_processed": 5, "cpu_usage_percent": 12.5}
                    for agent_id, _ in ids[first : first + HEARTBEATS]
                ]
            ),
            more=f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n",
        )
        for first in range(0, AGENTS, HEARTBEATS)
    ]
    plain = [http("GET", f"/ping/{agent_id}") for agent_id, _ in ids]
    plain_once = [http("GET", f"/ping/{agent_id}", closes=True) for agent_id, _ in ids]
    return [
        Way("an INSERT per ping", plain, is_ours=False),
        Way("ping", pings),
        Way("an INSERT per ping, a connection each", plain_once, keeps_alive=False, is_ours=False),
        Way("ping, a connection each", once, keeps_alive=False),
        Way("start and exit status, rid, 480 bytes of output", runs),
        Way(f"heartbeats, {HEARTBEATS} per POST", posts, rows_per_answer=HEARTBEATS),
    ]


def http(method: str, path: str, *, body: str = "", more: str = "", closes: bool = False) -> str:
    """A request as it goes over the wire."""
    length = f"Content-Length: {len(body.encode())}\r\n" if body else ""
    end = "Connection: close\r\n" if closes else ""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}{length}{end}\r\n{body}"


def gateway_command(port: int) -> list[str]:
    """What a user runs."""
    command = "from hha.cli import main; main()"
    return [sys.executable, "-c", command, "gateway", "--port", str(port)]


def rows_command(port: int) -> list[str]:
    """What it is compared with."""
    return [sys.executable, str(FOLDER / "ping_rows.py"), str(port)]


def used_seconds(program: Program) -> float:
    """Processor seconds of the program so far."""
    used = psutil.Process(program.pid).cpu_times()
    return float(used.user + used.system)


def measure(bench: Bench, options: argparse.Namespace, way: Way, served: Program) -> None:
    """One run of one way."""
    with bench.connect(DATABASE) as connection:
        rows = written(connection)
        postgres, gateway = server_seconds(connection), used_seconds(served)
        done = subprocess.run(
            [sys.executable, str(FOLDER / "ping_load.py")],
            input=json.dumps({
                "port": served.port,
                "seconds": options.seconds,
                "callers": options.callers,
                "requests": way.requests,
                "keeps_alive": way.keeps_alive,
            }),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=options.seconds + 60,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        answers = found["answers"]
        if found["others"]:
            sys.exit(f"{way.name}: {found['others']} answers were not 200")
        rows = written(connection) - rows
        if rows != answers * way.rows_per_answer:
            sys.exit(f"{way.name}: {answers} answers, but {rows} rows")
        way.rates.append(rows / options.seconds)
        way.gateway_us.append((used_seconds(served) - gateway) / rows * 1e6)
        way.postgres_us.append((server_seconds(connection) - postgres) / rows * 1e6)
        cuts = quantiles(found["latencies_ms"], n=100)
        way.p50.append(cuts[49])
        way.p99.append(cuts[98])


def written(connection: Any) -> int:
    """Rows so far."""
    return int(value(connection, "SELECT count(*) FROM health.ingest_heartbeats"))


def table(ways: list[Way], options: argparse.Namespace) -> Table:
    """One row per way."""
    made = Table(
        "Heartbeats by HTTP",
        ["way", "rows/s", "p50 ms", "p99 ms", "gateway CPU µs/row", "PostgreSQL CPU µs/row"],
        note=f"{options.callers} callers, {AGENTS:,} agents; medians of {options.runs} runs of "
        f"{options.seconds:g} s, in turn. Callers, gateway and PostgreSQL share the cores.",
    )
    for way in ways:
        made.rows.append([
            way.name,
            f"{median(way.rates):,.0f}",
            f"{median(way.p50):.1f}",
            f"{median(way.p99):.1f}",
            f"{median(way.gateway_us):.0f}",
            f"{median(way.postgres_us):.0f}",
        ])  # fmt: skip
    return made


def goals(ways: list[Way], options: argparse.Namespace) -> list[Goal]:
    """Ten times what Healthchecks was seen to reach on such a machine, and soon enough."""
    by_row, ours = ways[0], ways[1]
    rate, p99 = median(ours.rates), median(ours.p99)
    told = None if options.quick else rate >= 10 * HEALTHCHECKS and p99 <= 50
    return [
        Goal(
            f"pings/s at p99 ≤ 50 ms: 10 x the {HEALTHCHECKS} seen of Healthchecks",
            f"≥ {10 * HEALTHCHECKS:,}",
            f"{rate:,.0f} at {p99:.1f} ms",
            told,
        ),
        Goal(
            "of an INSERT per ping, the same run",
            "> 1 x",
            ratio(rate, median(by_row.rates)),
            rate > median(by_row.rates),
        ),
        Goal("every answer 200 is a row", "all", "all", True),
    ]


if __name__ == "__main__":
    main()
