-- Which rows a model is trained on: what record there is, how far apart rows stand, and where the last one stands.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.choose_anchor,
        health_internal.choose_step,
        health_internal.hourly_series,
        health_internal.record_of,
        health_internal.training_grid
    }',
    $$
    VALUES
    ('health_internal.choose_anchor(timestamp with time zone,interval,double precision,timestamp with time zone[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.choose_step(interval,double precision,double precision,integer,integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.hourly_series(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.record_of(timestamp with time zone,timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.training_grid(interval,timestamp with time zone,interval,integer)', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.choose_step(h::interval, c, a * 86400.0 * 365, a, 30000) FROM (VALUES ('24 hours', 86400.0, 70), ('24 hours', 3600.0, 70), ('30 hours', 3600.0, 10), ('1 hour', 10.0, 2), ('24 hours', NULL, 50)) AS v (h, c, a) $$,
    $$ VALUES (interval '24:00:00'), (interval '24:00:00'), (interval '03:00:00'), (interval '01:00:00'), (interval '24:00:00') $$,
    'the finest step that data, horizon and the number of rows allow'
);
SELECT is(health_internal.choose_anchor(at(100), '24 hours', 86400, ARRAY[at(0), at(0), at(-7)]), at(0), 'where values come daily, rows stand at the time of most');
SELECT is(health_internal.choose_anchor(at(100), '24 hours', 60, ARRAY[at(0)]), at(100), 'else they end with the record');
SELECT is(health_internal.choose_anchor(at(100), '24 hours', NULL, '{}'), at(100), 'without any series too');
SELECT rows_are($$ SELECT first_k, last_at FROM health_internal.training_grid('1 day', at(0), NULL, 30000) $$, $$ VALUES (NULL::integer, NULL::timestamptz) $$, 'nowhere, where nothing was recorded');
SELECT health.load_history(at(-86400 * 9), at(0));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT a, 'm', 1, at(-60 - 3600 * h) FROM unnest('{a1,a2}'::text[]) AS a, generate_series(0, 100) AS h;
INSERT INTO health.system_events (agent_id, event_type, received_at) VALUES ('a1', 'failure', at(-50));
SELECT rows_are($$ SELECT first_at, last_at, agent_count FROM health_internal.record_of(at(-1), 'infinity', 'infinity', NULL) $$, $$ VALUES (at(-60 - 360000), at(-50), 2) $$, 'the record runs from the first value to the last');
SELECT rows_are($$ SELECT first_at, last_at FROM health_internal.record_of(at(-86400 * 9), 'infinity', 'infinity', NULL) $$, $$ VALUES (NULL::timestamptz, NULL::timestamptz) $$, 'none, where nothing was recorded');
SELECT rows_are($$ SELECT step, anchor, first_k, last_at FROM health_internal.training_grid('12 hours', at(0), NULL, 30000) $$, $$ VALUES (interval '3 hours', at(-50), -33, at(-50)) $$, 'rows count back from the end of the record');
SELECT rows_are($$ SELECT step, anchor, first_k FROM health_internal.training_grid('12 hours', at(0), '1 hour', 30000) $$, $$ VALUES (interval '1 hour', at(-60), -100) $$, 'or from the last value, where these come as seldom');
SELECT health_internal.roll_up_features(at(-3600 * h)) FROM generate_series(0, 101) AS h;
DELETE FROM health.performance_metrics;
UPDATE health_internal.feature_hours_state SET rolled_from = at(-3600 * 102), rolled_until = at(0);
UPDATE health_internal.partitions SET is_history = false;
SELECT rows_are($$ SELECT first_at, last_at, agent_count, has_hours FROM health_internal.record_of(at(60), at(-3600 * 102), at(0), NULL) $$, $$ VALUES (at(-360000), at(0), 2, true) $$, 'and a record, to the hour');
SELECT rows_are($$ SELECT has_hours FROM health_internal.record_of(at(60), 'infinity', 'infinity', NULL) $$, $$ VALUES (false) $$, 'unless a step is shorter');
SELECT rows_are($$ SELECT step, anchor FROM health_internal.training_grid('12 hours', at(60), '1 hour', 30000) $$, $$ VALUES (interval '1 hour', at(0)) $$, 'rows of hours stand at their ends');

SELECT * FROM finish();
ROLLBACK;
