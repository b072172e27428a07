-- judgement: weighted mean, status, confirmation, conditions.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.classify_status,
        health_internal.holding_conditions,
        health_internal.is_confirmed,
        health_internal.known_weight,
        health_internal.moved_loss_evaluations,
        health_internal.weighted_mean
    }',
    $$
    VALUES
    ('health.classify_status(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, 'health_analyst'),
    ('health_internal.holding_conditions(text,text,double precision,double precision,integer,text,text,integer,text,text[],integer,health.policies)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.is_confirmed(text,text,integer,integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.known_weight(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_loss_evaluations(integer,double precision,text,text[],health.policies)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.weighted_mean(double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT is(health_internal.known_weight(0.3, NULL), 0::float8, 'without data a component has no weight');
SELECT is(health_internal.known_weight(0.3, 0), 0.3::float8, 'a value of 0 is data');
SELECT rows_are(
    $$ SELECT round(health_internal.weighted_mean(h, 0.3, p, 0.25, e, 0.2, r, 0.15, b, 0.1)::numeric, 6)
       FROM (VALUES (1, 100::float8, 100::float8, 100::float8, 100::float8, 100::float8), (2, 50, 50, 50, 50, 50),
                    (3, 0, 100, 100, 100, 100), (4, 80, NULL, 40, NULL, NULL), (5, NULL, NULL, NULL, NULL, NULL),
                    (6, NULL, NULL, NULL, NULL, 7)) AS v (n, h, p, e, r, b) ORDER BY n $$,
    $$ VALUES (100.000000), (50.000000), (70.000000), (64.000000), (NULL), (7.000000) $$,
    'the weights of components without data are shared among the others'
);
SELECT rows_are(
    $$ SELECT health.classify_status(s) FROM (VALUES (1, 100::float8), (2, 80), (3, 79.999), (4, 70),
        (5, 69.999), (6, 60), (7, 59.999), (8, 40), (9, 39.999), (10, 0), (11, NULL)) AS v (n, s)
       ORDER BY n $$,
    $$ VALUES ('excellent'), ('excellent'), ('good'), ('good'), ('fair'), ('fair'), ('poor'), ('poor'),
              ('critical'), ('critical'), (NULL) $$,
    'status by score: 80, 70, 60, 40'
);
SELECT is(
    health.classify_status(50, 90, 70, 50, 20), 'fair', 'the limits of a policy take the place of the defaults'
);
SELECT rows_are(
    $$ SELECT health_internal.is_confirmed(c, l, n, 3) FROM (VALUES (1, 'a', NULL, 0), (2, 'a', 'b', 9),
        (3, 'a', 'a', 1), (4, 'a', 'a', 2)) AS v (i, c, l, n) ORDER BY i $$,
    $$ VALUES (false), (false), (false), (true) $$,
    'an issue is confirmed when seen so often in a row'
);
CREATE FUNCTION pg_temp.hold(
    p_liveness text, p_state text, p_ungated float8, p_gate float8 DEFAULT 100, p_ring int DEFAULT 0,
    p_candidate text DEFAULT NULL, p_last text DEFAULT NULL, p_evaluations int DEFAULT 0,
    p_issue text DEFAULT NULL, p_conditions text [] DEFAULT '{}', p_losses int DEFAULT 0
)
RETURNS text
LANGUAGE sql
RETURN (
    SELECT health_internal.holding_conditions(
        p_liveness, p_state, p_ungated, p_gate, p_ring, p_candidate, p_last, p_evaluations, p_issue, p_conditions, p_losses,
        (SELECT p FROM health.policies AS p WHERE p.policy_class = 'standard')
    )::text
);
SELECT is(pg_temp.hold('alive', 'running', 95), '{}', 'nothing holds of the healthy');
SELECT is(pg_temp.hold('unresponsive', 'running', 90, 0), '{unresponsive}', 'silence is a fact');
SELECT is(pg_temp.hold('alive', 'failed', 90, 20), '{failed}', 'and so is failed');
SELECT is(pg_temp.hold('alive', 'error', 90, 39, 0, 'high_error_rate', 'high_error_rate', 9), '{error}',
    'an error that was told is not told twice');
SELECT is(pg_temp.hold('alive', 'running', 59), '{}', 'one bad evaluation is soft');
SELECT is(pg_temp.hold('alive', 'running', 59, 100, 1), '{score_critical}', 'two of the last three confirm');
SELECT is(pg_temp.hold('alive', 'running', 59, 100, 2), '{score_critical}', 'with a good one between');
SELECT is(pg_temp.hold('alive', 'running', 59, 100, 4), '{}', 'not with two');
SELECT is(pg_temp.hold('alive', 'running', 90, 65, 7), '{}', 'a good score ends it');
SELECT is(pg_temp.hold('alive', 'running', 64, 100, 0, p_conditions => '{score_critical}'), '{score_critical}',
    'only beyond the margin');
SELECT is(pg_temp.hold('alive', 'running', 65, 100, 0, p_conditions => '{score_critical}'), '{}', 'of 5 points');
SELECT is(pg_temp.hold('alive', 'running', 29), '{score_emergency,score_critical}', 'an emergency needs no confirmation');
SELECT is(pg_temp.hold('alive', 'running', 34, 100, 3, p_conditions => '{score_emergency,score_critical}'),
    '{score_emergency,score_critical}', 'and has a margin too');
SELECT is(pg_temp.hold('late', 'running', 5, 65, 7), '{}', 'to be late lowers the score and calls nobody');
SELECT is(pg_temp.hold('late', 'running', 29, 65, 0, p_conditions => '{score_emergency,score_critical}'),
    '{score_emergency,score_critical}', 'nor does it end what stands');
SELECT is(pg_temp.hold('alive', 'running', 80, 100, 0, 'resource_exhaustion', NULL, 0), '{}', 'an issue seen once is soft');
SELECT is(pg_temp.hold('alive', 'running', 80, 100, 0, 'resource_exhaustion', 'resource_exhaustion', 1),
    '{resource_exhaustion}', 'seen twice in a row it is confirmed');
SELECT is(pg_temp.hold('alive', 'running', 80, 100, 0, 'resource_exhaustion', NULL, 0, 'resource_exhaustion'),
    '{resource_exhaustion}', 'and a confirmed one needs no second confirmation');
-- A loss that an agent reports: 1, 2 and 4 are the last three evaluations.
SELECT rows_are(
    $$ SELECT pg_temp.hold('alive', 'running', 95, p_losses => r, p_conditions => c)
       FROM (VALUES (1, 1, '{}'::text []), (2, 3, '{}'), (3, 5, '{}'), (4, 6, '{}'), (5, 2, '{business_impact}'),
                    (6, 4, '{business_impact}'), (7, 0, '{business_impact}')) AS v (n, r, c) ORDER BY n $$,
    $$ VALUES ('{}'), ('{business_impact}'), ('{business_impact}'), ('{}'), ('{business_impact}'), ('{}'), ('{}') $$,
    'one loss is soft, two of the last three hold, and two without one in a row end it'
);
SELECT rows_are(
    $$ SELECT health_internal.moved_loss_evaluations(r, usd, l, c, p)
       FROM health.policies AS p, (VALUES (1, 0, -1000.1, 'alive', '{}'::text []), (2, 0, -1000, 'alive', '{}'), (3, 1, 5000, 'alive', '{}'),
           (4, 7, -1e9, 'alive', '{}'), (5, 3, -951, 'alive', '{business_impact}'), (6, 3, -949, 'starting', '{business_impact}'),
           (7, 1, -1e9, 'late', '{}'), (8, 1, 0, 'unresponsive', '{}'), (9, 7, -1e9, 'stopped', '{}'), (10, 1, NULL, 'alive', '{}')) AS v (n, r, usd, l, c)
       WHERE p.policy_class = 'standard' ORDER BY n $$,
    $$ VALUES (1), (0), (2), (7), (7), (6), (1), (1), (0), (2) $$,
    'more than $1,000 per hour is a loss, once it holds more than $950; silence says nothing, goodbye forgets'
);
SELECT * FROM finish();
ROLLBACK;
