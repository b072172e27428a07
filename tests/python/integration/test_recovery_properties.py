"""Whatever the order of claims, reports, lost leases and people: recovery keeps its promises.

Each example is one transaction, rolled back: agents that beat or fail, two bridges that claim,
report, renew, die (they simply do nothing more) or come back with an old token, persons who ask and
approve, freezes that come and go. After each step the invariants are read from the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Engine

AGENTS = ("a", "b", "c")
FINAL = ("succeeded", "failed", "escalated", "cancelled")
BUDGET = 3
WINDOW_SECONDS = 600
LEASE_SECONDS = 30
START = datetime(2031, 5, 6, 7, tzinfo=UTC)

STEPS = st.lists(
    st.one_of(
        # The commonest first, and twice: what bridges do, and the time in which a lease runs out.
        *[
            st.tuples(st.just("claim"), st.sampled_from(["w1", "w2"])),
            st.tuples(
                st.just("report"),
                st.integers(0, 3),
                st.sampled_from(
                    ["executing", "executing", "succeeded", "failed", "refused", "released"]
                ),
            ),
            st.tuples(st.just("wait"), st.sampled_from([1, 12, 31])),
        ]
        * 2,
        st.tuples(st.just("wait"), st.sampled_from([5, 70, 130, 400])),
        st.tuples(st.just("beat"), st.sampled_from(AGENTS), st.sampled_from(["running", "failed"])),
        st.tuples(st.just("renew"), st.integers(0, 5)),
        st.tuples(st.just("request"), st.sampled_from(AGENTS)),
        st.tuples(st.just("freeze"), st.sampled_from([20, 200])),
        st.tuples(st.just("approve"), st.sampled_from(AGENTS)),
    ),
    min_size=15,
    max_size=40,
)


@dataclass(slots=True)
class Claim:
    """What a bridge believes: it holds this action until its lease ends or it has reported."""

    action_id: int
    agent_id: str
    token: int
    lease_until: float
    is_executing: bool = False
    is_over: bool = False


@dataclass(slots=True)
class Model:
    """The bridges' memories, and what was final once."""

    connection: psycopg.Connection[Any]
    now: float = 0
    claims: list[Claim] = field(default_factory=list)
    final: dict[int, str] = field(default_factory=dict)
    frozen_until: float = 0

    def at(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def value(self, query: LiteralString, *parameters: object) -> Any:
        row = self.connection.execute(query, parameters or None).fetchone()
        assert row is not None
        return row[0]

    def rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters or None).fetchall()

    def tick(self) -> None:
        self.connection.execute("SELECT health.tick(%s, true)", (self.at(),))

    def act(self) -> None:
        self.connection.execute("SELECT health_internal.act_on_recoveries(%s)", (self.at(),))

    # --- steps ---

    def wait(self, seconds: int) -> None:
        # The ticks in between only act: what they would fold is nothing.
        for _ in range(3):
            self.now += seconds / 4
            self.act()
        self.now += seconds / 4
        self.tick()

    def beat(self, agent_id: str, state: str) -> None:
        self.connection.execute(
            "INSERT INTO health.agent_heartbeats (agent_id, received_at, state)"
            " VALUES (%s, %s, %s)",
            (agent_id, self.at(), state),
        )
        self.now += 0.5
        self.tick()

    def claim(self, worker: str) -> None:
        for action_id, agent_id, token in self.rows(
            "SELECT action_id, agent_id, fencing_token"
            " FROM health.claim_recovery_actions(%s, 2, NULL, %s)",
            worker,
            self.at(),
        ):
            assert all(token > earlier.token for earlier in self.claims), "tokens grow"
            assert self.now >= self.frozen_until or self.value(
                "SELECT approved_at IS NOT NULL FROM health.recovery_actions WHERE action_id = %s",
                action_id,
            ), "nothing is restarted in a freeze unless a person approved it"
            for other in self.claims:
                # Who may still be at work believes in a lease; nobody else gets its agent by then.
                assert not (
                    other.agent_id == agent_id
                    and other.is_executing
                    and not other.is_over
                    and other.lease_until > self.now
                ), "two bridges at one agent"
            self.claims.append(Claim(action_id, agent_id, token, self.now + LEASE_SECONDS))

    def report(self, number: int, outcome: str) -> None:
        if not self.claims:
            return
        claim = self.claims[-1 - number % len(self.claims)]
        state, token = self.rows(
            "SELECT state, fencing_token FROM health.recovery_actions WHERE action_id = %s",
            claim.action_id,
        )[0]
        is_current = token == claim.token and state in ("claimed", "executing")
        taken = self.value(
            "SELECT health.report_recovery_action(%s, %s, %s, '{}', %s)",
            claim.action_id,
            claim.token,
            outcome,
            self.at(),
        )
        assert taken == is_current, "an old token is never accepted, the present one always"
        event(f"report {outcome}: {'taken' if taken else 'fenced'}")
        if taken and outcome == "executing":
            claim.is_executing, claim.lease_until = True, self.now + LEASE_SECONDS
        else:
            claim.is_over = True

    def renew(self, number: int) -> None:
        if not self.claims:
            return
        claim = self.claims[-1 - number % len(self.claims)]
        if self.value(
            "SELECT health.renew_lease('recovery', %s, %s, %s)",
            claim.action_id,
            claim.token,
            self.at(),
        ):
            claim.lease_until = self.now + LEASE_SECONDS
        else:
            claim.is_over = True

    def request(self, agent_id: str) -> None:
        self.call_unless(
            "RC003",
            "SELECT health.request_recovery(%s, 'agent_unresponsive', 'ana', %s)",
            agent_id,
            self.at(),
        )

    def freeze(self, seconds: int) -> None:
        self.connection.execute(
            "SELECT health.add_freeze_window('freeze', %s, %s, 'ana')",
            (self.at(), self.at() + timedelta(seconds=seconds)),
        )
        self.frozen_until = max(self.frozen_until, self.now + seconds)

    def approve(self, agent_id: str) -> None:
        self.call_unless(
            "RC008",
            "SELECT health.approve_recoveries('ana', ARRAY[%s], %s)",
            agent_id,
            self.at(),
        )

    def call_unless(self, sqlstate: str, query: LiteralString, *parameters: object) -> None:
        """What a person may ask in vain, with one clear error and no other."""
        try:
            with self.connection.transaction():
                self.connection.execute(query, parameters)
        except psycopg.Error as reason:
            if reason.sqlstate != sqlstate:
                raise

    # --- invariants ---

    def check(self) -> None:
        active: dict[str, int] = {}
        started: dict[str, list[tuple[datetime, str]]] = {}
        for action_id, agent_id, state, requested_by, started_at in self.rows(
            "SELECT action_id, agent_id, state, requested_by, started_at"
            " FROM health.recovery_actions ORDER BY action_id"
        ):
            if state in FINAL:
                assert self.final.setdefault(action_id, state) == state, "what is final stays"
            else:
                assert action_id not in self.final, "what is final does not come back"
                active[agent_id] = active.get(agent_id, 0) + 1
            if started_at is not None:
                started.setdefault(agent_id, []).append((started_at, requested_by))
        assert all(count == 1 for count in active.values()), "one at a time"
        for begun in started.values():
            for at, requested_by in begun:
                window = [
                    earlier
                    for earlier, _ in begun
                    if at - timedelta(seconds=WINDOW_SECONDS) < earlier <= at
                ]
                assert requested_by != "engine" or len(window) <= BUDGET, "within the budget"

    def end_alone(self) -> None:
        """No bridge, no heartbeat, no person any more: each agent in trouble is a person's."""
        for number in range(40):
            self.now += 100
            if number in (0, 20, 39):
                self.tick()
            else:
                self.act()
        self.check()
        for (agent_id,) in self.rows(
            "SELECT agent_id FROM health.agent_status WHERE issue_type IS NOT NULL"
        ):
            state, told_at = self.rows(
                "SELECT state, told_at FROM health.recovery_actions WHERE agent_id = %s"
                " ORDER BY action_id DESC LIMIT 1",
                agent_id,
            )[0]
            assert state == "escalated"
            assert told_at is not None
            assert self.value(
                "SELECT count(*) FROM health.open_alerts"
                " WHERE agent_id = %s AND rule = 'recovery_failed'",
                agent_id,
            )


#: Attempts that fail as fast as the back-off allows: the budget must end them.
FAST_FAILURES = [
    ("claim", "w1"),
    ("claim", "w2"),
    *[("report", number, "failed") for number in range(3)],
    ("wait", 31),
] * 6

#: Given up while its bridge holds a fresh lease: the next attempt must wait for its end.
GIVEN_UP = [
    ("claim", "w1"),
    ("report", 0, "executing"),
    ("report", 1, "executing"),
    ("wait", 12),
    ("renew", 0),
    ("renew", 1),
    ("wait", 5),
    ("wait", 12),
    *[("wait", 1), ("claim", "w2")] * 12,
]

#: The first bridge comes back with its tokens when the second has the actions.
OLD_TOKENS = [
    ("claim", "w1"),
    ("wait", 31),
    ("wait", 1),
    ("claim", "w2"),
    *[("report", number, "executing") for number in (2, 3)],
    *[("report", number, "succeeded") for number in (2, 3)],
]


@example(steps=OLD_TOKENS)
@example(steps=FAST_FAILURES)
@example(steps=GIVEN_UP)
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(steps=STEPS)
def check_interleaving(dsn: str, steps: list[tuple[Any, ...]]) -> None:
    with psycopg.connect(dsn) as connection:
        model = Model(connection)
        # Shorter than a lease: a step may be given up while its bridge still believes in it.
        connection.execute(
            "SELECT health.set_policy('standard', '{\"recovery_execution_seconds\": 15}')"
        )
        for agent_id in AGENTS:
            connection.execute(
                "INSERT INTO health.agents (agent_id, agent_name, expected_interval)"
                " VALUES (%s, %s, '10 s')",
                (agent_id, agent_id),
            )
        for second in (0, 10, 20):
            model.now = second
            for agent_id in AGENTS:
                connection.execute(
                    "INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES (%s, %s)",
                    (agent_id, model.at()),
                )
            model.tick()
        for agent_id in AGENTS:
            model.beat(agent_id, "failed")
        for name, *arguments in steps:
            getattr(model, name)(*arguments)
            model.check()
        model.end_alone()
        connection.rollback()


def test_every_interleaving_keeps_the_promises(engine: Engine) -> None:
    check_interleaving(engine.dsn)
