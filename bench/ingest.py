"""How fast heartbeats come in, beside the same columns in a bare heap table.

Single rows: a prepared INSERT by 8 clients of pgbench, each row a transaction, into the real
agent_heartbeats (partitions, domains, index, trigger of bell and clock) as its owner and as
agents' logins under row-level security. Bulk: COPY by a gateway's login into ingest_heartbeats,
whole and in batches of 1,000. The baseline has the same columns and defaults and nothing else: no
domain, constraint, index, partition or trigger. Two tables between show what the parts cost.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from psycopg import sql

from common import (
    Bench,
    Goal,
    Sample,
    Table,
    measure,
    parser,
    ratio,
    report,
    running,
    server_seconds,
    typical,
    wal_position,
)
from ingest_tables import BARE, COLUMNS, PARTS

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_ingest"
CLIENTS = 8
FIRST_AGENT = 1_000_000_001
MANY_AGENTS = 1_000
GATEWAY_AGENTS = 10_000
BATCH = 1_000

SCRIPT = """\
\\set agent random({first}, {last})
\\set items random(0, 1000000)
\\set percent random(0, 100)
INSERT INTO {table} ({columns})
VALUES (:agent, 'running', :items, :percent, :percent, 512, 2048, 0, :percent, 90, 95, 12.5,
'2026-01-01T00:00:00Z-4711');
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to insert single rows. ``goal``: at least this share of the baseline."""

    name: str
    table: str
    user: str | None
    agents: int
    goal: float | None


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--runs", type=int, help="runs of each (default 7; quick 3)")
    options_parser.add_argument("--seconds", type=int, help="per run of pgbench (default 8; 3)")
    options_parser.add_argument("--rows", type=int, help="per COPY (default 1,000,000; 200,000)")
    options = options_parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 7)
    options.seconds = options.seconds or (3 if options.quick else 8)
    options.rows = options.rows or (200_000 if options.quick else 1_000_000)
    return options


def main() -> None:
    """Measure and report."""
    options = arguments()
    with running(options) as bench, bench.database(DATABASE):
        with bench.connect(DATABASE) as connection:
            connection.execute(BARE.encode())
        tables: list[Table] = []
        goals: list[Goal] = []
        figures: dict[str, Any] = {"single_row": [], "bulk": []}
        ways = single_row_ways(bench)
        for is_synchronous in (False, True):
            single_rows(bench, options, ways, is_synchronous, tables, goals, figures)
        bulk(bench, options, tables, goals, figures)
        report(options, "ingest", bench, tables, goals, figures)


def give_agents(connection: psycopg.Connection[Any], login: str, count: int) -> None:
    """Let a login write for the first ``count`` agents."""
    connection.execute(
        "INSERT INTO health.agent_logins (login_name, agent_id) "
        "SELECT %s, number::text FROM generate_series(%s::bigint, %s) AS agents (number)",
        (login, FIRST_AGENT, FIRST_AGENT + count - 1),
    )


def single_row_ways(bench: Bench) -> list[Way]:
    """The baseline first."""
    own, many = bench.create_login("health_agent"), bench.create_login("health_agent")
    with bench.connect(DATABASE) as connection:
        give_agents(connection, own, 1)
        give_agents(connection, many, MANY_AGENTS)
        connection.execute("ANALYZE health.agent_logins")
    real = "health.agent_heartbeats"
    return [
        Way("bare heap table", "bare.heartbeats", None, MANY_AGENTS, None),
        *(Way(name, table, None, MANY_AGENTS, None) for name, table in PARTS.items()),
        Way("agent_heartbeats, owner", real, None, MANY_AGENTS, 0.7),
        Way("… an agent's login, row-level security", real, own, 1, 0.55),
        Way(f"… a login of {MANY_AGENTS:,} agents", real, many, MANY_AGENTS, 0.55),
    ]


def single_rows(
    bench: Bench,
    options: argparse.Namespace,
    ways: list[Way],
    is_synchronous: bool,
    tables: list[Table],
    goals: list[Goal],
    figures: dict[str, Any],
) -> None:
    """All ways in turn, ``runs`` times, so that a busy minute of the machine hits them alike."""
    rates: dict[str, list[float]] = {way.name: [] for way in ways}
    cpu: dict[str, list[float]] = {way.name: [] for way in ways}
    wal: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(options.runs):
        for way in ways:
            rate, cpu_us, wal_bytes = pgbench_run(bench, way, options.seconds, is_synchronous)
            rates[way.name].append(rate)
            cpu[way.name].append(cpu_us)
            wal[way.name].append(wal_bytes)
    baseline = ways[0].name
    setting = "on" if is_synchronous else "off"
    table = Table(
        f"Single-row prepared INSERT, {CLIENTS} clients, synchronous_commit {setting}",
        ["way", "rows/s", "of baseline", "server CPU µs/row", "of baseline", "WAL bytes/row"],
        note=f"Median of {options.runs} runs of {options.seconds} s each, in turn; "
        "ratio: median of the ratios within a turn.",
    )
    for way in ways:
        share = median(
            mine / base for mine, base in zip(rates[way.name], rates[baseline], strict=True)
        )
        cpu_share = median(cpu[way.name]) / (median(cpu[baseline]) or 1)
        table.rows.append([
            way.name,
            f"{median(rates[way.name]):,.0f}",
            f"{share:.2f} x",
            f"{median(cpu[way.name]):.1f}",
            f"{cpu_share:.2f} x",
            f"{median(wal[way.name]):.0f}",
        ])  # fmt: skip
        figures["single_row"].append({
            "way": way.name,
            "synchronous_commit": setting,
            "rows_per_second": rates[way.name],
            "share_of_baseline": share,
            "server_cpu_us_per_row": cpu[way.name],
            "wal_bytes_per_row": median(wal[way.name]),
        })  # fmt: skip
        if way.goal is not None:
            goals.append(
                Goal(
                    f"INSERT, {way.name.removeprefix('… ')}, synchronous_commit {setting}",
                    f"≥ {way.goal} x",
                    f"{share:.2f} x",
                    share >= way.goal,
                )
            )
    tables.append(table)


def pgbench_run(
    bench: Bench, way: Way, seconds: int, is_synchronous: bool
) -> tuple[float, float, float]:
    """Rows per second, server CPU in µs per row, WAL bytes per row."""
    with (
        tempfile.TemporaryDirectory(prefix="hha-bench-") as folder,
        bench.connect(DATABASE) as connection,
    ):
        script = Path(folder) / "insert.sql"
        last = FIRST_AGENT + way.agents - 1
        script.write_text(
            SCRIPT.format(first=FIRST_AGENT, last=last, table=way.table, columns=COLUMNS),
            encoding="utf-8",
        )
        connection.execute(f"TRUNCATE {way.table}".encode())
        setting = "on" if is_synchronous else "off"
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(
                sql.Identifier(DATABASE), sql.SQL(setting)
            )
        )
        connection.execute("CHECKPOINT")
        wal, cpu = wal_position(connection), server_seconds(connection)
        options = ["--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}"]
        output = bench.run_pgbench(DATABASE, way.user, script, *options)
        # The backends' time is the postmaster's when it has reaped them.
        time.sleep(0.2)
        cpu, wal = server_seconds(connection) - cpu, wal_position(connection) - wal
    rate = float(_find(r"tps = ([0-9.]+)", output))
    rows = int(_find(r"transactions actually processed: (\d+)", output))
    return rate, cpu / rows * 1e6, wal / rows


def _find(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


def copy_rows(rows: int) -> list[bytes]:
    """Rows in COPY's text format."""
    return [
        (
            f"{FIRST_AGENT + number * 7919 % GATEWAY_AGENTS}\trunning\t{number}\t{number % 97}.5\t"
            f"{number % 100}.25\t512\t2048\t0\t{number % 90}.75\t90\t95\t12.5\t"
            "2026-01-01T00:00:00Z-4711\n"
        ).encode()
        for number in range(rows)
    ]


def bulk(
    bench: Bench,
    options: argparse.Namespace,
    tables: list[Table],
    goals: list[Goal],
    figures: dict[str, Any],
) -> None:
    """COPY whole and in batches, by a gateway's login, against the bare heap by the same login."""
    gateway = bench.create_login("health_gateway")
    with bench.connect(DATABASE) as connection:
        give_agents(connection, gateway, GATEWAY_AGENTS)
        connection.execute("ANALYZE health.agent_logins")
        connection.execute(f"ALTER DATABASE {DATABASE} SET synchronous_commit = on".encode())
    lines = copy_rows(options.rows)
    kinds = {
        f"one COPY of {options.rows:,}": [b"".join(lines)],
        f"COPY in batches of {BATCH:,}, each committed": [
            b"".join(lines[start : start + BATCH]) for start in range(0, len(lines), BATCH)
        ],
    }
    targets = {
        "bare heap table": "bare.heartbeats",
        **PARTS,
        "ingest_heartbeats, a gateway's login": "health.ingest_heartbeats",
    }
    for kind, pieces in kinds.items():
        samples: dict[str, list[Sample]] = {name: [] for name in targets}
        for _ in range(min(options.runs, 5)):
            for name, target in targets.items():
                with bench.connect(DATABASE) as connection:
                    connection.execute(f"TRUNCATE {target}".encode())
                    connection.execute("CHECKPOINT")
                samples[name].append(copy_run(bench, gateway, target, pieces))
        table = Table(
            kind,
            ["target", "rows/s", "of baseline", "backend CPU s", "of baseline", "WAL bytes/row"],
            note=f"A login of {GATEWAY_AGENTS:,} agents; median of {min(options.runs, 5)} runs, "
            "synchronous_commit on.",
        )
        base = typical(samples["bare heap table"])
        for name in targets:
            mine = typical(samples[name])
            table.rows.append([
                name,
                f"{options.rows / mine.seconds:,.0f}",
                ratio(base.seconds, mine.seconds),
                f"{mine.cpu_seconds:.2f}",
                ratio(mine.cpu_seconds, base.cpu_seconds),
                f"{mine.wal_bytes / options.rows:.0f}",
            ])  # fmt: skip
            figures["bulk"].append(
                {"way": kind, "target": name, "samples": [asdict(one) for one in samples[name]]}
            )
        share = median(
            bare.seconds / real.seconds for bare, *_, real in zip(*samples.values(), strict=True)
        )
        goals.append(Goal(kind, "≥ 0.5 x", f"{share:.2f} x", share >= 0.5))
        tables.append(table)


def copy_run(bench: Bench, login: str, target: str, pieces: list[bytes]) -> Sample:
    """COPY the pieces, each a transaction of its own."""
    statement = f"COPY {target} ({COLUMNS}) FROM STDIN".encode()

    def work() -> None:
        for piece in pieces:
            with connection.cursor().copy(statement) as copy:
                source = io.BytesIO(piece)
                while block := source.read(1 << 20):
                    copy.write(block)

    with bench.connect(DATABASE, login) as connection:
        return measure(connection, work)


if __name__ == "__main__":
    main()
