-- Features of many steps, for training. What a model is asked later (features_now) is the same: a test compares
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.deviation,
        health_internal.difference,
        health_internal.feature_columns,
        health_internal.features_of_steps_sql,
        health_internal.label_number,
        health_internal.plain_real,
        health_internal.since_sql
    }',
    $$
    VALUES
    ('health_internal.deviation(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.difference(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.feature_columns(bigint,boolean)', 'f', 'sql', 's', false, ''),
    ('health_internal.features_of_steps_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.label_number(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.plain_real(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.since_sql(text)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.plain_real(x) FROM unnest('{1e-100,-1e300,0.5,NULL}'::float8[]) AS x $$, $$ VALUES (0::real), (-1e30::real), (0.5::real), (NULL) $$,
    'numbers that real does not hold become those nearest');
SELECT rows_are($$ SELECT health_internal.deviation(x, m, s) FROM (VALUES (6, 5, 2), (0.1::float8 + 1e-17, 0.1, 1e-17), (0, 0, 0), (1, 1, NULL)) AS v (x, m, s) $$,
    $$ VALUES (0.5::float8), (NULL), (NULL), (NULL) $$, 'a constant series has no deviations, whatever rounding says');
SELECT rows_are($$ SELECT health_internal.difference(x, y) FROM (VALUES (3, 1), (0.1::float8 + 0.2, 0.3), (0, 0), (1, NULL)) AS v (x, y) $$, $$ VALUES (2::float8), (0), (0), (NULL) $$, 'nor is the order of a sum a difference');
CREATE FUNCTION pg_temp.rows_of(p_statement text) RETURNS bigint LANGUAGE plpgsql AS $f$
DECLARE
    v_count bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (%s) AS f', p_statement) INTO v_count
    USING at(0), interval '24 hours', 0, 0, timestamptz 'infinity', timestamptz 'infinity', NULL::tstzmultirange;
    RETURN v_count;
END $f$;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, family, name, measure)
VALUES (1, 1, 'metric', '', 'm', 'level'), (2, 1, 'heartbeat', '', 'cpu_usage_percent', 'level'), (3, 1, 'event', 'error', '', 'since'), (4, 1, 'label', '', 'age', 'number');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'm', 1, at(-1));
INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent, received_at) VALUES ('a1', 1, at(-1)), ('a2', 1, at(-1));
INSERT INTO health.system_events (agent_id, event_type, received_at) SELECT 'a' || a, 'error', at(-1) FROM generate_series(1, 3) AS a;
SELECT rows_are($$ SELECT n, pg_temp.rows_of(health_internal.features_of_steps_sql(n)), pg_temp.rows_of(health_internal.features_now_sql(n)) FROM generate_series(1, 5) AS n $$,
    $$ VALUES (1, 1::bigint, 1::bigint), (2, 2, 2), (3, 3, 3), (4, 0, 0), (5, 0, 0) $$, 'a model may be of one kind of feature, or of none');

SELECT * FROM finish();
ROLLBACK;
