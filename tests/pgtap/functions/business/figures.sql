-- The rows of figures: as many as the figures count, and of the kinds that are known.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.business_rows,
        health_internal.service_rows,
        health_internal.trend_rows
    }',
    $$
    VALUES
    ('health_internal.business_rows(timestamp with time zone,timestamp with time zone,timestamp with time zone,text)', 'f', 'sql', 's', false, ''),
    ('health_internal.service_rows(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.trend_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT is_empty($$ SELECT FROM health_internal.service_rows(at(0), at(36000), at(40000)) WHERE agent_id IS NOT NULL $$, 'nor served');
SELECT business_history();
SELECT is_empty($$ SELECT DISTINCT figure FROM health_internal.business_rows(at(0), at(36000), at(40000)) EXCEPT SELECT figure FROM health.business_figures $$,
    'every row belongs to a figure that is known');
SELECT is_empty(
    $$
    SELECT figures.figure, whole.amounts, alone.amounts
    FROM health.business_figures AS figures
    LEFT JOIN (
        SELECT figure, count(*) AS row_count, array_agg(amount ORDER BY amount) AS amounts
        FROM health_internal.business_rows(at(0), at(36000), at(40000))
        GROUP BY figure
    ) AS whole USING (figure)
    CROSS JOIN LATERAL (
        SELECT count(*) AS row_count, array_agg(amount ORDER BY amount) AS amounts
        FROM health_internal.business_rows(at(0), at(36000), at(40000), figures.figure) AS own
        WHERE own.figure = figures.figure
    ) AS alone
    WHERE (coalesce(whole.row_count, 0), whole.amounts)
        IS DISTINCT FROM (alone.row_count, alone.amounts)
    $$,
    'a figure asked for alone is made of the same rows'
);
SELECT is_empty($$ SELECT figure FROM health.business_figures WHERE position(quote_literal(figure) IN (SELECT prosrc FROM pg_proc WHERE oid = 'health_internal.business_rows'::regproc)) = 0 $$,
    'those that this history has no rows of can be asked for too');
SELECT cmp_ok(
    (SELECT count(DISTINCT figure) FROM health_internal.business_rows(at(0), at(36000), at(40000))), '>=', 20::bigint,
    'of this history most figures have rows'
);
SELECT is_empty($$ SELECT FROM health_internal.business_rows(at(0), at(36000), at(40000), 'revenue_lost') WHERE figure <> 'revenue_lost' $$,
    'and what is made apart from it is not read');
SELECT rows_are($$ SELECT agent_id, round(amount, 4), weight FROM health_internal.service_rows(at(0), at(36000), at(40000)) WHERE figure = 'availability' AND agent_id = 'shop' $$,
    $$ VALUES ('shop', 98.2267, 34400::numeric) $$, 'availability weighs by the seconds that were measured');

SELECT * FROM finish();
ROLLBACK;
