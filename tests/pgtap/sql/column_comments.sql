-- Columns of views are described as those of their tables.
BEGIN;

SELECT no_plan();

CREATE TABLE health.first (a int, b int, c int);
CREATE TABLE health.second (a int, d int);
CREATE VIEW health.both_of_them AS SELECT f.a, b, c, d, 1 AS e FROM health.first AS f CROSS JOIN health.second;
COMMENT ON COLUMN health.first.a IS 'a of the first';
COMMENT ON COLUMN health.first.b IS 'it''s b';
COMMENT ON COLUMN health.second.a IS 'a of the second';
COMMENT ON COLUMN health.second.d IS 'd';
COMMENT ON COLUMN health.both_of_them.d IS 'd of its own';
CALL health_internal.hand_on_comments('health.both_of_them', 'health.first', 'health.second');
SELECT rows_are($$ SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'health.both_of_them'::regclass ORDER BY attnum $$,
    $$ VALUES ('a', 'a of the first'), ('b', 'it''s b'), ('c', NULL), ('d', 'd of its own'), ('e', NULL) $$,
    'as of the first source that has the column, unless it is described');

SELECT * FROM finish();
ROLLBACK;
