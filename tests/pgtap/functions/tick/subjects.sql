-- Whom a judgement is about.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.subjects}',
    $$
    VALUES
    ('health_internal.subjects(health_internal.turn)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,silent}'::text []) AS name;
SELECT beat(name, 0) FROM unnest('{a1,a2,silent}'::text []) AS name;
SELECT tick(0);
CREATE FUNCTION pg_temp.found(p_turn health_internal.turn) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', found.beat_agent_id, date_part('epoch', found.beat_received_at - at(0))), ', ' ORDER BY found.beat_agent_id, found.beat_received_at)
    FROM health_internal.subjects(p_turn) AS found
    WHERE found.beat_agent_id <> 'heartbeat_health_agent'
$$;
SELECT is(pg_temp.found(turn('everybody', true)), 'a1, a2, silent', 'everybody, without a beat');
SELECT is(pg_temp.found(turn('due', false)), NULL, 'nobody is due');
SELECT is(pg_temp.found(ROW((p.turn).*)::health_internal.turn), 'a1, a2, silent', 'until they are')
FROM (SELECT jsonb_populate_record(turn('due', false), jsonb_build_object('now', at(100))) AS turn) AS p;
SELECT beat('a1', 10), beat('a2', 5), beat('a2', 10);
SELECT is(pg_temp.found(turn('arrived', false)), 'a1 10, a2 5, a2 10', 'those that arrived, each with its beat');
SELECT is(pg_temp.found(turn('arrived', true, p_several => ARRAY[hashtextextended('a2', 0)])), 'a1 10', 'but of whom there are several');
SELECT is(
    pg_temp.found(turn('listed', false, ARRAY(
        SELECT ROW(b.*)::health_internal.beat FROM health_internal.arrived_heartbeats((turn('arrived', false)).arrivals) AS b WHERE b.agent_id = 'a1'
    ))),
    'a1 10', 'or those listed'
);

SELECT * FROM finish();
ROLLBACK;
