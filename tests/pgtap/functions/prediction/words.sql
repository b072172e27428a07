-- Features and reasons in words.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.family_text,
        health_internal.feature_text,
        health_internal.number_text,
        health_internal.reasons_of,
        health_internal.span_text
    }',
    $$
    VALUES
    ('health_internal.family_text(text,text,text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.feature_text(text,text,text,text,text,real,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.number_text(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.reasons_of(bigint,real[])', 'f', 'sql', 's', false, ''),
    ('health_internal.span_text(double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.span_text(s) FROM unnest('{30,600,7200,1209600}'::float8[]) AS s $$, $$ VALUES ('30 s'), ('10 min'), ('2 h'), ('14 days') $$, 'lengths of time');
SELECT rows_are($$ SELECT health_internal.number_text(s) FROM unnest('{0,3.14159,-171.25,12345.6,1e9,1e-9}'::float8[]) AS s $$, $$ VALUES ('0'), ('3.142'), ('-171.3'), ('12346'), ('1.00e+09'), ('1.00e-09') $$, 'numbers');
SELECT rows_are(
    $$ SELECT health_internal.feature_text(s, f, n, m, v, x::real, 3600) FROM (VALUES
        ('event', 'error', 'E7', 'since', NULL, -ln(4)), ('event', 'error', '', 'since', NULL, -ln(1001)), ('event', 'failure', '', 'total', NULL, 3),
        ('event', 'error', 'E7', 'count_3', NULL, 2), ('metric', '', 'load', 'level', NULL, 1.5), ('metric', '', 'load', 'change_1', NULL, -2),
        ('metric', '', 'load', 'change_7', NULL, 2), ('metric', '', 'load', 'deviation', NULL, 3), ('metric', '', 'load', 'fleet', NULL, -3),
        ('metric', '', 'load', 'mean_7', NULL, NULL), ('metric', '', 'load', 'spread', NULL, 1), ('label', '', 'model', 'is', 'x', 0), ('label', '', 'age', 'number', NULL, 18)
    ) AS v (s, f, n, m, v, x) $$,
    $$ VALUES ('error E7 3 h ago'), ('no any error known'), ('any failure 3 times so far'), ('error E7 2 times in 3 h'), ('load is 1.5'),
        ('load fell by 2 within 60 min'), ('load is 2 above its mean of the 6 h before'), ('load is 3 standard deviations above its own mean'),
        ('load is 3 standard deviations below the fleet''s mean'), ('load is not known'), ('load varies by 1 within 60 min'), ('model is not x'), ('age is 18') $$,
    'every feature has words'
);

SELECT * FROM finish();
ROLLBACK;
