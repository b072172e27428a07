"""The detector over random series: one step at a time, all at once, in pieces: always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Engine

MANY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

STEP_BY_STEP = """
CREATE OR REPLACE FUNCTION pg_temp.step_by_step(p_at timestamptz [], p_value float8 [])
RETURNS SETOF health_internal.detection
LANGUAGE plpgsql
AS $$
DECLARE
    v_said health_internal.detection;
BEGIN
    FOR v_place IN 1..cardinality(p_at) LOOP
        v_said := health_internal.detect(v_said.state, p_at[v_place], p_value[v_place]);
        RETURN NEXT v_said;
    END LOOP;
END;
$$
"""

#: A state is whole after every step; detect_series gives it with the last point only.
SAME = """
WITH points AS MATERIALIZED (
    SELECT
        array_agg(to_timestamp(at) ORDER BY place) AS at,
        array_agg(value ORDER BY place) AS value
    FROM unnest(%(at)s::float8 [], %(value)s::float8 []) WITH ORDINALITY AS p (at, value, place)
),

single AS MATERIALIZED (
    SELECT one.* FROM points, pg_temp.step_by_step(at, value) WITH ORDINALITY
        AS one (
            state, score, is_anomaly, expected_low, expected_high, reason, surprise,
            distance, place
        )
),

whole AS MATERIALIZED (
    SELECT one.* FROM points, health_internal.detect_series(NULL, at, value)
        WITH ORDINALITY
        AS one (
            state, score, is_anomaly, expected_low, expected_high, reason, surprise,
            distance, place
        )
)

SELECT
    (
        SELECT count(*) FROM single FULL JOIN whole USING (place)
        WHERE (single.score, single.is_anomaly, single.expected_low, single.expected_high)
            IS DISTINCT FROM
            (whole.score, whole.is_anomaly, whole.expected_low, whole.expected_high)
            OR (single.reason, single.surprise, single.distance)
            IS DISTINCT FROM (whole.reason, whole.surprise, whole.distance)
            OR (whole.state IS NOT NULL AND single.state::text <> whole.state::text)
    ) AS different,
    (SELECT count(*) FROM single) AS steps,
    (SELECT count(*) FROM whole WHERE state IS NOT NULL) AS states,
    (
        SELECT bool_and(score >= 0 AND score < 1 AND is_anomaly = (score >= 0.5)) FROM whole
    ) AS is_bounded,
    (
        -- At every place: the state so far, and the rest at once, end in the same state.
        SELECT count(*) FROM single, points,
            LATERAL (
                SELECT (array_agg(rest.state ORDER BY rest.place))[count(*)] AS state
                FROM health_internal.detect_series(
                    single.state, points.at[single.place + 1:], points.value[single.place + 1:]
                ) WITH ORDINALITY AS rest (
                    state, score, is_anomaly, expected_low, expected_high, reason, surprise,
                    distance, place
                )
            ) AS ended
        WHERE single.place %% 97 = 1 AND single.place < cardinality(points.at)
            AND ended.state::text <> (SELECT state::text FROM whole WHERE state IS NOT NULL)
    ) AS different_in_pieces
"""

values = st.one_of(
    st.floats(-1000, 1000),
    st.integers(-3, 3).map(float),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e300, -1e300, 1e-300, 0.0, 1e15, 5e-324]),
)
gaps = st.sampled_from([60.0, 300.0, 3600.0, 0.0, -600.0, 20 * 86400.0])
stretches = st.one_of(
    st.tuples(st.just("same"), gaps, values, st.integers(1, 120)),
    st.tuples(st.just("noise"), gaps, st.floats(-100, 100), st.integers(20, 160)),
    st.tuples(st.just("ramp"), gaps, st.floats(-100, 100), st.integers(20, 160)),
)


def series(parts: list[tuple[str, float, float, int]]) -> tuple[list[float], list[float]]:
    """Times in seconds and values, made of stretches."""
    at, moment = [], 1_600_000_000.0
    numbers: list[float] = []
    for kind, gap, size, count in parts:
        for place in range(count):
            moment += gap
            at.append(moment)
            noise = (place * 7919 % 101) / 101
            numbers.append({"same": size, "noise": size * noise, "ramp": size * place}[kind])
    return at, numbers


@MANY
@given(st.lists(stretches, min_size=1, max_size=6))
def test_steps_and_the_replay_agree_in_every_state(
    engine: Engine, parts: list[tuple[str, float, float, int]]
) -> None:
    at, numbers = series(parts)
    with engine.connect(autocommit=True) as connection:
        connection.execute(STEP_BY_STEP)
        row: Any = connection.execute(SAME, {"at": at, "value": numbers}).fetchone()
    found = tuple(row.values()) if isinstance(row, dict) else tuple(row)
    assert found == (0, len(at), 1, True, 0)


@settings(MANY, max_examples=8)
@given(st.integers(0, 7), st.integers(1, 1000))
def test_zeros_and_tiny_numbers_for_long_underflow_nothing(
    engine: Engine, power: int, count: int
) -> None:
    """PostgreSQL raises on underflow: averages of nothing must not decay to it."""
    row: Any = engine.row(
        "SELECT count(*) AS points FROM health_internal.detect_series("
        "NULL, ARRAY(SELECT to_timestamp(60.0 * g) FROM generate_series(1, 9000) AS g ORDER BY g),"
        f" ARRAY(SELECT CASE WHEN g = {count} THEN 1e{power} WHEN mod(g, 5) = 0 THEN 1e-300"
        " ELSE 0 END FROM generate_series(1, 9000) AS g ORDER BY g)::float8 [])"
    )
    assert row["points"] == 9000


def test_the_replay_says_what_the_steps_said_live(engine: Engine) -> None:
    engine.row("SELECT health.load_history('2020-01-01', '2020-02-01')")
    with engine.connect(autocommit=True) as connection:
        connection.execute(
            "INSERT INTO health.performance_metrics"
            " (agent_id, metric_name, metric_value, recorded_at, received_at)"
            " SELECT 'live', 'm', (g * 7919 % 101) + CASE WHEN g = 500 THEN 900 ELSE 0 END, at, at"
            " FROM generate_series(1, 600) AS g CROSS JOIN LATERAL ("
            "  SELECT timestamptz '2020-01-02 00:00:00+00' + g * interval '1 minute' AS at) AS m"
        )
        connection.execute(STEP_BY_STEP)
        rows = connection.execute(
            "SELECT count(*) FILTER (WHERE live.score <> replayed.anomaly_score) AS different,"
            " count(*) AS points,"
            " count(*) FILTER (WHERE live.is_anomaly AND replayed.place = 500) AS seen"
            " FROM (SELECT r.*, row_number() OVER (ORDER BY recorded_at) AS place"
            "       FROM health.replay_anomalies('live', 'm') AS r) AS replayed"
            " JOIN (SELECT s.score, s.is_anomaly, s.place"
            "       FROM (SELECT array_agg(recorded_at ORDER BY recorded_at) AS at,"
            "                    array_agg(metric_value ORDER BY recorded_at) AS v"
            "             FROM health.performance_metrics WHERE agent_id = 'live') AS p,"
            "            pg_temp.step_by_step(p.at, p.v::float8 []) WITH ORDINALITY"
            "            AS s (state, score, is_anomaly, low, high, reason, surprise, distance,"
            " place)"
            "      ) AS live"
            " USING (place)"
        ).fetchone()
    found = tuple(rows.values()) if isinstance(rows, dict) else tuple(rows or ())
    assert found == (0, 600, 1)


#: Six hours of an agent, a tick each half hour; for five minutes two series are strange together.
SIX_HOURS = """
DO $$
DECLARE
    v_at timestamptz;
BEGIN
    FOR v_minute IN 0..359 LOOP
        v_at := timestamptz '2031-05-06 07:00:00+00' + v_minute * interval '1 minute';
        INSERT INTO health.agent_heartbeats (
            agent_id, received_at, cpu_usage_percent, memory_usage_mb
        )
        VALUES (
            'both', v_at + interval '30 seconds',
            30 + mod(v_minute * 7919, 101) / 50.0
            + CASE WHEN v_minute BETWEEN 330 AND 334 THEN 9 ELSE 0 END,
            400 + mod(v_minute * 104729, 103) / 10.0
            + CASE WHEN v_minute BETWEEN 330 AND 334 THEN 40 ELSE 0 END
        );
        IF mod(v_minute, 30) = 29 THEN
            PERFORM health.tick(v_at + interval '66 seconds', true);
        END IF;
    END LOOP;
END;
$$
"""

AGENT_LIVE_AND_REPLAYED = """
WITH replayed AS MATERIALIZED (
    SELECT * FROM health.replay_agent_anomalies('both')
),

live AS (
    SELECT
        sum(point_count)::integer AS minutes,
        date_bin('1 minute', min(started_at), 'epoch') AS first_at,
        max(last_seen_at) AS last_at,
        max(peak_score) AS peak
    FROM health.anomalies
    WHERE agent_id = 'both' AND metric_name IS NULL
)

SELECT
    live.minutes AS minutes,
    live.minutes = count(*) FILTER (WHERE replayed.is_anomaly) AS same_minutes,
    live.first_at = min(replayed.recorded_at) FILTER (WHERE replayed.is_anomaly) AS same_begin,
    live.last_at = max(replayed.recorded_at) FILTER (WHERE replayed.is_anomaly) AS same_end,
    live.peak = max(replayed.anomaly_score) FILTER (WHERE replayed.is_anomaly) AS same_peak,
    count(*) AS replayed_minutes
FROM live CROSS JOIN replayed
GROUP BY live.minutes, live.first_at, live.last_at, live.peak
"""


def test_an_agent_is_judged_live_as_in_the_replay(engine: Engine) -> None:
    with engine.connect(autocommit=True) as connection:
        connection.execute(SIX_HOURS)
    row: Any = engine.row(AGENT_LIVE_AND_REPLAYED)
    assert row["minutes"] >= 3
    assert row["replayed_minutes"] == 360
    assert row["same_minutes"]
    assert row["same_begin"]
    assert row["same_end"]
    assert row["same_peak"]
