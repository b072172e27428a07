-- What splits gain: one GROUP BY GROUPING SETS over binned features sums gradients and hessians of every bin of every
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.gains_sql,
        health_internal.rank_features
    }',
    $$
    VALUES
    ('health_internal.gains_sql(text,integer[],integer,text,integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.rank_features(bigint,text,integer)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, measure, cuts) VALUES (1, 1, 'metric', 'level', '{1,2,3}'), (1, 2, 'metric', 'level', '{1,2,3}');
CREATE TEMP TABLE failure_bins AS
SELECT n AS rn, n AS place, (n % 4 >= 2)::integer::smallint AS y, CASE WHEN n % 5 = 0 THEN 'choose' ELSE 'train' END AS part,
    (8 + n % 4)::smallint AS b1, (16 + (n / 7) % 4)::smallint AS b2
FROM generate_series(1, 400) AS n;
SELECT lives_ok($$ SELECT health_internal.rank_features(1, 'failure_bins', 8) $$, 'features are ranked');
SELECT ok((SELECT f.gain FROM health_internal.failure_features f WHERE f.feature = 1) > 10 * (SELECT g.gain FROM health_internal.failure_features g WHERE g.feature = 2), 'by what one split tells');

SELECT * FROM finish();
ROLLBACK;
