-- Figures and trends in words.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.amount_text,
        health_internal.trend_text
    }',
    $$
    VALUES
    ('health_internal.amount_text(numeric,text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.trend_text(numeric,numeric,boolean)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.amount_text(v, u) FROM (VALUES (1, 1234.5, 'usd'), (2, -0.004, 'usd'), (3, -2, 'usd per hour'), (4, 99.953, 'percent'), (5, 98.2, 'percent'), (6, 100, 'percent'), (7, 57.5, 'seconds'), (8, 552.5, 'seconds'), (9, 9000, 'seconds'), (10, 6, 'count'), (11, 2, 'hours'), (12, 0.25, 'per day')) AS x (n, v, u) ORDER BY n $$,
    $$ VALUES ('$1,234.50'), ('$0.00'), ('-$2.00 per hour'), ('99.953 %'), ('98.2 %'), ('100.0 %'), ('57.5 s'), ('9.2 min'), ('2.5 h'), ('6'), ('2.0 h'), ('0.250 per day') $$, 'numbers are worded');
SELECT rows_are($$ SELECT health_internal.trend_text(l, h, m) FROM (VALUES (1, -1, 1, true), (2, 1, 2, true), (3, 1, 2, false), (4, -2, -1, true), (5, NULL, NULL, true)) AS x (n, l, h, m) ORDER BY n $$,
    $$ VALUES ('steady'), ('improving'), ('worsening'), ('worsening'), (NULL) $$, 'so are trends');

SELECT * FROM finish();
ROLLBACK;
