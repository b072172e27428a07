"""A backtest over stored history: what it costs, beside the live ticks that made that history.

Agents beat each 30 s for a while and the engine ticks each second (p_now moves, nothing sleeps);
one in a hundred falls silent for two minutes, another says that it errs, a bridge restarts and
delivers at once. Then the same time is replayed under the live policy: at the live step, which must
tell of the same transitions, alerts, pages, restarts and moments of detection, and at coarser ones.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import Bench, Goal, Sample, Table, measure, parser, ratio, report, running, value

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_backtest"
START = datetime(2031, 5, 6, 7, tzinfo=UTC)

REGISTER = """
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'agent-' || number, 'Agent ' || number, interval '30 seconds'
FROM generate_series(1, %s::integer) AS fleet (number)
"""

#: Who beats in one second: a thirtieth of the fleet.
BEAT = """
INSERT INTO health.agent_heartbeats (
    agent_id, received_at, state, work_items_processed, average_processing_time_ms,
    cpu_usage_percent, error_count
)
SELECT
    'agent-' || number, %(at)s::timestamptz,
    CASE WHEN number %% 100 = 13 AND %(second)s BETWEEN 90 AND 130 THEN 'error' ELSE 'running' END,
    %(second)s::bigint * 10, 100, 20, 0
FROM generate_series(1, %(agents)s::integer) AS fleet (number)
WHERE number %% 30 = %(second)s %% 30
    AND NOT (number %% 100 = 7 AND %(second)s BETWEEN 120 AND 240)
"""

#: What the bridge of a sandbox does too: at once what it is told.
SERVE = """
SELECT health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', %(at)s)
FROM health.claim_recovery_actions('bench', 1000, NULL, %(at)s)
"""
DELIVER = """
SELECT health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', %(at)s)
FROM health.claim_deliveries('bench', 1000, NULL, %(at)s)
"""

REPLAY = """
CREATE TEMPORARY TABLE replayed AS
SELECT * FROM health.backtest_events('live', %s, %s, '1 s', '0 s')
"""
COARSER = "SELECT tick_count FROM health.backtest('live', %s, %s, %s, '0 s')"

#: What happened live, and the same of the replay; each must hold what the other does.
SAID = {
    "transitions": (
        """
        SELECT agent_id, occurred_at, new_status, new_liveness, issue_type, new_score
        FROM health.status_transitions
        WHERE agent_id <> 'heartbeat_health_agent' AND occurred_at > %(from)s
        """,
        """
        SELECT agent_id, occurred_at, what, details ->> 'new_liveness', details ->> 'issue_type',
            (details ->> 'new_score')::float8
        FROM replayed WHERE kind = 'transition'
        """,
    ),
    "alerts": (
        """
        SELECT agent_id, rule, severity, opened_at, resolved_at FROM health.alerts
        WHERE agent_id <> 'heartbeat_health_agent' AND opened_at > %(from)s
        """,
        "SELECT agent_id, what, severity, began_at, ended_at FROM replayed WHERE kind = 'alert'",
    ),
    "moments of detection": (
        """
        SELECT agent_id, onset_at, detected_at FROM health.incidents
        WHERE agent_id <> 'heartbeat_health_agent'
        """,
        "SELECT agent_id, began_at, occurred_at FROM replayed WHERE kind = 'incident'",
    ),
    "pages": (
        """
        SELECT agent_ids[1], event, severity, channel, created_at FROM health.deliveries
        WHERE event NOT IN ('resolved', 'reminder') AND created_at > %(from)s
        """,
        """
        SELECT agent_id, what, severity, details ->> 'channel', occurred_at FROM replayed
        WHERE kind = 'page'
        """,
    ),
    "restarts": (
        """
        SELECT actions.agent_id, actions.issue_type, steps.started_at, steps.finished_at
        FROM health.recovery_steps AS steps JOIN health.recovery_actions AS actions
            USING (action_id)
        WHERE steps.action = 'restart_agent'
        """,
        "SELECT agent_id, what, began_at, ended_at FROM replayed WHERE kind = 'restart'",
    ),
}


@dataclass(slots=True)
class Replay:
    """One backtest: how much, at which step, and what it cost."""

    agents: int
    minutes: int
    step_seconds: int
    ticks: int
    cost: Sample


@dataclass(slots=True)
class History:
    """A fleet's time: live, replayed, and what the one said and the other did not."""

    agents: int
    minutes: int
    live: Sample
    replays: list[Replay]
    #: By kind: how many happened live, and how many only in one of the two.
    said: dict[str, tuple[int, int]]
    heartbeats: int
    sandbox_bytes: int
    private_bytes: int

    @property
    def agent_hours(self) -> float:
        """How much history there is."""
        return self.agents * self.minutes / 60


class PrivateMemory(threading.Thread):
    """The most memory of its own that a process on this machine has while this runs."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most = pid, 0
        self.is_over = threading.Event()

    def run(self) -> None:
        """Look ten times a second."""
        status = Path(f"/proc/{self.pid}/status")
        while not self.is_over.wait(0.1):
            lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
            told = [int(line.split()[1]) for line in lines if line.startswith("RssAnon")]
            self.most = max(self.most, 1024 * sum(told))


def live(connection: psycopg.Connection[Any], agents: int, minutes: int) -> None:
    """Second by second: beats, a tick, and a bridge where there is something to do."""
    for second in range(60 * minutes + 1):
        at = {"at": START + timedelta(seconds=second), "second": second, "agents": agents}
        connection.execute(BEAT, at)
        connection.execute("SELECT health.tick(%(at)s)", at)
        connection.execute(SERVE, at)
        connection.execute(DELIVER, at)


def history(bench: Bench, agents: int, minutes: int) -> History:
    """Live ticks, then the same time replayed."""
    until = START + timedelta(minutes=minutes)
    with bench.connect(DATABASE) as connection:
        connection.execute(REGISTER, (agents,))
        cost = measure(connection, lambda: live(connection, agents, minutes))
        memory = PrivateMemory(value(connection, "SELECT pg_backend_pid()"))
        memory.start()
        sample = measure(connection, lambda: connection.execute(REPLAY, (START, until)))
        memory.is_over.set()
        taken = value(connection, "SELECT details FROM replayed WHERE kind = 'cost'")
        replays = [Replay(agents, minutes, 1, taken["tick_count"], sample)]
        for step in (10, 30):
            ticks: list[int] = []

            def replay(step: int = step, ticks: list[int] = ticks) -> None:
                ticks.append(value(connection, COARSER, START, until, timedelta(seconds=step)))

            sample = measure(connection, replay)
            replays.append(Replay(agents, minutes, step, ticks[0], sample))
        return History(
            agents, minutes, cost, replays,
            {kind: compare(connection, *queries) for kind, queries in SAID.items()},
            taken["heartbeat_count"], taken["sandbox_bytes"], memory.most,
        )  # fmt: skip


def compare(connection: psycopg.Connection[Any], happened: str, replayed: str) -> tuple[int, int]:
    """How many rows there were live, and how many only there or only in the replay."""
    query = f"""
        WITH happened AS ({happened}), replayed_too AS ({replayed})
        SELECT
            (SELECT count(*) FROM happened),
            (SELECT count(*) FROM (
                (TABLE happened EXCEPT ALL TABLE replayed_too)
                UNION ALL (TABLE replayed_too EXCEPT ALL TABLE happened)
            ) AS different)
    """
    row = connection.execute(query.encode(), {"from": START}).fetchone()
    assert row is not None
    return row[0], row[1]


def cost_table(histories: list[History]) -> Table:
    """Live and replayed, size by size."""
    table = Table(
        "A backtest beside the live ticks that made its history",
        ["agents x minutes", "step s", "ticks", "s", "cpu s", "agent-hours/cpu s", "of live cpu"],
        note="The first row of each size is live: INSERTs, ticks and a bridge, each committed. "
        "agent-hours/cpu s: how much history is replayed per second of one core.",
    )
    for found in histories:
        size = f"{found.agents:,} x {found.minutes}"
        table.rows.append([
            f"{size} live", "1", f"{60 * found.minutes + 1:,}", f"{found.live.seconds:.1f}",
            f"{found.live.cpu_seconds:.1f}",
            f"{found.agent_hours / found.live.cpu_seconds:.1f}", "",
        ])  # fmt: skip
        for replay in found.replays:
            table.rows.append([
                size, str(replay.step_seconds), f"{replay.ticks:,}", f"{replay.cost.seconds:.1f}",
                f"{replay.cost.cpu_seconds:.1f}",
                f"{found.agent_hours / replay.cost.cpu_seconds:.1f}",
                ratio(replay.cost.cpu_seconds, found.live.cpu_seconds),
            ])  # fmt: skip
    return table


def said_table(histories: list[History]) -> Table:
    """What happened, and what the replay said otherwise."""
    table = Table(
        "What the live engine said, and what its replay said otherwise",
        ["agents x minutes", *SAID],
        note="How many there were live : how many only live or only replayed, to the microsecond "
        "and the last digit of a score.",
    )
    for found in histories:
        cells = [f"{count:,} : {differing:,}" for count, differing in found.said.values()]
        table.rows.append([f"{found.agents:,} x {found.minutes}", *cells])
    return table


def size_table(histories: list[History]) -> Table:
    """What a backtest holds until it ends."""
    table = Table(
        "What a backtest holds until it ends, at the live step",
        ["agents x minutes", "heartbeats", "sandbox MB", "bytes/heartbeat", "own memory MB"],
        note="The sandbox is unlogged tables of one subtransaction, gone at the end; own memory is "
        "that of the backend, without the shared buffers.",
    )
    for found in histories:
        table.rows.append([
            f"{found.agents:,} x {found.minutes}", f"{found.heartbeats:,}",
            f"{found.sandbox_bytes / 1e6:.0f}", f"{found.sandbox_bytes / found.heartbeats:,.0f}",
            f"{found.private_bytes / 1e6:.0f}" if found.private_bytes else "not measured",
        ])  # fmt: skip
    return table


def goals(histories: list[History], *, is_quick: bool) -> list[Goal]:
    """The same as live; not dearer; a day of a hundred agents in a minute; bounded memory."""
    differing = sum(count for found in histories for _, count in found.said.values())
    happened = sum(count for found in histories for count, _ in found.said.values())
    dearest = max(found.replays[0].cost.cpu_seconds / found.live.cpu_seconds for found in histories)
    small = histories[0]
    day = 24 * 100 * small.replays[1].cost.cpu_seconds / small.agent_hours
    memory = max(found.private_bytes for found in histories) / 1e6
    return [
        Goal(f"of {happened:,} things that happened, said otherwise by the replay", "0",
             f"{differing:,}", differing == 0 and happened > 0),
        Goal("processor time at the live step, beside the live ticks", "≤ 1.5 x",
             f"{dearest:.2f} x", None if is_quick else dearest <= 1.5),
        Goal("a day of 100 agents at 10 s, reckoned from the first size", "≤ 120 s of one core",
             f"{day:.0f} s", None if is_quick else day <= 120),
        Goal("own memory of the backend", "≤ 256 MB", f"{memory:.0f} MB",
             memory <= 256 if memory else None),
    ]  # fmt: skip


def main() -> None:
    """A small fleet for longer, a larger one for a shorter time."""
    options = parser(__doc__ or "").parse_args()
    sizes = [(100, 5)] if options.quick else [(100, 30), (1_000, 10), (10_000, 5)]
    histories = []
    with running(options) as bench:
        for agents, minutes in sizes:
            with bench.database(DATABASE):
                histories.append(history(bench, agents, minutes))
        report(
            options,
            "backtest",
            bench,
            [cost_table(histories), said_table(histories), size_table(histories)],
            goals(histories, is_quick=options.quick),
            {"histories": [asdict(found) for found in histories]},
        )


if __name__ == "__main__":
    main()
