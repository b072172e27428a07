"""An act that compares nothing leaves nothing undone, whatever changed in between.

Each example is one transaction, rolled back: after each change to the world the act is told to
compare everything, and then, from the same state, decides by itself whether it need. The result is
one.
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

#: Each its class of policy and what it earns an hour.
AGENTS = [("a", "standard", 0), ("b", "standard", 900), ("c", "gold", 1500), ("d", "gold", 0)]
NUMBERS = st.integers(0, len(AGENTS) - 1)
CONDITIONS = st.sampled_from(["", "failed", "failed,score_critical", "high_error_rate"])
ISSUES = st.sampled_from([None, "agent_unresponsive", "high_error_rate"])

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("suffer"), NUMBERS, CONDITIONS),
        st.tuples(st.just("fall"), NUMBERS, ISSUES),
        st.tuples(st.just("lose"), NUMBERS, st.sampled_from([0, -200, -2000])),
        st.tuples(st.just("live"), NUMBERS, st.sampled_from(["alive", "stopped", "starting"])),
        st.tuples(st.just("maintain"), NUMBERS, st.booleans()),
        st.tuples(st.just("earn"), NUMBERS, st.sampled_from([0, 950, 5000])),
        st.tuples(st.just("find"), NUMBERS, st.sampled_from([None, "warning", "critical"])),
        st.tuples(st.just("enable"), st.sampled_from(["odd", "failed"]), st.booleans()),
        st.tuples(st.just("limit"), st.sampled_from(["standard", "gold"]), st.booleans()),
        st.tuples(st.just("plan"), st.sampled_from(["standard", "gold"])),
        st.tuples(st.just("move"), NUMBERS, st.sampled_from(["executing", "failed", "escalated"])),
        st.tuples(st.just("request"), NUMBERS),
        st.tuples(st.just("stick"), NUMBERS, st.booleans()),
        st.tuples(st.just("resolve"), NUMBERS),
        st.tuples(st.just("forget"), NUMBERS),
    ),
    min_size=8,
    max_size=16,
)

EXAMPLES: list[list[Step]] = [
    # What it loses decides, beside a condition and beside a finding.
    [("suffer", 1, "failed"), ("lose", 1, -200), ("lose", 1, 0)],
    [("find", 1, "critical"), ("lose", 1, -200)],
    [("suffer", 1, "failed"), ("earn", 1, 5000), ("limit", "standard", True)],
    # A goodbye in maintenance is no transition, and no recovery while it is being restarted.
    [("fall", 0, "agent_unresponsive"), ("move", 0, "executing"), ("suffer", 0, "failed"),
     ("maintain", 0, True), ("live", 0, "stopped"), ("suffer", 0, ""), ("live", 0, "alive")],
    [("fall", 0, "agent_unresponsive"), ("move", 0, "executing"), ("suffer", 0, "failed"),
     ("live", 0, "stopped"), ("suffer", 0, ""), ("move", 0, "failed")],
    # What a person has in hand stays his until it is over.
    [("fall", 2, "high_error_rate"), ("move", 2, "escalated"), ("fall", 2, None)],
    [("fall", 2, "high_error_rate"), ("limit", "gold", False), ("move", 2, "failed"),
     ("limit", "gold", True)],
    [("suffer", 3, "failed"), ("enable", "failed", False), ("enable", "failed", True)],
    [("stick", 3, True), ("stick", 3, False)],
    [("suffer", 3, "failed"), ("resolve", 3), ("forget", 3)],
]  # fmt: skip


@dataclass(slots=True)
class World(passing_over.World):
    """The tables that the act compares."""

    def prepare(self) -> None:
        self.run("SELECT health.set_policy('gold', '{}')")
        self.run(
            "INSERT INTO health.alert_rules (rule, severity, summary, is_builtin)"
            " VALUES ('odd', 'warning', 'odd', true)"
        )
        for agent_id, policy_class, revenue in AGENTS:
            self.run(
                "INSERT INTO health.agents (agent_id, agent_name, policy_class,"
                " revenue_usd_per_hour) VALUES (%(id)s::text, %(id)s::text, %(class)s, %(usd)s)",
                **{"id": agent_id, "class": policy_class, "usd": revenue},
            )
            self.run(
                "INSERT INTO health.agent_status (agent_id, policy_class, status, liveness)"
                " VALUES (%(id)s, %(class)s, 'good', 'alive')",
                **{"id": agent_id, "class": policy_class},
            )
        self.run(
            "INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by,"
            " reason) VALUES ('{}', %(now)s, 'infinity', 'ana', '')"
        )
        # No tick, so never the eighth.
        self.run("UPDATE health_internal.engine SET tick_id = 1")

    # --- what happens ---

    def suffer(self, number: int, conditions: str) -> None:
        self.run(
            "UPDATE health.agent_status SET active_conditions = string_to_array(%(names)s, ',')"
            " WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            names=conditions,
        )

    def fall(self, number: int, issue: str | None) -> None:
        self.run(
            "UPDATE health.agent_status SET issue_type = %(issue)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            issue=issue,
        )

    def lose(self, number: int, usd: int) -> None:
        self.run(
            "UPDATE health.agent_status SET revenue_impact_usd = %(usd)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            usd=usd,
        )

    def live(self, number: int, liveness: str) -> None:
        self.run(
            "UPDATE health.agent_status SET liveness = %(liveness)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            liveness=liveness,
        )

    def maintain(self, number: int, is_maintained: bool) -> None:
        self.run(
            "UPDATE health.maintenance_periods SET ended_at = %(now)s"
            " WHERE agent_id = %(id)s AND ended_at IS NULL",
            id=AGENTS[number][0],
        )
        if is_maintained:
            self.run(
                "INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at)"
                " SELECT max(window_id), %(id)s, %(now)s, 'infinity'"
                " FROM health.maintenance_windows",
                id=AGENTS[number][0],
            )

    def earn(self, number: int, usd: int) -> None:
        self.run(
            "UPDATE health.agents SET revenue_usd_per_hour = %(usd)s WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
            usd=usd,
        )

    def find(self, number: int, severity: str | None) -> None:
        if severity is None:
            self.run(
                "DELETE FROM health.rule_findings WHERE agent_id = %(id)s", id=AGENTS[number][0]
            )
            return
        self.run(
            "INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at,"
            " changed_at) VALUES ('odd', %(id)s, %(severity)s, 'odd', %(now)s, %(now)s)"
            " ON CONFLICT (rule, agent_id) DO UPDATE SET severity = excluded.severity",
            id=AGENTS[number][0],
            severity=severity,
        )

    def enable(self, rule: str, is_enabled: bool) -> None:
        self.run(
            "UPDATE health.alert_rules SET is_enabled = %(enabled)s WHERE rule = %(rule)s",
            rule=rule,
            enabled=is_enabled,
        )

    def limit(self, policy_class: str, is_low: bool) -> None:
        """A policy that thinks much or little of losses, and restarts or does not."""
        self.run(
            "SELECT health.set_policy(%(class)s, jsonb_build_object("
            "'revenue_loss_limit_usd', %(usd)s::integer, 'is_recovery_enabled', %(low)s::boolean))",
            **{"class": policy_class, "usd": 100 if is_low else 10_000, "low": is_low},
        )

    def plan(self, policy_class: str) -> None:
        self.run(
            "SELECT health.set_recovery_strategy(%(class)s, 'high_error_rate',"
            ' \'[{"action": "restart_agent"}, {"action": "verify"}]\')',
            **{"class": policy_class},
        )

    def move(self, number: int, state: str) -> None:
        self.run(
            "UPDATE health.recovery_actions SET state = %(state)s::text, claimed_by = 'w',"
            " hold = NULL,"
            " started_at = %(now)s, released_at = %(now)s, lease_until = 'infinity',"
            " finished_at = CASE WHEN %(state)s <> 'executing' THEN %(now)s::timestamptz END"
            " WHERE agent_id = %(id)s AND finished_at IS NULL",
            id=AGENTS[number][0],
            state=state,
        )

    def request(self, number: int) -> None:
        self.run(
            "INSERT INTO health.recovery_actions (agent_id, issue_type, requested_by, created_at,"
            " not_before, released_at) VALUES (%(id)s, 'agent_unresponsive', 'ana', %(now)s,"
            " %(now)s, %(now)s) ON CONFLICT DO NOTHING",
            id=AGENTS[number][0],
        )

    def stick(self, number: int, is_stuck: bool) -> None:
        self.run("DELETE FROM health.stuck_sessions WHERE agent_id = %(id)s", id=AGENTS[number][0])
        if is_stuck:
            self.run(
                "INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name,"
                " problem, stuck_since, found_at) VALUES (%(pid)s, %(now)s, %(id)s, 'x',"
                " 'blocks_others', %(now)s, %(now)s)",
                id=AGENTS[number][0],
                pid=number,
            )

    def resolve(self, number: int) -> None:
        self.run(
            "SELECT health.resolve_alert(alert_id, 'ana', p_now => %(now)s) FROM health.open_alerts"
            " WHERE agent_id = %(id)s",
            id=AGENTS[number][0],
        )

    def forget(self, number: int) -> None:
        self.run("SELECT health_internal.forget_agents(ARRAY[%(id)s])", id=AGENTS[number][0])

    # --- the promise ---

    def check(self) -> None:
        # What an act does is compared by the next; after that all is quiet.
        for _ in range(3):
            self.check_once()

    def check_once(self) -> None:
        self.wait(1)
        self.run("SAVEPOINT before")
        self.run("INSERT INTO health_internal.act_causes (cause) VALUES ('the test')")
        self.run("SELECT health_internal.act_phase(%(now)s)")
        wanted = self.outcome()
        self.run("ROLLBACK TO SAVEPOINT before")
        self.passed_over += not self.run("SELECT health_internal.is_act_due()")[0][0]
        self.run("ROLLBACK TO SAVEPOINT before")
        self.run("SELECT health_internal.act_phase(%(now)s)")
        assert self.outcome() == wanted

    def outcome(self) -> list[tuple[Any, ...]]:
        """What is open, what is told, what is being done."""
        return [
            *self.run(
                "SELECT agent_id, rule, severity, opened_at, resolved_at FROM health.alerts"
                " ORDER BY agent_id, rule, opened_at"
            ),
            *self.run(
                "SELECT agent_id, state, action, hold, attempt, incident_id IS NULL, released_at,"
                " finished_at, settled_at, told_at FROM health.recovery_actions ORDER BY action_id"
            ),
            *self.run(
                "SELECT agent_id, event, reason_code, occurred_at FROM health.alert_events"
                " ORDER BY agent_id, event, reason_code, occurred_at"
            ),
            *self.run("SELECT troubled_count FROM health_internal.engine"),
        ]


def test_what_is_not_compared_agrees(engine: Engine) -> None:
    passed_over = passed_over_in_all(engine.dsn, World, EXAMPLES, STEPS, 10)
    assert passed_over > 100, "often enough nothing is compared"
