-- Spans of service: every second of a hand-made history is in one of them.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.check_period,
        health_internal.is_business_agent,
        health_internal.service_spans,
        health_internal.service_transitions
    }',
    $$
    VALUES
    ('health_internal.check_period(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.is_business_agent(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.service_spans(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 's', false, ''),
    ('health_internal.service_transitions(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 's', false, '')
    $$
);

SELECT throws_ok(format('SELECT health_internal.check_period(%L, %L, %L)', f, t, at(20)), 'BI001', NULL, format('no period from %s to %s', f, t))
FROM (VALUES (at(10), at(10)), (at(10), at(0)), (NULL, at(10)), (at(0), NULL), ('-infinity', at(10)), (at(30), at(40))) AS p (f, t);
SELECT is(health_internal.check_period(at(0), at(10), at(20)), at(10), 'a period ends at its end');
SELECT is(health_internal.check_period(at(0), at(30), at(20)), at(20), 'or now');
SELECT business_history();
SELECT rows_are($$ SELECT kind, extract(epoch FROM from_at - at(0))::integer, extract(epoch FROM to_at - at(0))::integer, round(lost_share::numeric, 2), maintenance
    FROM health_internal.service_spans(at(900), at(20900), '{shop}') WHERE kind <> 'up' ORDER BY from_at $$,
    $$ VALUES ('down', 1000, 1200, 1.00, NULL), ('down', 1200, 1210, 1.00, NULL), ('degraded', 5000, 5600, 0.50, NULL),
    ('down', 10400, 11000, 1.00, 'excluded'), ('down', 11000, 11100, 1.00, NULL), ('down', 19900, 20000, 1.00, NULL),
    ('unknown', 20000, 20600, 0.00, NULL), ('down', 20600, 20800, 1.00, NULL) $$,
    'silence counts from the last beat to being back, in maintenance and blindness apart');
SELECT rows_are($$ SELECT round(extract(epoch FROM sum(to_at - from_at))) FROM health_internal.service_spans(at(0), at(36000)) GROUP BY agent_id ORDER BY agent_id $$,
    $$ VALUES (36000::numeric), (32400), (36000) $$, 'no second counts twice');

SELECT * FROM finish();
ROLLBACK;
