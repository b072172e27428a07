-- The model in use beside the one that would replace it, on the rows that test the new one.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.compare_with_used
    }',
    $$
    VALUES
    ('health_internal.compare_with_used(interval,timestamp with time zone,double precision[],integer[],double precision)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE TEMP TABLE failure_cases (agent_id text, k integer, at timestamptz, y smallint, place bigint, part text);
SELECT rows_are($$ SELECT entry, objection FROM health_internal.compare_with_used('1 day', at(0), '{1,0}', '{1,0}', 1) $$, $$ VALUES (NULL::jsonb, NULL::text) $$, 'no model is in use');

SELECT * FROM finish();
ROLLBACK;
