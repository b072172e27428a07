"""Claims per second and the way from enqueue to claimed, beside Procrastinate, PgQueuer and PgQ.

The same server, the same run, each queue in a fresh database: four workers claim until nothing is
left, then claim and finish as many again; then single jobs are enqueued while one worker listens.
All of it twice: alone, and beside a session idle in a transaction whose snapshot lets nothing dead
be removed. Every job must be claimed exactly once, else the bench fails.

Like with like: a delivery is a job as the others' are, claimed and marked or moved when finished.
A recovery is more: its finish also writes its trail (the step that ended) and begins its
verification, for which the others have no counterpart. PgQ hands whole batches to one consumer,
which shares no work and holds no lease. The goals are its line by single events, each recorded as
done: whole batches, finished in one row, are all handled again when their consumer dies, and what
they reach is shown as a ratio. It needs Debian's package postgresql-15-pgq3 (as root:
ci/install_packages.sh pgq) and is left out without it.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import psycopg

from common import Bench, Goal, Table, parser, report, running, value
from queue_adapters import Deliveries, PgQueuer, Procrastinate, Queue, Recoveries
from queue_pgq import PgQ, PgQEvents

if TYPE_CHECKING:
    from collections.abc import Iterable

DATABASE = "hha_bench_queue"
WORKERS = 4
SINGLE_EVENTS, WHOLE_BATCHES = "PgQ, single events", "PgQ, whole batches"

#: Name, what makes a worker, batch: how many it claims at once at most.
QUEUES: list[tuple[str, Callable[[], Queue], int]] = [
    ("recoveries", Recoveries, 1),
    ("recoveries", Recoveries, 10),
    ("recoveries", Recoveries, 1000),
    ("deliveries", Deliveries, 1),
    ("deliveries", Deliveries, 10),
    ("deliveries", Deliveries, 1000),
    ("Procrastinate", Procrastinate, 1),
    ("PgQueuer", PgQueuer, 1),
    ("PgQueuer", PgQueuer, 10),
    ("PgQueuer", PgQueuer, 1000),
    (SINGLE_EVENTS, PgQEvents, 0),
    (WHOLE_BATCHES, PgQ, 0),
]
OURS = ("recoveries", "deliveries")


@dataclass(slots=True)
class Result:
    """What one queue reached; latencies in milliseconds."""

    name: str
    batch: int
    is_held: bool
    claims: list[float] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def claims_per_second(self) -> float:
        return median(self.claims)

    @property
    def jobs_per_second(self) -> float:
        return median(self.jobs)

    @property
    def p50(self) -> float:
        return median(self.latencies)

    @property
    def p99(self) -> float:
        return quantiles(self.latencies, n=100)[98]


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--jobs", type=int, help="per run (default 2000; quick 500)")
    options_parser.add_argument("--runs", type=int, help="of each queue (default 3; quick 1)")
    options = options_parser.parse_args()
    options.jobs = options.jobs or (500 if options.quick else 2_000)
    options.runs = options.runs or (1 if options.quick else 3)
    return options


def main() -> None:
    """Measure every queue in turn, alone and beside a held snapshot, and report."""
    options = arguments()
    results: dict[tuple[str, int, bool], Result] = {}
    with running(options) as bench:
        queues = available(bench)
        for run in range(options.runs):
            for is_held in (False, True):
                for name, make, batch in queues:
                    result = results.setdefault(
                        (name, batch, is_held), Result(name, batch, is_held)
                    )
                    with bench.database(DATABASE):
                        # Ten claims at least, or one that is slow decides.
                        asyncio.run(measure(bench, make, result, max(options.jobs, 10 * batch)))
                    print(
                        f"run {run + 1}: {name} by {batch or 'all'}{', held' if is_held else ''}: "
                        f"{result.claims[-1]:,.0f} claims/s, {result.jobs[-1]:,.0f} jobs/s, "
                        f"p50 {result.p50:.1f} ms",
                        flush=True,
                    )
        every_result = list(results.values())
        report(
            options,
            "queue",
            bench,
            tables(every_result, options),
            goals(every_result),
            {"queues": [asdict(result) for result in every_result]},
        )


def available(bench: Bench) -> list[tuple[str, Callable[[], Queue], int]]:
    """The queues that this server can have."""
    with bench.connect("postgres") as connection:
        if value(
            connection,
            "SELECT count(*) FROM pg_available_extensions WHERE name = %s",
            PgQ.extension,
        ):
            return QUEUES
    print("PgQ is left out: this server lacks the extension (ci/install_packages.sh pgq)")
    return [entry for entry in QUEUES if entry[0] not in (SINGLE_EVENTS, WHOLE_BATCHES)]


async def measure(bench: Bench, make: Callable[[], Queue], result: Result, count: int) -> None:
    """One run of one queue."""
    dsn = bench.dsn(DATABASE)
    queue = make()
    await queue.open(dsn, result.batch)
    held = psycopg.connect(dsn)
    if result.is_held:
        held.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        held.execute("SELECT 1")
    workers = [make() for _ in range(WORKERS)]
    for worker in workers:
        await worker.open(dsn, result.batch)
    try:
        for is_finishing in (False, True):
            await queue.fill(count)
            started = time.perf_counter()
            claimed = await asyncio.gather(*(drain(worker, is_finishing) for worker in workers))
            seconds = time.perf_counter() - started
            check(claimed, count, await queue.left())
            (result.jobs if is_finishing else result.claims).append(count / seconds)
        result.latencies += await latencies(dsn, queue, workers[0], min(count, 200))
    finally:
        held.close()
        for worker in (queue, *workers):
            await worker.close()


async def drain(worker: Queue, is_finishing: bool) -> list[Any]:
    """Claim until nothing is left; the ids."""
    mine = []
    while jobs := await worker.claim():
        for job_id, job in jobs:
            mine.append(job_id)
            if is_finishing:
                await worker.finish(job)
    return mine


def check(claimed: Iterable[list[Any]], count: int, left: int) -> None:
    """No loss, no double."""
    times = Counter(job_id for mine in claimed for job_id in mine)
    assert left == 0, f"{left} jobs were left"
    assert len(times) == count, f"{len(times)} of {count} jobs were claimed"
    assert set(times.values()) == {1}, "a job was claimed twice"


async def latencies(dsn: str, queue: Queue, worker: Queue, count: int) -> list[float]:
    """From the call that enqueues to the answer of the claim, milliseconds, one at a time."""
    found: list[float] = []
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as listener:
        await listener.execute(f"LISTEN {queue.channel}".encode())
        for number in range(count):
            started = time.perf_counter()
            enqueued = asyncio.create_task(queue.enqueue(number))
            jobs: list[tuple[Any, Any]] = []
            while not jobs:
                async for _ in listener.notifies(timeout=5, stop_after=1):
                    pass
                jobs = await worker.claim()
                assert jobs or time.perf_counter() - started < 30, "a job was lost"
            found.append((time.perf_counter() - started) * 1e3)
            assert [job_id for job_id, _ in jobs] == [await enqueued]
            for _, job in jobs:
                await worker.finish(job)
            async for _ in listener.notifies(timeout=0.01):
                pass
    return found


def tables(results: list[Result], options: argparse.Namespace) -> list[Table]:
    """One table per state of the server."""
    made = []
    for is_held, title in ((False, "Queues"), (True, "Queues, beside a snapshot held open")):
        here = [result for result in results if result.is_held == is_held]
        table = Table(
            title,
            ["queue", "at once", "claims/s", "claimed and finished/s", "p50 ms", "p99 ms"],
            note="Deliveries are like the others' jobs; a recovery's finish also writes a row of "
            "its trail and begins its verification; PgQ's only consumer takes all there is. "
            f"{WORKERS} workers, {options.jobs:,} jobs twice (10,000 where they claim 1,000 "
            f"at once), medians of {options.runs} runs; "
            "p50, p99: from the call that enqueues to the claim's answer, one worker listening."
            + whole_batches(here),
        )
        for result in here:
            table.rows.append([
                result.name,
                str(result.batch or "all"),
                f"{result.claims_per_second:,.0f}",
                f"{result.jobs_per_second:,.0f}",
                f"{result.p50:.1f}",
                f"{result.p99:.1f}",
            ])  # fmt: skip
        made.append(table)
    return made


def whole_batches(results: list[Result]) -> str:
    """What PgQ reaches where it may handle a whole batch again, in words."""
    batches = [result for result in results if result.name == WHOLE_BATCHES]
    if not batches:
        return ""
    ours = [result for result in results if result.name == "deliveries"]
    claims = batches[0].claims_per_second / max(map(claims_of, ours))
    jobs = batches[0].jobs_per_second / max(map(jobs_of, ours))
    return (
        f" PgQ by whole batches claims {claims:.1f} times, and claims and finishes {jobs:.0f} "
        "times, what deliveries do: it records nothing of a single event, and handles the whole "
        "batch again where its consumer died in it."
    )


def claims_of(result: Result) -> float:
    return result.claims_per_second


def jobs_of(result: Result) -> float:
    return result.jobs_per_second


def goals(results: list[Result]) -> list[Goal]:
    """At least the best of the others: claims at the same batch, the rest at the best of each."""
    made = [Goal("every job claimed exactly once", "all", "all", True)]
    for is_held in (False, True):
        here = [result for result in results if result.is_held == is_held]
        words = ", snapshot held" if is_held else ""
        others = [result for result in here if result.name not in OURS and result.batch]
        of_pgq = [result for result in here if result.name not in OURS and not result.batch]
        single = [result for result in of_pgq if result.name == SINGLE_EVENTS]
        for name in OURS:
            mine = [result for result in here if result.name == name]
            made.extend(
                most(
                    f"{name}, claims/s, {batch:,} at once{words}",
                    [result for result in mine if result.batch == batch],
                    [result for result in others if result.batch == batch],
                    claims_of,
                )
                for batch in sorted({result.batch for result in mine})
            )
            made.append(most(f"{name}, claimed and finished/s{words}", mine, others, jobs_of))
            made.append(soonest(f"{name}, p50{words}", mine, others))
            if single:
                beside = f"{name} beside {SINGLE_EVENTS}"
                made.append(most(f"{beside}, claimed and finished/s{words}", mine, single, jobs_of))
                made.append(soonest(f"{name} beside PgQ, p50{words}", mine, of_pgq))
    return made


def most(
    what: str, mine: list[Result], others: list[Result], of: Callable[[Result], float]
) -> Goal:
    """As many per second as the best of the others."""
    best, reached = max(map(of, others)), max(map(of, mine))
    return Goal(what, f"≥ {best:,.0f}", f"{reached:,.0f}", reached >= best)


def soonest(what: str, mine: list[Result], others: list[Result]) -> Goal:
    """The median way from enqueue to claimed, of the best of each."""
    fastest, reached = min(each.p50 for each in others), min(each.p50 for each in mine)
    return Goal(what, f"≤ {fastest:.1f} ms", f"{reached:.1f} ms", reached <= fastest)


if __name__ == "__main__":
    main()
