-- Rows for features: what the database learnt of each agent, as parameters of one statement say: row k of an agent
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.agent_facts_sql,
        health_internal.beat_rows_sql,
        health_internal.cell_sql,
        health_internal.event_rows_sql,
        health_internal.merged_spread,
        health_internal.metric_rows_sql,
        health_internal.numbered_features,
        health_internal.series_codes_sql,
        health_internal.series_rows_sql
    }',
    $$
    VALUES
    ('health_internal.agent_facts_sql(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.beat_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.cell_sql(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.event_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.merged_spread(double precision[])', 'a', 'internal', 'i', false, ''),
    ('health_internal.metric_rows_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.numbered_features(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.series_codes_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.series_rows_sql(bigint)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT abs(health_internal.merged_spread(part) - (SELECT stddev_samp(x) FROM unnest('{1e9, 1000000001, 1000000002, 1000000005}'::float8[]) AS x)) < 1e-6
        FROM (VALUES ('{1, 1e9, 0}'::float8[]), ('{3, 3000000008, 8.666666666666666}')) AS parts (part) $$,
    $$ VALUES (true) $$, 'parts told by count, sum and squares have the spread of all their values');
SELECT rows_are($$ SELECT health_internal.merged_spread('{1, 5, 0}') $$, $$ VALUES (NULL::float8) $$, 'one value has none');
SELECT rows_are($$ SELECT health_internal.metric_rows_sql(9), health_internal.beat_rows_sql(9), health_internal.series_rows_sql(9), health_internal.event_rows_sql(9), health_internal.series_codes_sql(9) $$,
    $$ VALUES (NULL::text, NULL::text, '', NULL::text, NULL::text) $$, 'a model without features reads nothing');
SELECT is((SELECT count(*) FROM regexp_matches(health_internal.cell_sql('x'), '[$][12]', 'g')), 2::bigint, 'a cell is counted from the anchor in steps');

SELECT * FROM finish();
ROLLBACK;
