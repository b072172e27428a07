"""What the brakes pass over they would have left as it is, whatever changed in between.

Ten thousand recoveries may be held, so that each tick weighs only those that another brake may hold
now. Each example is one transaction, rolled back: after each change to the world the brakes are
applied to everything that waits, and then, from the same state, as a tick does: with one result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import passing_over
from hypothesis import strategies as st
from passing_over import passed_over_in_all

if TYPE_CHECKING:
    from conftest import Engine
    from passing_over import Step

#: Each its class of policy, its group and what it earns an hour.
AGENTS = [
    ("a", "standard", None, 0),
    ("b", "standard", None, 5),
    ("c", "standard", "web", 1),
    ("d", "standard", "web", 2),
    ("e", "gold", "web", 3),
    ("f", "gold", None, 0),
]
NUMBERS = st.integers(0, len(AGENTS) - 1)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("queue"), NUMBERS),
        st.tuples(st.just("queue"), NUMBERS),
        st.tuples(st.just("begin"), NUMBERS),
        st.tuples(st.just("end"), NUMBERS),
        st.tuples(st.just("spend"), NUMBERS),
        st.tuples(st.just("storm"), st.booleans()),
        st.tuples(st.just("freeze"), st.sampled_from([None, "standard", "gold"])),
        st.tuples(st.just("thaw")),
        st.tuples(st.just("maintain"), NUMBERS, st.booleans()),
        st.tuples(st.just("depend"), NUMBERS, NUMBERS),
        st.tuples(st.just("fall"), NUMBERS, st.booleans()),
        st.tuples(st.just("blind")),
        st.tuples(st.just("hear"), NUMBERS),
        st.tuples(st.just("approve"), NUMBERS),
        st.tuples(st.just("room"), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 700])),
    ),
    min_size=15,
    max_size=30,
)

#: What is held meets each brake that comes before its own, each end of its own, and a person.
IN_STORM = [("storm", True), ("queue", 1)]
WITHOUT_ROOM = [("room", 1), ("queue", 1), ("queue", 0), ("queue", 2)]
EXAMPLES: list[list[Step]] = [
    [*IN_STORM, ("depend", 1, 0), ("fall", 0, True)],
    [*IN_STORM, ("maintain", 1, True), ("wait", 700), ("wait", 700)],
    [*IN_STORM, ("freeze", "gold"), ("freeze", "standard"), ("freeze", None), ("thaw",)],
    [*IN_STORM, ("freeze", None), *[("wait", 700)] * 6],
    [*IN_STORM, ("approve", 1)],
    [*IN_STORM, ("blind",), ("hear", 1), ("blind",), ("wait", 700)],
    [*WITHOUT_ROOM, ("hear", 2), ("blind",), ("wait", 30), ("hear", 2), ("wait", 30)],
    [*IN_STORM, ("storm", False)],
    [*WITHOUT_ROOM, ("depend", 2, 0), ("fall", 0, True)],
    [*WITHOUT_ROOM, ("maintain", 2, True), ("maintain", 2, False)],
    [*WITHOUT_ROOM, ("freeze", None), ("approve", 2), ("thaw",)],
    [*WITHOUT_ROOM, *[("spend", 3)] * 3],
    [*WITHOUT_ROOM, ("begin", 1), ("end", 1)],
    [*WITHOUT_ROOM, ("room", 3)],
    [*WITHOUT_ROOM, ("storm", True)],
    [("maintain", 1, True), ("queue", 1), ("freeze", None), ("thaw",), ("maintain", 1, False)],
]


@dataclass(slots=True)
class World(passing_over.World):
    """The tables the brakes read, and whether a storm is told."""

    is_storm: bool = False

    def prepare(self) -> None:
        self.run("SELECT health.set_policy('gold', '{}')")
        for agent_id, policy_class, group, revenue in AGENTS:
            self.run(
                "INSERT INTO health.agents (agent_id, agent_name, policy_class, recovery_group,"
                " revenue_usd_per_hour)"
                " VALUES (%(id)s::text, %(id)s::text, %(class)s, %(group)s, %(usd)s)",
                **{"id": agent_id, "class": policy_class, "group": group, "usd": revenue},
            )
            self.run(
                "INSERT INTO health.agent_status (agent_id, policy_class)"
                " VALUES (%(id)s, %(class)s)",
                **{"id": agent_id, "class": policy_class},
            )
            self.run(
                "INSERT INTO health.maintenance_windows (window_id, matchers, starts_at, ends_at,"
                " created_by, reason) OVERRIDING SYSTEM VALUE VALUES (%(window)s, '{}', %(now)s,"
                " 'infinity', 'ana', '')",
                window=AGENTS.index((agent_id, policy_class, group, revenue)) + 1,
            )

    # --- what happens ---

    def queue(self, number: int) -> None:
        self.run(
            "INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before)"
            " VALUES (%(id)s, 'agent_unresponsive', %(now)s::timestamptz, %(now)s::timestamptz)"
            " ON CONFLICT DO NOTHING",
            id=AGENTS[number][0],
        )

    def begin(self, number: int) -> None:
        self.run(
            "UPDATE health.recovery_actions SET state = 'executing', claimed_by = 'w',"
            " started_at = %(now)s"
            " WHERE agent_id = %(id)s AND state = 'pending' AND released_at IS NOT NULL",
            id=AGENTS[number][0],
        )

    def end(self, number: int) -> None:
        self.run(
            "UPDATE health.recovery_actions SET state = 'failed', finished_at = %(now)s"
            " WHERE agent_id = %(id)s AND state = 'executing'",
            id=AGENTS[number][0],
        )

    def spend(self, number: int) -> None:
        """Another attempt, begun and failed."""
        self.run(
            "INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at,"
            " not_before, released_at, started_at, finished_at) SELECT %(id)s,"
            " 'agent_unresponsive', 'failed', times.at, times.at, times.at, times.at, times.at"
            " FROM (SELECT %(now)s::timestamptz AS at) AS times",
            id=AGENTS[number][0],
        )

    def storm(self, is_storm: bool) -> None:
        self.is_storm = is_storm

    def freeze(self, policy_class: str | None) -> None:
        self.run(
            "SELECT health.add_freeze_window('freeze', %(now)s,"
            " %(now)s::timestamptz + interval '1 hour', 'ana', %(class)s)",
            **{"class": policy_class},
        )

    def thaw(self) -> None:
        self.run("UPDATE health.freeze_windows SET ended_at = %(now)s, ended_by = 'ana'")

    def maintain(self, number: int, is_maintained: bool) -> None:
        self.run(
            "UPDATE health.maintenance_periods SET ended_at = %(now)s"
            " WHERE agent_id = %(id)s AND ended_at IS NULL",
            id=AGENTS[number][0],
        )
        if is_maintained:
            self.run(
                "INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at)"
                " VALUES (%(window)s, %(id)s, %(now)s,"
                " %(now)s::timestamptz + interval '20 minutes')",
                window=number + 1,
                id=AGENTS[number][0],
            )

    def depend(self, child: int, parent: int) -> None:
        if parent < child:
            self.run(
                "INSERT INTO health.dependencies (child_id, parent_id)"
                " VALUES (%(child)s, %(parent)s) ON CONFLICT DO NOTHING",
                child=AGENTS[child][0],
                parent=AGENTS[parent][0],
            )

    def fall(self, number: int, is_down: bool) -> None:
        self.run(
            "UPDATE health.agent_status SET issue_type = %(issue)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            issue="agent_unresponsive" if is_down else None,
        )

    def blind(self) -> None:
        """The monitor was, until this moment."""
        self.run(
            "INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at)"
            " VALUES ('engine_stopped', %(now)s, %(now)s,"
            " %(now)s::timestamptz + interval '1 minute')"
        )

    def hear(self, number: int) -> None:
        self.run(
            "UPDATE health.agent_status SET last_heartbeat_at = %(now)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
        )

    def approve(self, number: int) -> None:
        self.run(
            "UPDATE health.recovery_actions SET approved_at = %(now)s, approved_by = 'ana'"
            " WHERE agent_id = %(id)s AND hold <> 'concurrency'",
            id=AGENTS[number][0],
        )

    def room(self, count: int) -> None:
        self.run("UPDATE health.settings SET recovery_concurrency = %(count)s", count=count)

    # --- the promise ---

    def check(self) -> None:
        storm = "storm: many" if self.is_storm else None
        self.run("SAVEPOINT before")
        self.run(
            "SELECT health_internal.apply_brakes(%(now)s, %(storm)s, ARRAY("
            "SELECT action_id FROM health.recovery_actions WHERE state = 'pending'))",
            storm=storm,
        )
        wanted = self.holds()
        self.run("ROLLBACK TO SAVEPOINT before")
        self.passed_over += self.run(
            "SELECT count(*) - cardinality(health_internal.recoveries_to_judge(%(now)s, %(storm)s,"
            " false)) FROM health.recovery_actions WHERE state = 'pending'",
            storm=self.is_storm,
        )[0][0]
        self.run("SELECT health_internal.apply_brakes(%(now)s, %(storm)s)", storm=storm)
        assert self.holds() == wanted

    def holds(self) -> list[tuple[Any, ...]]:
        return self.run(
            "SELECT agent_id, state, hold, released_at IS NOT NULL FROM health.recovery_actions"
            " ORDER BY action_id"
        )


def test_what_the_brakes_pass_over_they_would_leave(engine: Engine) -> None:
    passed_over = passed_over_in_all(engine.dsn, World, EXAMPLES, STEPS, 20)
    assert passed_over > 30, "the examples hold enough"
