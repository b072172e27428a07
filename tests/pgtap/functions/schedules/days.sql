-- Schedules: the days on which they run.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.schedule_day}',
    $$
    VALUES
    ('health_internal.schedule_day(health_internal.schedule_plan,date,integer)', 'f', 'plpgsql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT c.e, health_internal.schedule_day(health_internal.parse_schedule(c.e), c.day::date, c.step)
    FROM (VALUES
    (1, '0 0 * * *', '2031-05-06', 1), (2, '0 0 * * *', '2031-05-06', -1), (3, '0 0 31 * *', '2031-06-01', 1), (4, '0 0 31 * *', '2031-06-30', -1),
    (5, '0 0 29 2 *', '2031-05-06', 1), (6, '0 0 * * FRI', '2031-05-06', 1), (7, '0 0 * * FRI', '2031-05-06', -1), (8, '0 0 13 * FRI', '2031-06-07', 1),
    (9, '0 0 29 2 *', '2096-03-01', 1), (10, '0 0 1 1 *', '2031-01-02', 1), (11, '0 0 1 1 *', '2030-12-31', -1),
    (12, '0 0 13 * FRI', '2031-05-03', 1), (13, '0 0 13 * FRI', '2031-05-10', 1), (14, '0 0 13 * FRI', '2031-05-15', -1), (15, '0 0 1 12 *', '2031-12-02', 1), (16, '0 0 31 12 *', '2031-12-30', -1)
    ) AS c (n, e, day, step) ORDER BY c.n $$,
    $$ VALUES ('0 0 * * *', date '2031-05-06'), ('0 0 * * *', '2031-05-06'), ('0 0 31 * *', '2031-07-31'), ('0 0 31 * *', '2031-05-31'),
    ('0 0 29 2 *', '2032-02-29'), ('0 0 * * FRI', '2031-05-09'), ('0 0 * * FRI', '2031-05-02'), ('0 0 13 * FRI', '2031-06-13'),
    ('0 0 29 2 *', '2104-02-29'), ('0 0 1 1 *', '2032-01-01'), ('0 0 1 1 *', '2030-01-01'),
    ('0 0 13 * FRI', '2031-05-09'), ('0 0 13 * FRI', '2031-05-13'), ('0 0 13 * FRI', '2031-05-13'), ('0 0 1 12 *', '2032-12-01'), ('0 0 31 12 *', '2030-12-31') $$,
    'the first day from one on, forwards and backwards'
);

SELECT * FROM finish();
ROLLBACK;
