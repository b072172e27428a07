-- The parts of the detector: the state before the first point, the logarithm, the words.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.new_detector_state, health_internal.signed_log, health_internal.why_strange}',
    $$
    VALUES
    ('health_internal.new_detector_state()', 'f', 'sql', 'i', false, ''),
    ('health_internal.signed_log(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.why_strange(integer,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT key FROM jsonb_each(to_jsonb(health_internal.new_detector_state())) WHERE value = 'null' ORDER BY key $$,
    $$ VALUES ('last_at'), ('last_value') $$,
    'of a new series all is known but a last point'
);
SELECT rows_are(
    $$ SELECT x, round(health_internal.signed_log(x)::numeric, 3) FROM (VALUES (0::float8), (1e-9), (1), (-1), (1e300)) AS v (x) $$,
    $$ VALUES (0::float8, 0.000), (1e-9, 0.000), (1, 0.693), (-1, -0.693), (1e300, 690.776) $$,
    'the logarithm has a sign and begins at 0'
);
SELECT rows_are(
    $$ SELECT health_internal.why_strange(v, r, rl, shift, creep) FROM (VALUES
        (1, 1::float8, 0::float8, 0::float8, 0::float8), (1, -1, 0, 0, 0), (2, -1, 1, 0, 0), (2, 1, -1, 0, 0), (3, -1, 0, 1, 0),
        (3, 1, 0, -1, 0), (4, 0, 0, 0, 0), (5, 0, 0, 0, 0), (6, 0, 0, 0, 1), (6, 0, 0, 0, -1), (7, 0, 0, 0, 0)
    ) AS of (v, r, rl, shift, creep) $$,
    $$ VALUES ('value above the expected range'), ('value below the expected range'),
        ('value many times what was expected'), ('value a small part of what was expected'), ('level has moved up'),
        ('level has moved down'), ('more turbulent than usual'), ('value is stuck'), ('level creeps up'),
        ('level creeps down'), ('no value like it was seen before') $$,
    'why, in words'
);

SELECT * FROM finish();
ROLLBACK;
