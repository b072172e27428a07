-- From the record to numbered cases with labels: which rows there are, whether a failure followed, and which
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.make_bins,
        health_internal.make_cases,
        health_internal.make_cuts,
        health_internal.split_cases
    }',
    $$
    VALUES
    ('health_internal.make_bins(bigint,integer,text[],text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.make_cases(bigint,interval,timestamp with time zone,interval,integer,integer,timestamp with time zone,integer)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.make_cuts(bigint,integer)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.split_cases(interval)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE TEMP TABLE failure_cases AS
SELECT 'a' || a AS agent_id, k, at(86400.0 * k) AS at, (a <= 10 AND k % 10 = a % 10)::integer::smallint AS y, row_number() OVER () AS place, NULL::text AS part
FROM generate_series(1, 40) AS a, generate_series(0, 59) AS k;
SELECT ok(health_internal.split_cases('24 hours') > at(0), 'cases are told apart by agent and time');
SELECT is((SELECT count(*) FROM (SELECT agent_id FROM failure_cases WHERE part IS NOT NULL GROUP BY agent_id HAVING count(DISTINCT part) > 1) AS x), 0::bigint, 'no agent is in two parts');
SELECT ok((SELECT min(at) FROM failure_cases WHERE part = 'test') > (SELECT max(at) FROM failure_cases WHERE part <> 'test'), 'the test lies after what taught');
SELECT ok((SELECT min(at) FROM failure_cases WHERE part = 'test') >= (SELECT max(at) + interval '24 hours' FROM failure_cases WHERE part <> 'test'), 'and after the horizons of what taught');
SELECT rows_are($$ SELECT part, count(DISTINCT agent_id) FILTER (WHERE y = 1) FROM failure_cases WHERE part IS NOT NULL GROUP BY 1 ORDER BY 1 $$,
    $$ VALUES ('choose', 2::bigint), ('test', 3::bigint), ('train', 5::bigint) $$, 'agents that fail are dealt out to all parts');

SELECT * FROM finish();
ROLLBACK;
