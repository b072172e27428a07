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
    ('health_internal.business_rows(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.service_rows(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.trend_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT is_empty($$ SELECT FROM health_internal.service_rows(at(0), at(36000), at(40000)) WHERE agent_id IS NOT NULL $$, 'nor served');
SELECT business_history();
SELECT is_empty($$ SELECT DISTINCT figure FROM health_internal.business_rows(at(0), at(36000), at(40000)) EXCEPT SELECT figure FROM health.business_figures $$,
    'every row belongs to a figure that is known');
SELECT rows_are($$ SELECT agent_id, round(amount, 4), weight FROM health_internal.service_rows(at(0), at(36000), at(40000)) WHERE figure = 'availability' AND agent_id = 'shop' $$,
    $$ VALUES ('shop', 98.2267, 34400::numeric) $$, 'availability weighs by the seconds that were measured');

SELECT * FROM finish();
ROLLBACK;
