"""Many agents die in one moment: how soon people know, and how many messages they get.

Three times as many agents beat; a third falls silent together (no session is lost, so that only
deadlines tell), and later comes back. Each tick is the scheduler's: fold and judge, commit, act,
commit. p_now moves on by a second per tick; what is timed is the clock. A delivery can be claimed
once the transaction that queued it is over, so its row counts from there. The figures of other
systems are those quoted in the project's goals, measured elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from common import Bench, Goal, Sample, Table, measure, parser, report, running, typical, value

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_storm"
INTERVAL = timedelta(seconds=30)
CHANNELS = ("console", "on_call", "chat")

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, state, received_at, work_items_processed, average_processing_time_ms,
    cpu_usage_percent, error_count
)
SELECT
    'agent-' || number, 'running', %(at)s::timestamptz,
    %(round)s::bigint * 10, 100, 20, 0
FROM generate_series(%(from)s::integer, %(to)s::integer) AS fleet (number)
"""

#: As if something had changed, but nothing has.
CHANGE = "INSERT INTO health_internal.act_causes (cause) VALUES ('bench')"

#: What the project's goals quote of others.
PUBLISHED = [
    ["Healthchecks, 1,000 checks (quoted)", "2.9", "10.1", "1,000"],
    ["Alertmanager, 10,000 groups (quoted)", "-", "10.2", "10,000"],
]


@dataclass(slots=True)
class Event:
    """One storm: its dearest tick, and what was sent in the tick that first told of it."""

    agents: int
    what: str
    fold: Sample
    act: Sample
    first_seconds: float
    last_seconds: float
    messages: dict[str, int]
    incidents: int


def main() -> None:
    """Every size, every storm."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument(
        "--dying",
        type=lambda text: sorted(int(part.replace("_", "")) for part in text.split(",")),
        help="numbers of agents that die together (default 1000,10000; quick 1000)",
    )
    options = options_parser.parse_args()
    options.dying = options.dying or [1_000, *([] if options.quick else [10_000])]
    events: list[Event] = []
    quiet: dict[int, dict[str, Sample]] = {}
    with running(options) as bench:
        for dying in options.dying:
            with bench.database(DATABASE):
                found, standing = storm(bench, dying)
                events += found
                quiet[dying] = standing
        figures = {
            "events": [asdict(event) for event in events],
            "quiet": {
                str(dying): {kind: asdict(sample) for kind, sample in samples.items()}
                for dying, samples in quiet.items()
            },
        }
        report(options, "storm", bench, tables(events, quiet), goals(events), figures)


def tick(connection: psycopg.Connection[Any], now: datetime) -> tuple[Sample, Sample, float]:
    """As run_tick: fold, act, and of a storm the recoveries, each its own transaction.

    The costs of folding and acting, and the seconds until messages are visible.
    """
    rows: list[Any] = []
    unfinished: list[Any] = []
    started = time.perf_counter()
    fold = measure(
        connection,
        lambda: rows.append(
            connection.execute(
                "SELECT judged_until FROM health_internal.fold_phase(%s, true)", (now,)
            ).fetchone()
        ),
    )
    act = measure(
        connection,
        lambda: unfinished.append(
            connection.execute(
                "SELECT is_unfinished FROM health_internal.act_phase(%s)", rows[0]
            ).fetchone()
        ),
    )
    seconds = time.perf_counter() - started
    if unfinished[0][0]:
        connection.execute("SELECT FROM health_internal.recover_phase(%s)", rows[0])
    return fold, act, seconds


def storm(bench: Bench, dying: int) -> tuple[list[Event], dict[str, Sample]]:
    """Beat in peace, die, come back. Recovery holds still: so many at once are a storm."""
    fleet = 3 * dying
    with bench.connect(DATABASE) as connection:
        for channel in CHANNELS[1:]:
            connection.execute("SELECT health.set_channel(%s, 'webhook')", (channel,))
        connection.execute(REGISTER.encode(), (fleet,))
        now = datetime.now(UTC)
        for number in range(3):
            beat(connection, 1, fleet, number, now)
            now += timedelta(seconds=2)
            tick(connection, now)
            now += INTERVAL - timedelta(seconds=2)
        connection.execute("VACUUM (ANALYZE)")
        print(f"\n{dying:,} of {fleet:,} agents die", flush=True)
        events, number = [], 3
        silent, now, number = wait_for(connection, dying, "die", now, number, first_alive=dying + 1)
        events.append(silent)
        standing: dict[str, list[Sample]] = {"quiet": [], "compared": []}
        for kind in [*["quiet"] * 10, *["compared"] * 10]:
            if kind == "compared":
                connection.execute(CHANGE)
            now += timedelta(milliseconds=1)
            standing[kind].append(tick(connection, now)[1])
        back, now, number = wait_for(connection, dying, "come back", now, number, first_alive=1)
        events.append(back)
        assert value(connection, "SELECT count(*) FROM health.open_alerts") == 0
        return events, {kind: typical(samples) for kind, samples in standing.items()}


def beat(
    connection: psycopg.Connection[Any], first: int, last: int, number: int, at: datetime
) -> None:
    """One heartbeat of a stretch of the fleet."""
    connection.execute(BEAT.encode(), {"from": first, "to": last, "round": number, "at": at})


def wait_for(
    connection: psycopg.Connection[Any],
    dying: int,
    what: str,
    now: datetime,
    number: int,
    *,
    first_alive: int,
) -> tuple[Event, datetime, int]:
    """Tick on, the living beating, until messages come; the event of that tick."""
    beaten = now - INTERVAL
    slowest: tuple[float, Sample, Sample] | None = None
    while True:
        if now - beaten >= INTERVAL:
            beat(connection, first_alive, 3 * dying, number, now)
            beaten, number = now, number + 1
        now += timedelta(seconds=1)
        before = value(connection, "SELECT coalesce(max(delivery_id), 0) FROM health.deliveries")
        fold, act, seconds = tick(connection, now)
        if slowest is None or seconds > slowest[0]:
            slowest = (seconds, fold, act)
        messages = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT channel, count(*) FROM health.deliveries WHERE delivery_id > %s "
                "GROUP BY channel ORDER BY channel",
                (before,),
            )
        }
        if messages:
            incidents = value(
                connection,
                "SELECT count(DISTINCT incident_id) FROM health.alert_events "
                "WHERE delivery_id > %s",
                before,
            )
            print(
                f"  {what}: fold {slowest[1].seconds:.3f} s, act {slowest[2].seconds:.3f} s, "
                f"{incidents:,} incidents, messages {messages}",
                flush=True,
            )
            event = Event(dying, what, *slowest[1:], seconds, seconds, messages, incidents)
            return event, now, number


def tables(events: list[Event], quiet: dict[int, dict[str, Sample]]) -> list[Table]:
    """One row per storm."""
    phases = Table(
        "The dearest tick of each storm",
        [
            "agents",
            "fold s",
            "CPU s",
            "act s",
            "CPU s",
            "act WAL bytes/agent",
            "quiet act ms",
            "comparing act ms",
        ],
        note="A third of the fleet dies, which is a storm that waits for a person, and comes back. "
        "Quiet: act with everything known and nothing new, while all of them are dead; comparing: "
        "when something has changed, and in each eighth tick.",
    )
    arrivals = Table(
        "From the beginning of the tick that tells to the messages",
        ["agents", "first message s", "last message s", "messages per channel"],
        note="A delivery's row counts from the commit that makes it visible. What follows the "
        "first page waits for the digest at the end of its window. Rows marked quoted are the "
        "goals' figures for other systems, from another machine.",
    )
    for event in events:
        phases.rows.append([
            f"{event.agents:,} {event.what}",
            f"{event.fold.seconds:.3f}",
            f"{event.fold.cpu_seconds:.2f}",
            f"{event.act.seconds:.3f}",
            f"{event.act.cpu_seconds:.2f}",
            f"{event.act.wal_bytes / event.agents:.0f}",
            *(
                f"{quiet[event.agents][kind].seconds * 1e3:.1f}" if event.what == "die" else ""
                for kind in ("quiet", "compared")
            ),
        ])  # fmt: skip
        arrivals.rows.append([
            f"{event.agents:,} {event.what}",
            f"{event.first_seconds:.3f}",
            f"{event.last_seconds:.3f}",
            f"{max(event.messages.values())}",
        ])  # fmt: skip
    arrivals.rows += PUBLISHED
    return [phases, arrivals]


def goals(events: list[Event]) -> list[Goal]:
    """First page within a second of the tick's beginning; at most ten messages a channel."""
    found = []
    for event in events:
        if event.what == "die":
            is_full = event.agents >= 10_000
            found.append(
                Goal(
                    f"{event.agents:,} die: first page after the tick begins",
                    "≤ 1 s",
                    f"{event.first_seconds:.2f} s",
                    event.first_seconds <= 1 if is_full else None,
                )
            )
    for dying in sorted({event.agents for event in events}):
        most = max(
            sum(event.messages[channel] for event in events if event.agents == dying)
            for channel in CHANNELS
        )
        found.append(
            Goal(
                f"{dying:,} die and come back: messages per channel",
                "≤ 10",
                str(most),
                most <= 10,
            )
        )
    return found


if __name__ == "__main__":
    main()
