"""All bad input at once, thrown at a small fleet while the whole engine ticks.

Constant series, gaps of days, restarts of counters, duplicates, rows that come late or from the
future, extreme numbers, a hundred new names a minute, agents that are removed, clocks that go back.
Whatever comes: no tick and no part of foresight raises, nothing they keep is infinite or NaN, and
nothing that was accepted makes a series fail. Each kind has a test of its own elsewhere; see the
table in docs/detection/series.md.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from conftest import Engine, at
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

#: What is kept of agents, series and trends: every number in it must be one.
KEPT = (
    "health.agent_status",
    "health.anomalies",
    "health.baselines",
    "health.rule_findings",
    "health_internal.agent_surprises",
    "health_internal.metric_series",
    "health_internal.resource_trends",
    "health_internal.series_states",
    "health_internal.shadow_states",
)

#: Rows of these tables that hold what is no number, in columns, arrays and states alike.
NO_NUMBERS = """
CREATE FUNCTION pg_temp.no_numbers(p_tables text [])
RETURNS TABLE (place text, row_text text)
LANGUAGE plpgsql
AS $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY p_tables
    LOOP
        -- A time that is infinite is written small.
        RETURN QUERY EXECUTE format(
            'SELECT %L, row.*::text FROM %s AS row WHERE row.*::text ~ ''NaN|Infinity'' LIMIT 1',
            v_table, v_table
        );
    END LOOP;
END;
$$
"""

#: What is wrong after a tick, in words; nothing may be.
COMPLAINTS: LiteralString = """
SELECT 'tick: ' || last_error AS complaint FROM health.engine_health WHERE last_error IS NOT NULL
UNION ALL
SELECT 'watch: ' || last_series_error FROM health.engine_health
WHERE last_series_error IS NOT NULL
UNION ALL
SELECT concat_ws(' ', 'series', metric_name, agent_id, error) FROM health.series
WHERE error IS NOT NULL
UNION ALL
SELECT part || ': ' || last_error FROM health.foresight_health WHERE last_error IS NOT NULL
UNION ALL
SELECT concat_ws(' ', 'score of', agent_id, score) FROM health.agent_status
WHERE NOT score BETWEEN 0 AND 100
UNION ALL
SELECT concat_ws(' ', 'interval of', agent_id, basis) FROM health.exhaustion
WHERE NOT (exhausts_earliest_at <= exhausts_at AND exhausts_at <= exhausts_latest_at)
UNION ALL
SELECT concat_ws(' ', 'no number in', place, row_text) FROM pg_temp.no_numbers(%s)
"""

sizes = st.one_of(
    st.floats(0, 1000).map(lambda value: value if value >= 1e-100 else 0.0),
    st.sampled_from([0.0, 1e-100, 1e-50, 1.0, 99.9, 1e6, 1e15]),
)
waits = st.sampled_from([0.0, 1.0, 66.0, 66.0, 66.0, HOUR, 5 * HOUR, 3 * DAY, 20 * DAY])
kinds = st.sampled_from(
    [
        "beat", "beat", "constant", "ramp", "restart", "same run restart", "twice", "late",
        "future", "names", "refused", "clock back", "foresee", "foresee", "learn", "removed",
        "states",
    ]
)  # fmt: skip
steps = st.tuples(kinds, st.integers(0, 2), waits, sizes, sizes)


class Fleet:
    """Three agents that behave badly, and a clock that nothing but this moves."""

    def __init__(self, engine: Engine, number: int, start: float) -> None:
        self.engine = engine
        self.agents = [f"agent-{number}-{place}" for place in range(3)]
        self.now = start
        self.counters = [0, 0, 0]
        self.runs = [0, 0, 0]
        self.names = itertools.count()

    def beat(self, place: int, moment: float, value: float, other: float, state: str) -> None:
        """A heartbeat with all that is watched, and two metrics."""
        agent_id = self.agents[place]
        self.counters[place] += 7
        self.engine.beat(
            agent_id, moment,
            state=state, run_id=f"run-{self.runs[place]}", error_count=self.counters[place],
            work_items_processed=10 * self.counters[place], average_processing_time_ms=value,
            cpu_usage_percent=min(100.0, value), memory_usage_mb=value, memory_limit_mb=other,
            cost_efficiency=min(100.0, other), revenue_impact_usd=-other,
        )  # fmt: skip
        self.log(agent_id, moment, "depth", value - other, "items")
        self.log(agent_id, moment, "disk_used", value, "percent")
        self.log(agent_id, moment, "sent_total", self.counters[place], "items")

    def log(self, agent_id: str, moment: float, name: str, value: float, unit: str) -> None:
        """A value of a metric; a difference next to nothing is 0, as the column wants it."""
        self.engine.run(
            "INSERT INTO health.performance_metrics"
            " (agent_id, metric_name, metric_value, unit, received_at) VALUES (%s, %s, %s, %s, %s)",
            agent_id, name, value if abs(value) >= 1e-100 else 0.0, unit, at(moment),
        )  # fmt: skip

    def act(self, kind: str, place: int, value: float, other: float) -> None:
        """One misbehaviour; ticks follow."""
        engine, agent_id = self.engine, self.agents[place]
        if kind in ("beat", "restart", "same run restart", "states"):
            if kind != "beat":
                self.counters[place] = 0
                self.runs[place] += kind == "restart"
            state = "failed" if kind == "states" else "running"
            self.beat(place, self.now, value, other, state)
        elif kind in ("constant", "ramp"):
            for minute in range(24):
                grown = value * (minute + 1) / 24 if kind == "ramp" else value
                self.beat(place, self.now + MINUTE * minute, max(grown, 1e-90), other, "idle")
            self.now += 24 * MINUTE
        elif kind == "twice":
            for _ in range(3):
                self.beat(place, self.now, value, other, "running")
        elif kind in ("late", "future"):
            away = {"late": (-30.0, -2 * HOUR, -3 * DAY), "future": (90.0,)}[kind]
            for seconds in away:
                self.beat(place, self.now + seconds, value, other, "running")
        elif kind == "names":
            engine.run(
                "INSERT INTO health.performance_metrics"
                " (agent_id, metric_name, metric_value, received_at)"
                " SELECT %s, %s || n, 1, %s FROM generate_series(1, 100) AS n",
                agent_id, f"user_{next(self.names)}_", at(self.now),
            )  # fmt: skip
        elif kind == "refused":
            for bad in (1e300, float("nan"), float("inf"), 1e-300):
                with pytest.raises(psycopg.errors.CheckViolation, match="plain_number"):
                    engine.run(
                        "INSERT INTO health.performance_metrics (agent_id, metric_name,"
                        " metric_value, received_at) VALUES (%s, 'depth', %s, %s)",
                        agent_id, bad, at(self.now),
                    )  # fmt: skip
        elif kind == "clock back":
            engine.tick(self.now - 10 * MINUTE)
        elif kind == "learn":
            # Where nothing is stored it says so.
            try:
                engine.run(
                    "SELECT health.establish_baselines(%s, p_now => %s)", agent_id, at(self.now)
                )
            except psycopg.DatabaseError as error:
                assert error.sqlstate == "SE001"  # noqa: PT017
            engine.rows("SELECT * FROM health.replay_anomalies(%s, 'depth')", agent_id)
        elif kind == "removed":
            engine.run("DELETE FROM health.agents WHERE agent_id = %s", agent_id)
        else:
            self.foresee()

    def foresee(self) -> None:
        """The parts of run_foresight that follow the tick, at the time of the test."""
        self.engine.run("UPDATE health_internal.foresight_parts SET last_run_at = NULL")
        for part in ("foresee_exhaustion", "judge_shadows", "refresh_recommendations"):
            self.engine.run("SELECT health_internal.run_foresight_part(%s, %s)", part, at(self.now))


@pytest.fixture
def throw(engine: Engine) -> Callable[[list[Any]], None]:
    """Throws steps at three new agents, and complains."""
    engine.run(NO_NUMBERS)
    engine.run("UPDATE health.settings SET series_per_agent = 60")
    engine.run("SELECT health.add_shadow_policy('strict', '{\"critical_below\": 90}')")
    numbers = itertools.count()
    clock = [0.0]

    def throw(history: list[Any]) -> None:
        fleet = Fleet(engine, next(numbers), clock[0])
        for kind, place, wait, value, other in history:
            fleet.now += wait
            fleet.act(kind, place, value, other)
            engine.tick(fleet.now + 1, is_replay=wait < HOUR)
        fleet.now += 130
        engine.tick(fleet.now)
        fleet.foresee()
        complaints = engine.rows(COMPLAINTS, list(KEPT))
        assert complaints == []
        clock[0] = fleet.now

    return throw


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, min_size=6, max_size=12))
def test_nothing_breaks_a_tick(throw: Callable[[list[Any]], None], history: list[Any]) -> None:
    throw(history)


def test_each_kind_of_bad_input_after_each_other(throw: Callable[[list[Any]], None]) -> None:
    """So that none is missed by chance: every kind, with the extremes."""
    names = (
        "beat", "constant", "ramp", "twice", "late", "future", "restart", "same run restart",
        "names", "refused", "clock back", "foresee", "learn", "states", "removed", "beat",
    )  # fmt: skip
    throw([
        (kind, place % 3, wait, value, other)
        for place, kind in enumerate(names)
        for wait, value, other in ((66.0, 1e15, 1e-100), (3 * DAY, 0.0, 1e15), (66.0, 5.0, 5.0))
    ])  # fmt: skip


def test_the_complaint_would_be_seen(engine: Engine) -> None:
    """The check itself: what is no number is found."""
    engine.run(NO_NUMBERS)
    engine.beat("a", 30, cpu_usage_percent=5)
    engine.tick(66)
    assert engine.rows(COMPLAINTS, list(KEPT)) == []
    engine.run("UPDATE health_internal.series_states SET last_value = 'NaN'")
    engine.run("UPDATE health_internal.metric_series SET last_value = 'Infinity'")
    found = [row["complaint"].split(" (")[0] for row in engine.rows(COMPLAINTS, list(KEPT))]
    assert sorted(found) == [
        "no number in health_internal.metric_series",
        "no number in health_internal.series_states",
    ]
