-- Deciding: the function alone; its whole truth table is compared in tests/python/integration/test_truth_table.py.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.decide_notification,
        health_internal.flapping_percent,
        health_internal.severity_of_rank,
        health_internal.severity_rank
    }',
    $$
    VALUES
    ('health_internal.decide_notification(text,boolean,boolean,boolean,boolean,boolean,text,boolean,boolean,boolean)', 'f', 'sql', 'i', false, ''),
    ('health_internal.flapping_percent(integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.severity_of_rank(integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.severity_rank(text)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.severity_rank(s) FROM unnest('{info,warning,critical,emergency,loud}'::text []) AS s $$,
    $$ VALUES (1), (2), (3), (4), (NULL) $$, 'severities ascend');
SELECT rows_are($$ SELECT health_internal.severity_of_rank(n) FROM generate_series(0, 5) AS n $$,
    $$ VALUES (NULL), ('info'), ('warning'), ('critical'), ('emergency'), (NULL) $$, 'and ranks name them');
-- By hand: newest 1.18 / 20 = 5.9 %, oldest 0.80 / 20 = 4.0 %, all 19.8 / 20 = 99 %.
SELECT rows_are(
    $$ SELECT ring, health_internal.flapping_percent(ring) FROM unnest(ARRAY[
        0, 1, 2, 3, 1 << 10, 1 << 19, 1048575, 31, 63, 349525, 699050, (1 << 20) + 1, 1015808
    ]) AS ring $$,
    $$ VALUES
        (0, 0::float8), (1, 5.9), (2, 5.8), (3, 11.7), (1024, 4.9), (524288, 4.0), (1048575, 99),
        (31, 28.5), (63, 33.9), (349525, 50), (699050, 49), (1048577, 5.9), (1015808, 21.0) $$,
    'the weighted share of changes is Icinga''s, to the last digit; older bits are not seen'
);
SELECT ok(abs(health_internal.flapping_percent(ring) - (
    SELECT sum(100 * (0.8 + 0.02 * (19 - b)) / 20) FROM generate_series(0, 19) AS b WHERE ring & (1 << b) <> 0
)) < 1e-9, 'as summed bit by bit: ' || ring) FROM unnest(ARRAY[5, 77777, 123456, 987654, 1000001]) AS ring;
SELECT rows_are($$
    SELECT health_internal.decide_notification('new', false, false, true, false, false, 'up', false, false, false),
        health_internal.decide_notification('new', false, false, true, true, true, 'down', true, true, true),
        health_internal.decide_notification('over', true, false, true, false, false, 'down', false, false, true) $$,
    $$ VALUES ('{send,opened}'::text [], '{withhold,maintenance}'::text [], '{send,resolved}'::text []) $$,
    'news are sent, mutes have an order, an end is told even to those who took it');

SELECT * FROM finish();
ROLLBACK;
