-- Which series are watched, how far, and what is usual for them now; and what is not watched, and why.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.usual_values AS
WITH overall AS (
    SELECT
        hours.agent_id,
        hours.metric_name,
        sum(hours.value_count) AS value_count,
        sum(hours.value_count * hours.center) / sum(hours.value_count) AS center
    FROM health.baselines AS hours
    GROUP BY hours.agent_id, hours.metric_name
),

spreads AS (
    SELECT
        overall.agent_id,
        overall.metric_name,
        overall.value_count,
        overall.center,
        sqrt(greatest(0, sum(
            hours.value_count * (
                hours.spread * hours.spread
                + CASE
                    WHEN abs(hours.center - overall.center) < 1e-100 THEN 0
                    ELSE (hours.center - overall.center) * (hours.center - overall.center)
                END
            )
        ) / overall.value_count)) AS spread
    FROM overall
    INNER JOIN health.baselines AS hours
        ON overall.agent_id = hours.agent_id AND overall.metric_name = hours.metric_name
    GROUP BY overall.agent_id, overall.metric_name, overall.value_count, overall.center
)

SELECT
    spreads.agent_id,
    spreads.metric_name,
    CASE WHEN this_hour.value_count >= 10 THEN 'hour of the week' ELSE 'all hours' END AS basis,
    used.center AS usual_value,
    used.center - 3 * greatest(used.spread, health_internal.least_spread(used.center))
        AS usual_low,
    used.center + 3 * greatest(used.spread, health_internal.least_spread(used.center))
        AS usual_high,
    used.value_count
FROM spreads
LEFT JOIN health.baselines AS this_hour
    ON spreads.agent_id = this_hour.agent_id
    AND spreads.metric_name = this_hour.metric_name
    AND this_hour.hour_of_week = health_internal.hour_of_week(now())
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN this_hour.value_count >= 10 THEN this_hour.center ELSE spreads.center END
            AS center,
        CASE WHEN this_hour.value_count >= 10 THEN this_hour.spread ELSE spreads.spread END
            AS spread,
        CASE
            WHEN this_hour.value_count >= 10 THEN this_hour.value_count
            ELSE spreads.value_count::bigint
        END AS value_count
) AS used;
COMMENT ON VIEW health.usual_values IS
'One row per series with a baseline: the value and range that are usual now, from this hour of the week '
'where it was seen for ten minutes, else from all hours; stable within a major version.';
COMMENT ON COLUMN health.usual_values.agent_id IS 'Whose series.';
COMMENT ON COLUMN health.usual_values.metric_name IS
'A column of agent_heartbeats, or a name of performance_metrics.';
COMMENT ON COLUMN health.usual_values.basis IS 'hour of the week, or all hours.';
COMMENT ON COLUMN health.usual_values.usual_value IS 'Center of the baseline.';
COMMENT ON COLUMN health.usual_values.usual_low IS 'Center less three spreads.';
COMMENT ON COLUMN health.usual_values.usual_high IS 'Center plus three spreads.';
COMMENT ON COLUMN health.usual_values.value_count IS 'Minutes it was learnt from.';

CREATE VIEW health.series AS
SELECT
    series.agent_id,
    series.metric_name,
    CASE
        WHEN NOT series.is_watched THEN 'taken out'
        WHEN states.error IS NOT NULL THEN 'failing'
        WHEN states.last_minute_at < watch.stepped_until - interval '1 hour' THEN 'silent'
        WHEN states.expected_low IS NULL THEN 'learning'
        ELSE 'watched'
    END AS standing,
    series.source,
    series.is_counter,
    series.enrolled_by,
    series.enrolled_at,
    states.last_minute_at,
    states.last_value,
    states.last_score,
    states.expected_low,
    states.expected_high,
    states.point_count,
    CASE
        WHEN waiting.first_minute_at < watch.finished_until
            THEN date_part('epoch', watch.finished_until - waiting.first_minute_at)
        ELSE 0
    END AS lag_seconds,
    states.late_value_count,
    states.restart_count,
    usual.usual_value,
    usual.usual_low,
    usual.usual_high,
    usual.basis AS usual_basis,
    states.error
FROM health_internal.series
CROSS JOIN (SELECT cursor.* FROM health_internal.series_cursor AS cursor LIMIT 1) AS watch
LEFT JOIN health_internal.series_states AS states ON series.series_id = states.series_id
LEFT JOIN (
    SELECT minutes.series_id, min(minutes.minute_at) AS first_minute_at
    FROM health_internal.series_minutes AS minutes
    GROUP BY minutes.series_id
) AS waiting ON series.series_id = waiting.series_id
LEFT JOIN health.usual_values AS usual
    ON series.agent_id = usual.agent_id AND series.metric_name = usual.metric_name
UNION ALL
SELECT
    known.agent_id, known.metric_name, 'not watched', 'metric',
    health_internal.is_counter_name(known.metric_name), NULL, NULL, NULL, known.last_value, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, usual.usual_value, usual.usual_low, usual.usual_high,
    usual.basis, NULL
FROM health_internal.metric_series AS known
LEFT JOIN health.usual_values AS usual
    ON known.agent_id = usual.agent_id AND known.metric_name = usual.metric_name
WHERE NOT EXISTS (
    SELECT FROM health_internal.series
    WHERE series.agent_id = known.agent_id AND series.metric_name = known.metric_name
);
COMMENT ON VIEW health.series IS
'One row per series that is watched for anomalies, was taken out of the watch, or is a metric known and '
'not watched (see series_refusals); stable within a major version.';
COMMENT ON COLUMN health.series.agent_id IS 'Whose series.';
COMMENT ON COLUMN health.series.metric_name IS
'A column of agent_heartbeats, or a name of performance_metrics.';
COMMENT ON COLUMN health.series.standing IS
'watched; learning: no range is expected yet; silent: no value for an hour; failing: its last point could '
'not be judged, see error; taken out, by unwatch_series; not watched: a limit or too few values.';
COMMENT ON COLUMN health.series.source IS 'heartbeat or metric.';
COMMENT ON COLUMN health.series.is_counter IS
'The name ends in _total: what is judged is the growth per minute.';
COMMENT ON COLUMN health.series.enrolled_by IS 'policy, or who called watch_series or unwatch_series.';
COMMENT ON COLUMN health.series.enrolled_at IS 'When.';
COMMENT ON COLUMN health.series.last_minute_at IS 'Beginning of the last minute judged.';
COMMENT ON COLUMN health.series.last_value IS
'Its mean, or a counter''s growth; of a series not watched the latest value.';
COMMENT ON COLUMN health.series.last_score IS 'How strange it was, 0 to below 1.';
COMMENT ON COLUMN health.series.expected_low IS
'Lowest value the detector expected; NULL while it learns.';
COMMENT ON COLUMN health.series.expected_high IS 'Highest value it expected.';
COMMENT ON COLUMN health.series.point_count IS 'Minutes judged.';
COMMENT ON COLUMN health.series.lag_seconds IS
'How long its oldest minute that is over waits to be judged, seconds.';
COMMENT ON COLUMN health.series.late_value_count IS
'Values left out because their minute had been judged.';
COMMENT ON COLUMN health.series.restart_count IS 'Times a counter began anew.';
COMMENT ON COLUMN health.series.usual_value IS 'What the baseline says is usual now.';
COMMENT ON COLUMN health.series.usual_low IS 'Lower end of what is usual.';
COMMENT ON COLUMN health.series.usual_high IS 'Upper end.';
COMMENT ON COLUMN health.series.usual_basis IS 'hour of the week, or all hours.';
COMMENT ON COLUMN health.series.error IS 'Why its last point could not be judged; NULL: it was.';

CREATE VIEW health.series_refusals AS
WITH fleet AS (
    SELECT
        settings.series_per_agent,
        settings.series_limit,
        watched.series_count,
        format(
            'the fleet has %s series watched, of %s allowed (settings.series_limit)',
            watched.series_count, settings.series_limit
        ) AS explanation
    FROM health.settings
    CROSS JOIN (
        SELECT count(*) AS series_count FROM health_internal.series WHERE series.is_watched
    ) AS watched
)

SELECT
    refusals.agent_id,
    refusals.reason,
    refusals.name_count,
    refusals.value_count,
    refusals.metric_name AS example,
    refusals.first_at,
    refusals.last_at,
    CASE refusals.reason
        WHEN 'agent_limit' THEN format(
            'its policy watches %s metrics of an agent (anomaly_metrics_limit); '
            'watch_series adds one',
            policy.anomaly_metrics_limit
        )
        WHEN 'name_limit' THEN format(
            'the engine keeps %s metrics of an agent (settings.series_per_agent); these are not '
            'even folded: does the agent put values into names?', fleet.series_per_agent
        )
        ELSE fleet.explanation
    END AS explanation
FROM health_internal.series_refusals AS refusals
CROSS JOIN fleet
LEFT JOIN health.agent_status AS status ON refusals.agent_id = status.agent_id
LEFT JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
UNION ALL
-- When there is no room left, heartbeats are not looked through for more: who has none says how many.
SELECT
    NULL, 'fleet_limit', lacking.agent_count, NULL, NULL, NULL, NULL,
    format('%s: %s agents have none', fleet.explanation, lacking.agent_count)
FROM fleet
CROSS JOIN LATERAL (
    SELECT count(*) AS agent_count
    FROM health.agent_status AS status
    WHERE status.last_heartbeat_at IS NOT NULL
        AND status.agent_id <> 'heartbeat_health_agent'
        AND NOT starts_with(status.agent_id, 'bridge:')
        AND NOT EXISTS (
            SELECT FROM health_internal.series WHERE series.agent_id = status.agent_id
        )
) AS lacking
WHERE fleet.series_count >= fleet.series_limit AND lacking.agent_count > 0;
COMMENT ON VIEW health.series_refusals IS
'One row per agent and limit that keeps series from being watched for anomalies, and while the fleet''s '
'limit is reached one for the agents of which nothing is watched; stable within a major version.';
COMMENT ON COLUMN health.series_refusals.agent_id IS 'Whose series; NULL: of the fleet.';
COMMENT ON COLUMN health.series_refusals.reason IS 'agent_limit, name_limit or fleet_limit.';
COMMENT ON COLUMN health.series_refusals.name_count IS
'The most names refused at once; of agents without a series how many they are.';
COMMENT ON COLUMN health.series_refusals.value_count IS 'Values left out since first_at.';
COMMENT ON COLUMN health.series_refusals.example IS 'One of the names refused last.';
COMMENT ON COLUMN health.series_refusals.first_at IS 'When the first was refused.';
COMMENT ON COLUMN health.series_refusals.last_at IS 'When the last was.';
COMMENT ON COLUMN health.series_refusals.explanation IS 'Which limit, and what can be done.';

GRANT SELECT ON health.usual_values, health.series, health.series_refusals
TO health_analyst, health_bridge;

COMMIT;
