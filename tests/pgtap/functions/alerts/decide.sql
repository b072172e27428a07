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
    ('health_internal.decide_notification(text,boolean,boolean,boolean,boolean,boolean,boolean,text,boolean,boolean,boolean)', 'f', 'sql', 'i', false, ''),
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
    SELECT health_internal.decide_notification('new', false, false, true, false, false, false, 'up', false, false, false),
        health_internal.decide_notification('new', false, false, true, true, true, true, 'down', true, true, true),
        health_internal.decide_notification('over', true, false, true, false, false, true, 'down', false, false, true) $$,
    $$ VALUES ('{send,opened}'::text [], '{withhold,maintenance}'::text [], '{send,resolved}'::text []) $$,
    'news are sent, mutes have an order, an end is told even to those who took it');

-- Each reason alone, and each before all that come after it: the order of docs/alerting.md.
CREATE FUNCTION pg_temp.because(p_reasons text [], p_news text DEFAULT 'new', p_was_told boolean DEFAULT false) RETURNS text LANGUAGE sql
RETURN array_to_string(health_internal.decide_notification(
    p_news, p_was_told, 'withheld' = ANY (p_reasons), NOT 'soft' = ANY (p_reasons), 'maintenance' = ANY (p_reasons), 'fleet_incident' = ANY (p_reasons), 'monitor_gap' = ANY (p_reasons),
    CASE WHEN 'parent_down' = ANY (p_reasons) THEN 'down' WHEN 'parent_suspected' = ANY (p_reasons) THEN 'suspected' ELSE 'up' END,
    'silenced' = ANY (p_reasons), 'flapping' = ANY (p_reasons), 'acknowledged' = ANY (p_reasons)), ' ');
SELECT rows_are(
    $$
    SELECT reason, pg_temp.because(ARRAY[reason]), pg_temp.because(reasons[n::integer:]), pg_temp.because(ARRAY[reason], 'reminder_due', true), pg_temp.because(ARRAY[reason], 'over', true), pg_temp.because(ARRAY[reason], 'over')
    FROM (SELECT '{soft,maintenance,fleet_incident,monitor_gap,parent_down,parent_suspected,silenced,flapping,acknowledged}'::text [] AS reasons) AS all_of_them
    CROSS JOIN LATERAL unnest(reasons) WITH ORDINALITY AS v (reason, n) ORDER BY n
    $$,
    $$
    VALUES
    ('soft', 'withhold soft', 'withhold soft', 'withhold soft', 'send resolved', 'nothing never_told'),
    ('maintenance', 'withhold maintenance', 'withhold maintenance', 'withhold maintenance', 'withhold maintenance', 'nothing never_told'),
    ('fleet_incident', 'withhold fleet_incident', 'withhold fleet_incident', 'withhold fleet_incident', 'send resolved', 'nothing never_told'),
    ('monitor_gap', 'withhold monitor_gap', 'withhold monitor_gap', 'withhold monitor_gap', 'send resolved', 'nothing never_told'),
    ('parent_down', 'withhold parent_down', 'withhold parent_down', 'withhold parent_down', 'send resolved', 'nothing never_told'),
    ('parent_suspected', 'withhold parent_suspected', 'withhold parent_suspected', 'send reminder', 'send resolved', 'nothing never_told'),
    ('silenced', 'withhold silenced', 'withhold silenced', 'withhold silenced', 'withhold silenced', 'nothing never_told'),
    ('flapping', 'withhold flapping', 'withhold flapping', 'withhold flapping', 'withhold flapping', 'nothing never_told'),
    ('acknowledged', 'withhold acknowledged', 'withhold acknowledged', 'withhold acknowledged', 'send resolved', 'nothing never_told')
    $$,
    'new, before what comes after it, of trouble that was told, of its end told and not'
);
SELECT rows_are(
    $$ SELECT news, pg_temp.because('{}', news, true), pg_temp.because('{withheld}', news, true), pg_temp.because('{maintenance,silenced}', news, true) FROM unnest('{none,new,worse,unrecovered,withdrawn,step_due,reminder_due,gossip}'::text []) AS v (news) $$,
    $$
    VALUES
    ('none', 'nothing known', 'nothing known', 'nothing known'), ('new', 'send opened', 'send truth', 'withhold maintenance'), ('worse', 'send escalated', 'send escalated', 'withhold maintenance'),
    ('unrecovered', 'send recovery_failed', 'send recovery_failed', 'withhold maintenance'), ('withdrawn', 'send truth', 'send truth', 'withhold maintenance'), ('step_due', 'send step', 'send truth', 'withhold maintenance'),
    ('reminder_due', 'send reminder', 'send truth', 'withhold maintenance'), ('gossip', NULL, 'send truth', 'withhold maintenance')
    $$,
    'each news by its name; what was withheld is the truth'
);
SELECT is(pg_temp.because('{maintenance,silenced,flapping}', 'over', true), 'withhold maintenance', 'an end in maintenance');
SELECT is(pg_temp.because('{silenced,flapping}', 'over', true), 'withhold silenced', 'an end in silence');

SELECT * FROM finish();
ROLLBACK;
