-- run_foresight: part by part, each isolated, each when its time has come.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.run_foresight,
        health_internal.due_foresight_parts,
        health_internal.note_foresight_error,
        health_internal.run_foresight_part
    }',
    $$
    VALUES
    ('health.run_foresight(timestamp with time zone)', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health_internal.due_foresight_parts(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_bridge'),
    ('health_internal.note_foresight_error(text,text,timestamp with time zone)', 'f', 'sql', 'v', false, ''),
    ('health_internal.run_foresight_part(text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

CREATE FUNCTION health_internal.foresee_good(p_now timestamptz) RETURNS void LANGUAGE sql AS $f$
    INSERT INTO health.resource_limits VALUES ('seen', 'at ' || extract(epoch FROM p_now - tap.at(0))::integer, 1, 'test', p_now) $f$;
CREATE FUNCTION health_internal.foresee_bad(p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    INSERT INTO health.resource_limits VALUES ('half', NULL, 1, 'test', p_now);
    RAISE EXCEPTION 'it broke';
END $f$;
ALTER FUNCTION health_internal.foresee_good(timestamptz) OWNER TO health_owner;
ALTER FUNCTION health_internal.foresee_bad(timestamptz) OWNER TO health_owner;
SELECT throws_ok('CALL health.run_foresight()', '2D000', NULL, 'run_foresight is called outside a transaction');
UPDATE health_internal.foresight_parts SET is_enabled = false;
INSERT INTO health_internal.foresight_parts (part, place, period) VALUES ('foresee_good', 2, '5 minutes'), ('foresee_bad', 1, '1 minute'), ('foresee_nothing', 3, '1 minute');
SELECT rows_are('SELECT health_internal.due_foresight_parts(at(0))', $$ VALUES ('foresee_bad'), ('foresee_good'), ('foresee_nothing') $$, 'all are due, in order');
SELECT ok(health_internal.run_foresight_part(part, at(0)), part || ' runs') FROM health_internal.due_foresight_parts(at(0)) AS part;
SELECT rows_are($$ SELECT metric_name, agent_id FROM health.resource_limits $$, $$ VALUES ('seen', 'at 0') $$, 'the good one did its work, the bad one left nothing half done');
SELECT rows_are($$ SELECT part, last_run_at, last_error, last_error_at, run_count, error_count, last_duration_ms >= 0 FROM health.foresight_health WHERE is_enabled ORDER BY part $$,
    $$ VALUES ('foresee_bad', at(0), 'it broke (P0001)', at(0), 1::bigint, 1::bigint, true), ('foresee_good', at(0), NULL, NULL, 1, 0, true),
    ('foresee_nothing', at(0), 'function health_internal.foresee_nothing(timestamp with time zone) does not exist (42883)', at(0), 1, 1, true) $$,
    'what they said is on record');
SELECT is_empty('SELECT health_internal.due_foresight_parts(at(50))', 'before their time nobody is due');
SELECT ok(NOT health_internal.run_foresight_part('foresee_bad', at(50)), 'nor called by another scheduler');
SELECT rows_are('SELECT health_internal.due_foresight_parts(at(60))', $$ VALUES ('foresee_bad'), ('foresee_nothing') $$, 'each by its own period');
CREATE OR REPLACE FUNCTION health_internal.foresee_bad(p_now timestamptz) RETURNS void LANGUAGE sql AS 'SELECT';
SELECT health_internal.run_foresight_part('foresee_bad', at(60));
SELECT rows_are($$ SELECT last_error, last_error_at, error_count FROM health.foresight_health WHERE part = 'foresee_bad' $$, $$ VALUES (NULL::text, at(0), 1::bigint) $$, 'a good call clears the error, not its time');
SELECT ok((SELECT bool_and(NOT is_overdue) FROM health.foresight_health), 'in the year of the test nothing is overdue');
SELECT throws_ok($$ INSERT INTO health_internal.foresight_parts (part, place) VALUES ('DROP', 1) $$, '23514', NULL, 'a part is a name');

SELECT * FROM finish();
ROLLBACK;
