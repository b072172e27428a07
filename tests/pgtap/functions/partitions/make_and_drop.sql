-- A partition is made once, strays and all, and never dropped with rows that no tick has read.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.create_partition,
        health_internal.drop_partition
    }',
    $$
    VALUES
    ('health_internal.create_partition(text,timestamp with time zone,timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.drop_partition(text)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 07:30:00+00'), ('a1', '2031-05-06 09:30:00+00');
SELECT is(health_internal.create_partition('agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false), true, 'made');
SELECT is(health_internal.create_partition('agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false), true, 'again is no error');
SELECT is((SELECT count(*) FROM health.agent_heartbeats_default), 1::bigint, 'strays move in');
SELECT is((SELECT count(*) FROM health.agent_heartbeats_p20310506_070000), 1::bigint, 'to where they belong');
SELECT is(health_internal.drop_partition('agent_heartbeats_p20310506_070000'), false, 'rows that no tick has read are kept');
SELECT is(health_internal.drop_partition('no_such'), false, 'nothing is dropped that is not registered');
SELECT is((health.tick('2031-05-06 09:31+00', true)).is_busy, false, 'ticked');
SELECT is(health_internal.drop_partition('agent_heartbeats_p20310506_070000'), true, 'once all are read it goes');
SELECT hasnt_table('health', 'agent_heartbeats_p20310506_070000', 'table and all');
SELECT is_empty($$ SELECT FROM health_internal.partitions WHERE partition_name = 'agent_heartbeats_p20310506_070000' $$, 'and is registered no more');

SELECT * FROM finish();
ROLLBACK;
