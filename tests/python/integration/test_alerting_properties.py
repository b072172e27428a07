"""What people are told, over random histories, against a model that knows only the rules.

The model is told what is true after each tick (who is dead, what is open, how severe) and what
people did; it says which messages must have been written in that tick, and no others. It knows
nothing of the engine's tables of what was told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from conftest import Engine

#: Second 0, as the engine of the tests has it.
START = datetime(2031, 5, 6, 7, 0, 0, tzinfo=UTC)
AGENTS = ("parent", "child", "twin", "lone")
PARENTS = {"child": "parent", "twin": "parent"}
STEP_SECONDS = 10
STEP_DELAY_SECONDS = 60
REPEAT_SECONDS = 150
PARENT_WAIT_SECONDS = 60
SEVERITIES = {"info": 1, "warning": 2, "critical": 3, "emergency": 4}

MANY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NOBODY_IS_OVERLOOKED = """
SELECT due_from <= (SELECT min(next_due_at) FROM health.agent_status) AS holds
FROM health_internal.engine
"""

#: What may happen before a tick: to an agent, or at the hands of people.
agents = st.sampled_from(AGENTS)
durations = st.sampled_from([15, 35, 95])
actions = st.one_of(
    st.tuples(st.just("state"), agents, st.sampled_from(["running", "failed", "dead"])),
    st.tuples(st.just("state"), agents, st.sampled_from(["running", "failed", "dead"])),
    st.tuples(st.just("flap"), agents, st.just(14)),
    st.tuples(st.just("finding"), agents, st.sampled_from([None, "warning", "emergency"])),
    st.tuples(st.just("silence"), agents, durations),
    st.tuples(st.just("maintenance"), agents, durations),
    st.tuples(st.just("cancel"), agents, st.just(0)),
    st.tuples(st.just("acknowledge"), agents, st.sampled_from([35, 95, None])),
    st.tuples(st.just("acknowledge_sticky"), agents, st.sampled_from([95, None])),
    st.tuples(st.just("unacknowledge"), agents, st.just(0)),
    st.tuples(st.just("channel"), st.just("console"), st.sampled_from(["failed", "refused"])),
    st.tuples(st.just("orphan"), st.just("child"), st.sampled_from([1, 1, 2])),
    st.tuples(st.just("unrecovered"), agents, st.just(0)),
    st.tuples(st.just("unmanaged"), agents, st.just(0)),
    st.tuples(st.just("gap"), st.just("fleet"), st.sampled_from([15, 45])),
    st.tuples(st.just("blackout"), st.just("fleet"), st.sampled_from([1, 3, 5])),
)
histories = st.lists(st.lists(actions, max_size=2), min_size=8, max_size=24)


def at(seconds: float) -> datetime:
    """A time of the history."""
    return START + timedelta(seconds=seconds)


@dataclass(slots=True)
class Incident:
    """What people know of one incident."""

    agent_id: str
    detected_at: float
    told: int | None = None
    withheld: bool = False
    is_over: bool = False
    #: Nothing is wrong any more, whether or not that is told.
    is_closed: bool = False
    escalates_from: float | None = None
    is_step_taken: bool = False
    is_failure_told: bool = False
    last_told_at: float = -1.0
    acknowledged: tuple[float | None, bool, int] | None = None
    #: Channels that hear of the end: told, and not before it left taken back.
    aware: set[str] = field(default_factory=set)
    #: Channels from which a mute took something back.
    owed: set[str] = field(default_factory=set)
    #: Channels that something has left for: delivered, given up, or in the hands of a bridge.
    reached: set[str] = field(default_factory=set)

    @property
    def was_paged(self) -> bool:
        """Whether anybody knows of it."""
        return bool(self.aware)


@dataclass(slots=True)
class World:
    """One history: the engine in an open transaction, and the model beside it."""

    engine: Engine
    connection: psycopg.Connection[Any]
    now: float = 0.0
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(AGENTS, "running"))
    flapping: dict[str, int] = field(default_factory=dict)
    silences: list[tuple[str, float, int]] = field(default_factory=list)
    windows: list[tuple[str, float, int]] = field(default_factory=list)
    incidents: dict[int, Incident] = field(default_factory=dict)
    channel_mood: str = "delivered"
    later: list[tuple[float, str, str, Any]] = field(default_factory=list)
    is_grouped: bool = False
    withdrawn: set[tuple[int, str]] = field(default_factory=set)
    owed: set[tuple[int, str]] = field(default_factory=set)
    fallen: set[str] = field(default_factory=set)
    back_at: dict[str, float] = field(default_factory=dict)
    #: The monitor's gaps, each from when on who beats is heard, and when it settles.
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Every row of a query."""
        return self.connection.execute(query.encode(), parameters or None).fetchall()

    # --- what happens ----------------------------------------------------------------------

    def begin(self, burst: int) -> None:
        """A small fleet in good health."""
        self.rows("SELECT health.set_policy('standard', '{\"is_recovery_enabled\": false}')")
        self.rows(
            "UPDATE health.settings SET group_burst = %s, parent_wait = %s * interval '1 second', "
            "group_interval = '1 minute', repeat_interval = %s * interval '1 second' RETURNING 1",
            burst,
            PARENT_WAIT_SECONDS,
            REPEAT_SECONDS,
        )
        self.rows("SELECT health.set_channel('backup', 'webhook')")
        self.rows("SELECT health.set_channel('boss', 'webhook', p_is_default => false)")
        self.rows(
            "SELECT health.set_escalation_policy('all', '{\"agent_id\": \"*\"}', %s)",
            f'[{{"channel": "boss", "delay": "{STEP_DELAY_SECONDS} seconds"}}]',
        )
        self.connection.execute(
            "INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) "
            "VALUES ('odd', 'info', 'odd', true)"
        )
        for agent in AGENTS:
            self.rows("SELECT health.register_agent(%s, p_expected_interval => '10 s')", agent)
        for child, parent in PARENTS.items():
            self.rows("SELECT health.add_dependency(%s, %s)", child, parent)
        for _ in range(4):
            self.step([])

    def step(self, todo: list[tuple[str, str, Any]]) -> None:
        """Ten seconds: things happen, agents beat, the engine ticks, a bridge works."""
        self.now += STEP_SECONDS
        ripe = [(what, whom, value) for when, what, whom, value in self.later if when <= self.now]
        self.later = [entry for entry in self.later if entry[0] > self.now]
        for what, whom, value in [*ripe, *todo]:
            getattr(self, f"do_{what}")(whom, value)
        for agent in AGENTS:
            if self.flapping.get(agent, 0) > 0:
                self.flapping[agent] -= 1
                self.states[agent] = "failed" if self.flapping[agent] % 2 else "running"
            if self.states[agent] != "dead":
                self.beat(agent, self.states[agent])
        self.engine.tick(self.now, by=self.connection)
        row = self.connection.execute(NOBODY_IS_OVERLOOKED).fetchone()
        assert row == {"holds": True}, "an agent is due before the engine looks for it"
        self.watch_parents()
        self.compare()
        self.deliver()

    def beat(self, agent: str, state: str) -> None:
        """A heartbeat that says all is well, whatever the state: no score ever alarms."""
        self.engine.beat(
            agent,
            self.now - 1,
            by=self.connection,
            state=state,
            work_items_processed=0,
            error_count=0,
            cpu_usage_percent=5,
            user_satisfaction=100,
        )

    def do_state(self, agent: str, state: str) -> None:
        self.states[agent] = state

    def do_flap(self, agent: str, steps: int) -> None:
        self.flapping[agent] = steps

    def do_finding(self, agent: str, severity: str | None) -> None:
        self.connection.execute("DELETE FROM health.rule_findings WHERE agent_id = %s", (agent,))
        if severity is not None:
            self.connection.execute(
                "INSERT INTO health.rule_findings "
                "(rule, agent_id, severity, summary, found_at, changed_at) "
                "VALUES ('odd', %s, %s, 'odd', %s, %s)",
                (agent, severity, at(self.now), at(self.now)),
            )

    def waiting(self) -> list[tuple[int, str, bool]]:
        """(incident, channel, whether it tells the end) of what has not left the database."""
        found = self.rows(
            "SELECT incident_id, channel, event FROM health_internal.notices "
            "UNION ALL SELECT incident_id, channel, event FROM health.deliveries "
            "WHERE state = 'pending' AND incident_id IS NOT NULL "
            "UNION ALL SELECT lines.incident_id, deliveries.channel, lines.event "
            "FROM health.deliveries, unnest(lines) AS lines WHERE state = 'pending'"
        )
        return [(row["incident_id"], row["channel"], row["event"] == "resolved") for row in found]

    def take_back(self, agent: str, waiting: list[tuple[int, str, bool]]) -> None:
        """The agent's trouble is muted: nobody hears any more what waited to be told."""
        mine = {
            number: incident
            for number, incident in self.incidents.items()
            if incident.agent_id == agent
        }
        ended: dict[int, set[str]] = {}
        for number, channel, is_end in waiting:
            if number not in mine:
                continue
            incident = mine[number]
            self.withdrawn.add((number, channel))
            if is_end:
                if channel in incident.reached:
                    ended.setdefault(number, set()).add(channel)
                continue
            if channel not in incident.reached:
                incident.aware.discard(channel)
            if not incident.is_closed and not incident.is_over:
                incident.owed.add(channel)
                incident.withheld = True
        for incident in mine.values():
            if not incident.aware and incident.withheld and not incident.is_closed:
                incident.told = None
            if incident.told is None:
                incident.owed = set()
        for number, channels in sorted(ended.items()):
            heir = next(
                (
                    mine[later]
                    for later in sorted(mine)
                    if later > number and not mine[later].is_closed and not mine[later].is_over
                ),
                None,
            )
            if heir is not None:
                heir.aware |= channels
                heir.reached |= channels
            else:
                mine[number].is_over, mine[number].withheld = False, True
                mine[number].aware = channels
        left = [entry for entry in self.waiting() if entry[0] in mine]
        assert left == [], "a mute takes back what is waiting"

    def do_silence(self, agent: str, seconds: int) -> None:
        waiting = self.waiting()
        (row,) = self.rows(
            "SELECT health.silence(jsonb_build_object('agent_id', %s::text), %s, 'ana', 'x', %s)",
            agent,
            at(self.now + seconds),
            at(self.now),
        )
        self.silences.append((agent, self.now + seconds, row["silence"]))
        self.take_back(agent, waiting)

    def do_maintenance(self, agent: str, seconds: int) -> None:
        waiting = self.waiting()
        (row,) = self.rows(
            "SELECT health.schedule_maintenance(jsonb_build_object('agent_id', %s::text), %s, %s, "
            "'ana', 'x', p_now => %s)",
            agent,
            at(self.now),
            at(self.now + seconds),
            at(self.now),
        )
        self.windows.append((agent, self.now + seconds, row["schedule_maintenance"]))
        self.take_back(agent, waiting)

    def do_cancel(self, agent: str, _value: int) -> None:
        for kept, function in (
            (self.silences, "end_silence"),
            (self.windows, "cancel_maintenance"),
        ):
            for place, (whose, until, number) in enumerate(kept):
                if whose == agent and until > self.now:
                    self.rows(f"SELECT health.{function}(%s, 'ana', %s)", number, at(self.now))
                    kept[place] = (whose, self.now, number)

    def do_acknowledge(self, agent: str, seconds: int | None, is_sticky: bool = False) -> None:
        opened = self.rows(
            "SELECT alert_id, incident_id FROM health.open_alerts WHERE agent_id = %s LIMIT 1",
            agent,
        )
        for row in opened:
            until = None if seconds is None else self.now + seconds
            severity = self.severities()[row["incident_id"]]
            waiting = [
                entry for entry in self.waiting() if entry[0] == row["incident_id"] and not entry[2]
            ]
            self.rows(
                "SELECT health.acknowledge_alert(%s, 'ana', NULL, %s, %s, %s)",
                row["alert_id"],
                None if until is None else at(until),
                is_sticky,
                at(self.now),
            )
            incident = self.incidents[row["incident_id"]]
            incident.acknowledged = (until, is_sticky, severity)
            incident.told = None
            incident.withheld = True
            self.take_back(agent, waiting)
            pending = self.rows(
                "SELECT FROM health.deliveries WHERE incident_id = %s AND state = 'pending' "
                "AND event <> 'resolved'",
                row["incident_id"],
            )
            assert pending == [], "an acknowledgement cancels what is pending"

    def do_acknowledge_sticky(self, agent: str, seconds: int | None) -> None:
        self.do_acknowledge(agent, seconds, is_sticky=True)

    def do_unacknowledge(self, agent: str, _value: int) -> None:
        opened = self.rows(
            "SELECT min(alert_id) AS alert_id, incident_id FROM health.open_alerts "
            "WHERE agent_id = %s AND acknowledged_at IS NOT NULL GROUP BY incident_id",
            agent,
        )
        for row in opened:
            incident = self.incidents[row["incident_id"]]
            if incident.acknowledged is not None:
                self.rows(
                    "SELECT health.unacknowledge_alert(%s, 'ana', %s)",
                    row["alert_id"],
                    at(self.now),
                )
                incident.acknowledged = None

    def do_unrecovered(self, agent: str, _value: int) -> None:
        """Automatic recovery gives up; of a healthy agent that is over at once."""
        self.rows(
            "SELECT health_internal.open_recovery_failed(%s, ARRAY[%s], 'it did not help')",
            at(self.now),
            agent,
        )

    def do_unmanaged(self, agent: str, _value: int) -> None:
        """No bridge manages it: part of its trouble, if it has any, and no news of its own."""
        opened = self.rows(
            "SELECT incident_id FROM health.open_alerts WHERE agent_id = %s "
            "GROUP BY incident_id HAVING NOT bool_or(rule = 'recovery_failed')",
            agent,
        )
        self.rows(
            "SELECT health_internal.open_recovery_failed(%s, ARRAY[%s], 'nobody can', false)",
            at(self.now),
            agent,
        )
        for row in opened:
            self.incidents[row["incident_id"]].is_failure_told = True

    def do_channel(self, _channel: str, mood: str) -> None:
        self.channel_mood = mood

    def do_orphan(self, child: str, steps: int) -> None:
        """The parent dies, and the child fails while nobody can be sure of the parent yet."""
        self.states[PARENTS[child]] = "dead"
        self.later.append((self.now + steps * STEP_SECONDS, "state", child, "failed"))

    def do_gap(self, _fleet: str, settle_seconds: int) -> None:
        """The server was started anew two seconds ago; whether it was away long does not matter."""
        self.gaps.append((self.now - 2, self.now + settle_seconds))
        self.rows(
            "INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) "
            "VALUES ('server_restarted', %s, %s, %s, jsonb_build_object("
            "'server_started_at', %s::timestamptz)) RETURNING 1",
            at(self.now - 3),
            at(self.now - 1),
            at(self.now + settle_seconds),
            at(self.now - 2),
        )

    def is_unheard(self, agent: str) -> bool:
        """Whether what is known of it is from before a gap that has not settled."""
        heard_at = self.status(agent)["last_heartbeat_at"]
        return any(heard_at < at(since) and self.now < until for since, until in self.gaps)

    def is_recovering(self, number: int, incident: Incident) -> bool:
        """Whether nothing but a score's margin keeps alive what nobody was told of."""
        (row,) = self.rows(
            "SELECT bool_and(starts_with(rule, 'score_')) AND (SELECT bad_evaluations & 1 = 0 "
            "FROM health.agent_status WHERE agent_id = %s) AS is_recovering "
            "FROM health.open_alerts WHERE incident_id = %s",
            incident.agent_id,
            number,
        )
        return incident.told is None and bool(row["is_recovering"])

    def do_blackout(self, _fleet: str, steps: int) -> None:
        """All fall silent; it is found out that it is one trouble."""
        self.flapping.clear()
        self.states = dict.fromkeys(AGENTS, "dead")
        self.later.append((self.now + steps * STEP_SECONDS, "declare", "fleet", 0))

    def do_declare(self, _fleet: str, _value: int) -> None:
        """One incident for those who are silent, as the watch over the fleet would open."""
        silent = [agent for agent in AGENTS if self.states[agent] == "dead"]
        if len(silent) > 1:
            self.rows(
                "SELECT health_internal.open_fleet_incident(%s, %s, 'fleet_silent', 'all gone')",
                at(self.now),
                silent,
            )

    def deliver(self) -> None:
        """A bridge: the console has its moods, the others work."""
        claimed = self.rows(
            "SELECT * FROM health.claim_deliveries('w', 1000, NULL, %s)", at(self.now)
        )
        for row in claimed:
            outcome = self.channel_mood if row["channel"] == "console" else "delivered"
            if outcome != "failed":
                for number in self.incidents_of(row["delivery_id"]):
                    self.incidents[number].reached.add(row["channel"])
            self.rows(
                "SELECT health.report_delivery(%s, %s, %s, '{}', %s)",
                row["delivery_id"],
                row["fencing_token"],
                outcome,
                at(self.now),
            )
        self.channel_mood = "delivered"

    def incidents_of(self, delivery_id: int) -> list[int]:
        """Incidents of agents a message tells of."""
        found = self.rows(
            "SELECT unnest(health_internal.incidents_of(deliveries)) AS number "
            "FROM health.deliveries WHERE delivery_id = %s",
            delivery_id,
        )
        return [row["number"] for row in found if row["number"] in self.incidents]

    # --- what must follow ------------------------------------------------------------------

    def severities(self) -> dict[int, int]:
        """Highest severity of what is open in each incident."""
        found = self.rows("SELECT incident_id, severity FROM health.open_alerts")
        highest: dict[int, int] = {}
        for row in found:
            rank = SEVERITIES[row["severity"]]
            highest[row["incident_id"]] = max(rank, highest.get(row["incident_id"], 0))
        return highest

    def mutes(self, agent: str) -> bool:
        """Whether the agent's trouble and its end are kept quiet."""
        return (
            any(whose == agent and until > self.now for whose, until, _ in self.windows)
            or any(whose == agent and until > self.now for whose, until, _ in self.silences)
            or agent in self.flappers
        )

    def status(self, agent: str) -> dict[str, Any]:
        """What the engine holds of an agent, and how long it may be silent."""
        (row,) = self.rows(
            "SELECT liveness, active_conditions, last_heartbeat_at, grace_seconds + "
            "learnt_interval_seconds * unresponsive_intervals AS allowed_seconds "
            "FROM health.agent_status WHERE agent_id = %s",
            agent,
        )
        return row

    def watch_parents(self) -> None:
        """Who of the parents fell, and when it came back."""
        for parent in sorted(set(PARENTS.values())):
            if {"unresponsive", "failed"} & set(self.status(parent)["active_conditions"]):
                self.fallen.add(parent)
            elif parent in self.fallen:
                self.fallen.remove(parent)
                self.back_at[parent] = self.now

    def parent_state(self, agent: str) -> str:
        """Up, late or down, also while the agent has had no time to be heard since."""
        if agent not in PARENTS:
            return "up"
        parent = PARENTS[agent]
        if parent in self.fallen:
            return "down"
        child, back_at = self.status(agent), self.back_at.get(parent)
        if (
            back_at is not None
            and child["last_heartbeat_at"] <= at(back_at)
            and self.now < back_at + child["allowed_seconds"]
        ):
            return "down"
        return "late" if self.status(parent)["liveness"] == "late" else "up"

    @property
    def flappers(self) -> set[str]:
        """Who flaps; the arithmetic of it is tested elsewhere."""
        return {
            row["agent_id"]
            for row in self.rows("SELECT agent_id FROM health_internal.flapping_agents")
        }

    def expected(self) -> set[tuple[int, str, str]]:
        """(incident, channel, kind) that must have been told in this tick."""
        messages: set[tuple[int, str, str]] = set()
        highest = self.severities()
        found = self.rows(
            "SELECT own.incident_id, own.agent_id, own.resolved_at, own.detected_at, "
            "fleet.incident_id AS fleet_id "
            "FROM health.incidents AS own LEFT JOIN health.incidents AS fleet "
            "ON fleet.incident_id = own.fleet_incident_id AND fleet.resolved_at IS NULL "
            "WHERE own.agent_id IS NOT NULL ORDER BY own.incident_id"
        )
        for row in found:
            number = row["incident_id"]
            if number not in self.incidents:
                self.incidents[number] = Incident(row["agent_id"], self.now)
                self.take_over(number)
        for row in found:
            number, incident = row["incident_id"], self.incidents[row["incident_id"]]
            if row["resolved_at"] is None:
                messages |= self.open_messages(
                    number, incident, highest[number], row["fleet_id"] is not None
                )
            else:
                incident.is_closed = True
            if row["resolved_at"] is not None and not incident.is_over:
                messages |= self.end_messages(number, incident)
        return messages

    def take_over(self, number: int) -> None:
        """An end that was withheld is superseded by trouble that came back."""
        incident = self.incidents[number]
        for earlier, other in self.incidents.items():
            if earlier < number and other.agent_id == incident.agent_id and not other.is_over:
                other.is_over = True
                incident.aware |= other.aware
                incident.reached |= other.aware

    def open_messages(
        self, number: int, incident: Incident, severity: int, is_in_fleet_incident: bool
    ) -> set[tuple[int, str, str]]:
        """What must be told of an open incident now."""
        has_risen = False
        if incident.acknowledged is not None:
            until, is_sticky, taken = incident.acknowledged
            has_risen = severity > taken and not is_sticky
            if has_risen or (until is not None and until <= self.now):
                incident.acknowledged = None
        is_step_due = (
            incident.told is not None
            and not incident.is_step_taken
            and incident.escalates_from is not None
            and self.now >= incident.escalates_from + STEP_DELAY_SECONDS
            and severity >= SEVERITIES["warning"]
        )
        is_unrecovered = bool(
            self.rows(
                "SELECT FROM health.open_alerts "
                "WHERE incident_id = %s AND rule = 'recovery_failed'",
                number,
            )
        )
        if has_risen:
            news = "worse"
        elif incident.told is None:
            news = "new"
        elif severity > incident.told:
            news = "worse"
        elif is_unrecovered and not incident.is_failure_told:
            news = "recovery_failed"
        elif self.now >= incident.last_told_at + REPEAT_SECONDS:
            news = "reminder"
        elif is_step_due:
            news = "step"
        elif incident.owed:
            news = "withdrawn"
        else:
            incident.withheld = False
            return set()
        parent = self.parent_state(incident.agent_id)
        if (
            self.mutes(incident.agent_id)
            or is_in_fleet_incident
            or self.is_unheard(incident.agent_id)
            or self.is_recovering(number, incident)
            or parent == "down"
            or (
                parent == "late"
                and not incident.was_paged
                and self.now < incident.detected_at + PARENT_WAIT_SECONDS
            )
            or incident.acknowledged is not None
        ):
            incident.withheld = True
            self.assert_on_record(number, incident)
            return set()
        kind = "page"
        if news == "worse":
            kind = "escalated"
        elif news == "recovery_failed" or (news == "reminder" and not incident.withheld):
            kind = news
        channels = {"boss"} if is_step_due else set()
        if news == "step" and not incident.withheld:
            kind = "escalated"
        elif severity >= SEVERITIES["warning"]:
            channels |= {"console", "backup"} if news != "withdrawn" else incident.owed
            channels |= incident.owed
        incident.owed = set()
        if incident.told is None:
            incident.escalates_from = self.now
            incident.is_step_taken = False
        incident.is_step_taken = incident.is_step_taken or is_step_due
        incident.is_failure_told = incident.is_failure_told or is_unrecovered
        incident.aware |= channels
        incident.told = max(severity, incident.told or 0)
        incident.withheld = False
        incident.last_told_at = self.now
        return {(number, channel, kind) for channel in channels}

    def end_messages(self, number: int, incident: Incident) -> set[tuple[int, str, str]]:
        """What must be told of an incident that is over."""
        incident.acknowledged = None
        if incident.was_paged and self.mutes(incident.agent_id):
            incident.withheld = True
            self.assert_on_record(number, incident)
            return set()
        incident.is_over = True
        if not incident.was_paged:
            return set()
        return {(number, channel, "resolved") for channel in incident.aware}

    def assert_on_record(self, number: int, incident: Incident) -> None:
        """Why nothing is said since the last word stands in the ledger."""
        found = self.rows(
            "SELECT FROM health.alert_events WHERE incident_id = %s AND occurred_at >= %s "
            "AND event IN ('suppressed', 'acknowledged')",
            number,
            at(max(incident.last_told_at, 0)),
        )
        assert found, f"nothing says why incident {number} was not told"

    def told(self) -> set[tuple[int, str, str]]:
        """(incident, channel, kind) the engine told in this tick."""
        kinds = {"opened": "page", "truth": "page"}
        found = self.rows(
            "SELECT incident_id, channel, event, idempotency_key FROM health.deliveries "
            "WHERE created_at = %s AND agent_ids <> '{}'",
            at(self.now),
        )
        messages = {
            (row["incident_id"], row["channel"], kinds.get(row["event"], row["event"]))
            for row in found
        }
        assert len(messages) == len(found), "a message was written twice"
        return messages

    def compare(self) -> None:
        """The engine said what the model says, no less and no more."""
        expected = self.expected()
        if self.is_grouped:
            self.owed |= {(number, channel) for number, channel, _ in expected}
        else:
            assert self.told() == expected, f"at {self.now:.0f} s"


@pytest.fixture
def world(engine: Engine) -> Iterator[Any]:
    """Makes worlds, each in a transaction that is rolled back."""
    opened: list[psycopg.Connection[Any]] = []

    def make(*, is_grouped: bool) -> World:
        while opened:
            opened.pop().close()
        opened.append(engine.connect(autocommit=False))
        made = World(engine, opened[-1], is_grouped=is_grouped)
        made.begin(1 if is_grouped else 1000)
        return made

    yield make
    while opened:
        opened.pop().close()


def live_happily(world: World) -> None:
    """Everybody recovers, every mute ends: nothing is left open, owed or waiting."""
    world.flapping.clear()
    world.later.clear()
    for agent in AGENTS:
        world.do_state(agent, "running")
        world.do_finding(agent, None)
        world.do_cancel(agent, 0)
    for _ in range(32):
        world.step([])
    assert world.rows("SELECT * FROM health.open_alerts WHERE agent_id IS NOT NULL") == []
    assert world.rows("SELECT FROM health_internal.flapping_agents") == []
    unsettled = world.rows(
        "SELECT incident_id FROM health.incidents WHERE NOT is_settled AND agent_id IS NOT NULL"
    )
    assert unsettled == []
    assert world.rows("SELECT FROM health_internal.notices") == []


#: Histories that chance finds too seldom.
BEFORE_THE_VERDICT = [[("orphan", "child", 1)], [], [], [], [("state", "parent", "running")], []]
MUTE_UPON_MUTE = [
    [("state", "lone", "failed")],
    [("acknowledge", "lone", 35)],
    [("maintenance", "lone", 95)],
    [("silence", "lone", 95)],
    *[[] for _ in range(12)],
]
BACK_WHILE_QUIET = [
    [("state", "lone", "failed")],
    [("silence", "lone", 95)],
    [("state", "lone", "running")],
    [("state", "lone", "failed")],
    [("state", "lone", "running")],
    *[[] for _ in range(12)],
]

MUTED_WHILE_IT_WAITS = [
    [("state", "lone", "failed"), ("channel", "console", "failed")],
    [("silence", "lone", 35)],
    *[[] for _ in range(5)],
    [("finding", "lone", "emergency"), ("channel", "console", "failed")],
    [("maintenance", "lone", 35)],
    *[[] for _ in range(5)],
]
END_WITHDRAWN = [
    [("state", "lone", "failed")],
    [("state", "lone", "running"), ("channel", "console", "failed")],
    [("silence", "lone", 35)],
    *[[] for _ in range(5)],
]
WITHDRAWN_AND_BACK = [
    [("state", "lone", "failed")],
    [("state", "lone", "running"), ("channel", "console", "failed")],
    [("state", "lone", "failed"), ("channel", "console", "failed")],
    [("maintenance", "lone", 35)],
    *[[] for _ in range(6)],
]

GIVEN_UP = [
    [("state", "lone", "failed")],
    [("unrecovered", "lone", 0)],
    [("silence", "lone", 35), ("unrecovered", "twin", 0)],
    *[[] for _ in range(4)],
    [("acknowledge", "lone", 95)],
    *[[] for _ in range(26)],
]

#: A mute ends just after a restart of the server: of two agents that died one is back by then.
MUTED_INTO_A_GAP = [
    [("state", "lone", "dead"), ("state", "twin", "dead")],
    [("maintenance", "lone", 95), ("silence", "twin", 95)],
    *[[] for _ in range(8)],
    [("gap", "fleet", 45)],
    [],
    [("state", "lone", "running")],
    *[[] for _ in range(8)],
]

NOBODYS = [
    [("state", "lone", "failed"), ("finding", "twin", "warning")],
    [("unmanaged", "lone", 0), ("unmanaged", "twin", 0)],
    [("unrecovered", "lone", 0), ("unrecovered", "twin", 0)],
    [("finding", "twin", None), ("silence", "lone", 35)],
    *[[] for _ in range(6)],
    [("unmanaged", "lone", 0), ("acknowledge", "lone", 35)],
    *[[] for _ in range(20)],
]


@pytest.mark.slow
@MANY
@example(history=BEFORE_THE_VERDICT)
@example(history=MUTE_UPON_MUTE)
@example(history=BACK_WHILE_QUIET)
@example(history=MUTED_WHILE_IT_WAITS)
@example(history=END_WITHDRAWN)
@example(history=WITHDRAWN_AND_BACK)
@example(history=GIVEN_UP)
@example(history=MUTED_INTO_A_GAP)
@example(history=NOBODYS)
@given(history=histories)
def test_people_are_told_what_they_should_know_once(
    world: Any, history: list[list[tuple[str, str, Any]]]
) -> None:
    played = world(is_grouped=False)
    for todo in history:
        played.step(todo)
    live_happily(played)
    for incident in played.incidents.values():
        assert incident.is_over


@pytest.mark.slow
@settings(MANY, max_examples=8)
@given(history=histories)
def test_grouping_loses_nothing_and_tells_nothing_twice(
    world: Any, history: list[list[tuple[str, str, Any]]]
) -> None:
    """With digests each channel hears of every incident it is owed, and of no other."""
    played = world(is_grouped=True)
    for todo in history:
        played.step(todo)
    live_happily(played)
    heard = {
        (row["incident_id"], row["channel"])
        for row in played.rows(
            "SELECT events.incident_id, events.channel FROM health.alert_events AS events "
            "JOIN health.deliveries USING (delivery_id) "
            "WHERE events.event IN ('queued', 'grouped') AND events.agent_id IS NOT NULL"
        )
    }
    assert heard <= played.owed
    unheard = played.owed - heard
    # A mute takes back what still waited to be told.
    assert unheard <= played.withdrawn
