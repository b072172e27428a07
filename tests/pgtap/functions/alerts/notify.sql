-- Telling: about whom to decide, and what a bridge that died held.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.notify
    }',
    $$
    VALUES
    ('health_internal.notify(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a', 'A', '1 day');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('a', at(1), 'failed');
SELECT is(health_internal.notify(at(0)), 0::bigint, 'nothing to tell is no message');
SELECT is((health.tick(at(2), true)).alerts_opened, 1::bigint, 'an agent fails');
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'and that is told');
SELECT is(health_internal.notify(at(3)), 0::bigint, 'once');
UPDATE health.incidents SET next_check_at = '-infinity', told_severity = NULL;
SELECT is(health_internal.notify(at(4)), 1::bigint, 'who was touched is decided about');
SELECT is(health_internal.notify(at(5)), 0::bigint, 'once');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', p_now => at(6))), 2::bigint, 'a bridge takes what there is');
SELECT health.silence('{"agent_id": "a"}', at(900), 'ana', 'x', at(7));
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM health.deliveries), 'claimed', 'a silence calls nothing back from it');
SELECT is(health_internal.notify(at(37)), 0::bigint, 'it dies');
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM health.deliveries), 'cancelled', 'what it held is withdrawn');

SELECT * FROM finish();
ROLLBACK;
