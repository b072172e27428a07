"""From trouble to the message: a failing heartbeat, a kill -9, with the real bridge.

`hha bridge` runs as it ships, with one webhook to a receiver of this bench, and is the ticker. One
agent after the other fails or is killed, each at a random moment of the tick's period, and its
trouble is ended once its message has come; first on a quiet server, then while another process
writes 10,000 heartbeats a second. Beside the killed agents with a session: the same agents without
one, whose silence alone tells. In rounds, of which the median counts; a full run takes up to six
minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from common import Bench, parser, report, running, value
from latency_actors import (
    CHANNEL,
    REGISTER,
    Load,
    Receiver,
    bridging,
    loading,
    receiving,
    start_agent,
)
from latency_report import RATE, Round, Series, goals, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess

    import psycopg

DATABASE = "hha_bench_latency"
WARM_UP_TICKS = 5
PATIENCE_SECONDS = 120.0
SILENCE_SECONDS = 300.0

# Nothing waits for a digest; the console has no reader here.
SETTINGS = """
UPDATE health.settings SET group_interval = interval '0', group_burst = 1000;
UPDATE health.channels SET is_enabled = false
"""

# Deferred to the commit: only then can anybody else see the row.
STEPS = """
CREATE TABLE public.delivery_steps (
    delivery_id bigint, state text, at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION public.note_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO public.delivery_steps (delivery_id, state) VALUES (NEW.delivery_id, NEW.state);
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER note_step AFTER INSERT OR UPDATE ON health.deliveries
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note_step();
"""

PARTS_OF_DELIVERY = """
SELECT
    extract(epoch FROM deliveries.created_at)::float8,
    extract(epoch FROM min(steps.at) FILTER (WHERE steps.state = 'pending'))::float8,
    extract(epoch FROM min(steps.at) FILTER (WHERE steps.state = 'claimed'))::float8
FROM health.deliveries
INNER JOIN public.delivery_steps AS steps USING (delivery_id)
WHERE delivery_id = %s
GROUP BY deliveries.created_at
"""


def arguments() -> argparse.Namespace:
    """Options, with the sizes of a full or a quick run."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument("--failing", type=int, help="agents a round (default 20; quick 5)")
    options_parser.add_argument("--killed", type=int, help="agents a round (default 6; quick 2)")
    options_parser.add_argument("--silent", type=int, help="without session (default 5; quick 1)")
    options_parser.add_argument("--fleet", type=int, help="that beats (default 100000; 30000)")
    options_parser.add_argument("--rounds", type=int, help="of each (default 5; quick 2)")
    options_parser.add_argument(
        "--seconds", type=float, default=65, help="after which a series ends early (default 65)"
    )
    options = options_parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.failing = options.failing or (5 if options.quick else 20)
    options.killed = options.killed or (2 if options.quick else 6)
    options.silent = options.silent or (1 if options.quick else 5)
    options.fleet = options.fleet or (30_000 if options.quick else 100_000)
    return options


def main() -> None:
    """Idle, then under load, and report."""
    options = arguments()
    with running(options) as bench, bench.database(DATABASE), ExitStack() as stack:
        every = measure_all(bench, options, stack)
        figures = {"fleet": options.fleet, "series": [asdict(series) for series in every]}
        report(options, "latency", bench, tables(every, options), goals(every, options), figures)


def measure_all(bench: Bench, options: argparse.Namespace, stack: ExitStack) -> list[Series]:
    """Set the stage, then every series."""
    connection = stack.enter_context(bench.connect(DATABASE))
    receiver = stack.enter_context(receiving())
    connection.execute(SETTINGS.encode())
    connection.execute(STEPS.encode())
    connection.execute("SELECT health.set_channel(%s, 'webhook')", (CHANNEL,))
    for prefix, count in (
        ("fleet-", options.fleet),
        ("failing-", 2 * options.rounds * options.failing),
    ):
        parameters = {"prefix": prefix, "count": count, "interval": "1 hour"}
        connection.execute(REGISTER.encode(), parameters)
    connection.execute(
        "INSERT INTO health.agent_heartbeats (agent_id) SELECT agent_id FROM health.agents"
    )
    connection.execute("SELECT health.tick()")
    connection.execute("VACUUM (ANALYZE)")
    bridge_dsn = bench.dsn(DATABASE, bench.create_login("health_bridge"))
    stack.enter_context(bridging(bridge_dsn, receiver.url))
    until(connection, "SELECT count(*) > 0 FROM health.agent_heartbeats WHERE agent_id = %s",
          "bridge:bench")  # fmt: skip
    scene = Scene(bench.dsn(DATABASE), connection, receiver, options.rounds, options.seconds)
    silent = [f"silent-{number}" for number in range(options.silent)]
    quiet = {name: scene.start(name, is_attached=False) for name in silent}
    for name in silent:
        scene.wait_until_known(name)
    killed_at = scene.kill_together(quiet)
    every = [
        scene.repeat(
            Series("failing heartbeat"),
            lambda each, number: scene.fail(each, number, options.failing),
        ),
        scene.silence(killed_at),
        scene.repeat(
            Series("kill -9, attached"),
            lambda each, number: scene.kill(each, f"idle-{number}", options.killed),
        ),
    ]
    load = stack.enter_context(loading(bench.dsn(DATABASE), options.fleet, RATE))
    # Past the first rounds of the load, and until the planner knows the table.
    until(connection, "SELECT count(*) >= %s FROM health.agent_heartbeats", 2 * options.fleet)
    connection.execute("ANALYZE health.agent_heartbeats")
    tick_id = value(connection, "SELECT tick_id FROM health.engine_health")
    until(connection, "SELECT tick_id >= %s FROM health.engine_health", tick_id + WARM_UP_TICKS)
    every += [
        scene.repeat(
            Series("failing heartbeat", is_loaded=True),
            lambda each, number: scene.fail(each, options.rounds + number, options.failing),
            load,
        ),
        scene.repeat(
            Series("kill -9, attached", is_loaded=True),
            lambda each, number: scene.kill(each, f"load-{number}", options.killed),
            load,
        ),
    ]
    return every


def until(connection: psycopg.Connection[Any], condition: str, *parameters: object) -> None:
    """Wait for a condition of the database."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not value(connection, condition, *parameters):
        assert time.monotonic() < deadline, f"did not come true: {condition} {parameters}"
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Scene:
    """The database, and who listens."""

    dsn: str
    connection: psycopg.Connection[Any]
    receiver: Receiver
    most_rounds: int
    most_seconds: float

    def start(self, agent_id: str, *, is_attached: bool) -> SpawnProcess:
        """An agent that beats."""
        return start_agent(self.dsn, agent_id, is_attached=is_attached)

    def beat(self, agent_id: str, state: str) -> None:
        """A heartbeat of an agent of ours."""
        self.connection.execute(
            "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES (%s, %s)",
            (agent_id, state),
            prepare=True,
        )

    def repeat(
        self, series: Series, play: Callable[[Round, int], None], load: Load | None = None
    ) -> Series:
        """Round after round, as many as there is time for."""
        if load is not None:
            load.restart()
        began = time.monotonic()
        for number in range(self.most_rounds):
            each = Round(os.getloadavg()[0])
            play(each, number)
            series.rounds.append(each)
            if (time.monotonic() - began) * (number + 2) / (number + 1) > self.most_seconds:
                break
        series.rate = load.rate if load else None
        print(series.summary(), flush=True)
        return series

    def fail(self, each: Round, number: int, count: int) -> None:
        """One agent after the other says that it has failed, and mends; others in each round."""
        names = [f"failing-{1 + number * count + offset}" for offset in range(count)]
        for agent_id in names:
            pause()
            at = time.time()
            self.beat(agent_id, "failed")
            self._receive(each, agent_id, at, PATIENCE_SECONDS)
            self.beat(agent_id, "running")  # the next tick ends its trouble
        for agent_id in names:
            self._wait_until_ended(agent_id)

    def kill(self, each: Round, prefix: str, count: int) -> None:
        """One attached agent after the other is killed."""
        agents = {
            name: self.start(name, is_attached=True)
            for name in (f"{prefix}-{number}" for number in range(count))
        }
        for name in agents:
            self.wait_until_known(name)
        for name, agent in agents.items():
            pause()
            at = time.time()
            agent.kill()
            self._receive(each, name, at, PATIENCE_SECONDS)
            agent.join()
            # It is dead and stays so: as if it had said goodbye, that no storm builds up.
            self.beat(name, "stopped")
            self._wait_until_ended(name)

    def kill_together(self, agents: dict[str, SpawnProcess]) -> dict[str, float]:
        """Agents without a session die: only the missing heartbeats tell. When each was killed."""
        killed_at = {}
        for name, agent in agents.items():
            killed_at[name] = time.time()
            agent.kill()
            agent.join()
        return killed_at

    def silence(self, killed_at: dict[str, float]) -> Series:
        """Wait for the pages about them."""
        each = Round(os.getloadavg()[0])
        for name, at in killed_at.items():
            self._receive(each, name, at, SILENCE_SECONDS)
            self.beat(name, "stopped")
        for name in killed_at:
            self._wait_until_ended(name)
        series = Series("kill -9, silence alone", rounds=[each])
        print(series.summary(), flush=True)
        return series

    def wait_until_known(self, agent_id: str) -> None:
        """An agent counts once the engine has folded a beat."""
        until(
            self.connection,
            "SELECT count(*) > 0 FROM health.agent_status WHERE agent_id = %s "
            "AND last_heartbeat_at IS NOT NULL",
            agent_id,
        )

    def _receive(self, each: Round, agent_id: str, at: float, patience: float) -> None:
        """Wait for the message and note how long each part took."""
        received, delivery_id = self.receiver.wait_for(agent_id, patience)
        row = self.connection.execute(PARTS_OF_DELIVERY.encode(), (delivery_id,)).fetchone()
        assert row is not None, f"message {delivery_id} has left no trace"
        moments = [at, *row, received]
        each.seconds.append(received - at)
        each.parts.append([later - earlier for earlier, later in pairwise(moments)])

    def _wait_until_ended(self, agent_id: str) -> None:
        until(
            self.connection,
            "SELECT count(*) = 0 FROM health.incidents WHERE agent_id = %s AND resolved_at IS NULL",
            agent_id,
        )


def pause() -> None:
    """To a moment of the tick's period that is as good as any other."""
    time.sleep(random.uniform(0.1, 1.1))


if __name__ == "__main__":
    main()
