-- Rows for features: what the database learnt of each agent, as parameters of one statement say: row k of an agent
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.agent_facts_sql,
        health_internal.beat_rows_sql,
        health_internal.cell_sql,
        health_internal.event_rows_sql,
        health_internal.feature_windows,
        health_internal.hour_rows_sql,
        health_internal.metric_rows_sql,
        health_internal.numbered_features,
        health_internal.series_codes,
        health_internal.series_rows_sql,
        health_internal.step_end,
        health_internal.window_flags_sql
    }',
    $$
    VALUES
    ('health_internal.agent_facts_sql(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.beat_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.cell_sql(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.event_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.feature_windows()', 'f', 'sql', 'i', false, ''),
    ('health_internal.hour_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.metric_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.numbered_features(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.series_codes(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.series_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.step_end(timestamp with time zone,interval,integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.window_flags_sql(bigint,text)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.metric_rows_sql(9), health_internal.beat_rows_sql(9), health_internal.hour_rows_sql(9), health_internal.series_rows_sql(9), health_internal.event_rows_sql(9) $$,
    $$ VALUES (NULL::text, NULL::text, NULL::text, NULL::text, NULL::text) $$, 'a model without features reads nothing');
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, family, name, measure)
VALUES (9, 1, 'metric', '', 'm', 'mean_3'), (9, 2, 'heartbeat', '', 'error_count', 'level'), (9, 3, 'event', 'error', '', 'since'), (8, 1, 'event', 'error', 'E1', 'since');
SELECT rows_are($$ SELECT key = 'm', is_counter FROM health_internal.series_codes(9) ORDER BY 1 $$, $$ VALUES (false, true), (true, false) $$, 'series are numbered, and counters known');
SELECT rows_are($$ SELECT m, health_internal.event_rows_sql(m) ~ 'history.name' FROM unnest('{8,9}'::bigint[]) AS m $$, $$ VALUES (8::bigint, true), (9, false) $$, 'names of events are read where a feature asks for them');
SELECT rows_are($$ SELECT health_internal.window_flags_sql(9, 'x') ~ 'is_three', health_internal.window_flags_sql(9, 'x') ~ 'is_before' $$, $$ VALUES (true, false) $$, 'and windows told apart that one asks for');
SELECT rows_are($$ SELECT health_internal.step_end(at(0), '24 hours', -3) $$, $$ VALUES (at(-3 * 86400)) $$, 'a row stands for a time');
SELECT is((SELECT count(*) FROM regexp_matches(health_internal.cell_sql('x'), '[$][12]', 'g')), 2::bigint, 'a cell is counted from the anchor in steps');

SELECT * FROM finish();
ROLLBACK;
