-- From episodes to what people are told: what lasts, or what the series of an agent are together, is an
-- alert (warning) and a recommendation; the rest is on record.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.shown_number(p_value double precision)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(p_value) < 1e-9 THEN '0'
    WHEN abs(p_value) >= 1e15 THEN p_value::text
    ELSE trim_scale(
        round(p_value::numeric, greatest(0, 2 - floor(log(abs(p_value)))::integer))
    )::text
END;
COMMENT ON FUNCTION health_internal.shown_number(double precision) IS
'A number for people: three digits, or all before the point.';

CREATE OR REPLACE FUNCTION health_internal.episode_text(p_episode health.anomalies)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN concat_ws(
    ' ',
    p_episode.metric_name,
    health_internal.shown_number(p_episode.peak_value),
    format(
        '(expected %s to %s)',
        health_internal.shown_number(p_episode.expected_low),
        health_internal.shown_number(p_episode.expected_high)
    )
);
COMMENT ON FUNCTION health_internal.episode_text(health.anomalies) IS
'An episode of a series in words: its strangest value and what was expected.';

CREATE OR REPLACE FUNCTION health_internal.alarming_agents()
RETURNS TABLE (
    agent_id text,
    since timestamptz,
    is_agreed boolean,
    summary text,
    evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        episodes.agent_id,
        min(episodes.started_at),
        bool_or(
            episodes.metric_name IS NULL AND episodes.peak_score >= policy.anomaly_agent_score
        ),
        left(
            'behaves unlike before: ' || coalesce(
                string_agg(
                    health_internal.episode_text(episodes), ', '
                    ORDER BY episodes.peak_score DESC, episodes.metric_name
                ) FILTER (WHERE episodes.metric_name IS NOT NULL),
                min(episodes.reason)
            ),
            500
        ),
        jsonb_build_object('metrics', coalesce(jsonb_agg(
            jsonb_build_object(
                'metric_name', episodes.metric_name,
                'since', episodes.started_at,
                'value', episodes.peak_value,
                'expected_low', episodes.expected_low,
                'expected_high', episodes.expected_high,
                'score', round(episodes.peak_score::numeric, 3),
                'reason', episodes.reason
            )
            ORDER BY episodes.peak_score DESC, episodes.metric_name
        ) FILTER (WHERE episodes.metric_name IS NOT NULL), '[]'))
    FROM health.anomalies AS episodes
    INNER JOIN health.agent_status AS status ON episodes.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    WHERE episodes.ended_at IS NULL
    GROUP BY episodes.agent_id
    HAVING bool_or(
        (
            episodes.metric_name IS NULL
            AND policy.anomaly_agent_score < 1
            AND episodes.peak_score >= policy.anomaly_agent_score
            AND episodes.point_count > 1
        )
        OR (episodes.metric_name IS NOT NULL AND (
            episodes.point_count >= policy.anomaly_lasting_points
            OR (
                policy.anomaly_alone_score < 1
                AND episodes.peak_score >= policy.anomaly_alone_score
            )
        ))
    );
$$;
COMMENT ON FUNCTION health_internal.alarming_agents() IS
'Agents whose open episodes are worth an alert: the series together are strange enough for two minutes '
'(policies.anomaly_agent_score), or one lasts (anomaly_lasting_points), or it is strange enough alone '
'(anomaly_alone_score). One row per agent, with all its strange series.';

CREATE OR REPLACE FUNCTION health_internal.refresh_anomaly_findings(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH found AS MATERIALIZED (
        SELECT alarming.* FROM health_internal.alarming_agents() AS alarming
    ),

    gone AS (
        DELETE FROM health.rule_findings AS standing
        WHERE standing.rule = 'anomaly'
            AND NOT EXISTS (SELECT FROM found WHERE found.agent_id = standing.agent_id)
    )

    INSERT INTO health.rule_findings AS standing (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT
        rules.rule, found.agent_id, rules.severity, found.summary,
        CASE
            WHEN pg_column_size(found.evidence) <= 8192 THEN found.evidence
            ELSE jsonb_build_object(
                'metrics', jsonb_path_query_array(found.evidence, '$.metrics[0 to 9]')
            )
        END,
        p_now, p_now
    FROM found
    INNER JOIN health.alert_rules AS rules ON rules.rule = 'anomaly'
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (standing.summary, standing.details) IS DISTINCT FROM (excluded.summary, excluded.details);
$$;
COMMENT ON FUNCTION health_internal.refresh_anomaly_findings(timestamptz) IS
'Makes the findings of rule anomaly agree with alarming_agents: one per agent, naming its metrics, gone '
'with the episodes.';

CREATE OR REPLACE FUNCTION health_internal.recommend_from_anomalies(p_now timestamptz)
RETURNS TABLE (
    agent_id text,
    kind text,
    priority integer,
    summary text,
    reason text,
    evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        alarming.agent_id,
        'look_at_anomaly',
        CASE WHEN alarming.is_agreed THEN 3 ELSE 4 END,
        'look at what changed in the agent at ' || to_char(
            alarming.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'
        ),
        alarming.summary,
        alarming.evidence
    FROM health_internal.alarming_agents() AS alarming
    WHERE alarming.since <= p_now;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_anomalies(timestamptz) IS
'A recommendation per agent whose anomalies are worth an alert: priority 3 where it is the agent, '
'else 4.';

CREATE OR REPLACE FUNCTION health_internal.explain_anomalies(p_agent_id text)
RETURNS TABLE (component text, raw_inputs jsonb)
LANGUAGE sql
STABLE
AS $$
    SELECT
        'anomalies',
        jsonb_build_object(
            'is_alert', EXISTS (
                SELECT FROM health_internal.alarming_agents() AS alarming
                WHERE alarming.agent_id = p_agent_id
            ),
            'episodes', jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'metric_name', episodes.metric_name,
                    'started_at', episodes.started_at,
                    'last_seen_at', episodes.last_seen_at,
                    'minutes', episodes.point_count,
                    'value', episodes.peak_value,
                    'expected_low', episodes.expected_low,
                    'expected_high', episodes.expected_high,
                    'usual_at_this_hour', usual.center,
                    'score', round(episodes.peak_score::numeric, 3),
                    'reason', episodes.reason
                ))
                ORDER BY episodes.metric_name NULLS FIRST
            )
        )
    FROM health.anomalies AS episodes
    LEFT JOIN health.baselines AS usual
        ON episodes.agent_id = usual.agent_id
        AND episodes.metric_name = usual.metric_name
        AND health_internal.hour_of_week(episodes.last_seen_at) = usual.hour_of_week
    WHERE episodes.agent_id = p_agent_id AND episodes.ended_at IS NULL
    HAVING count(*) > 0;
$$;
COMMENT ON FUNCTION health_internal.explain_anomalies(text) IS
'What is strange about an agent at present, one row for health.explain: its open episodes with what was '
'seen and expected, what is usual at this hour of the week, and whether they are worth an alert; no row: '
'nothing is strange.';

GRANT EXECUTE ON FUNCTION
health_internal.shown_number(double precision),
health_internal.episode_text(health.anomalies) TO health_analyst, health_bridge;

COMMIT;
