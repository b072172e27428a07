-- adoption: rows that came from elsewhere.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.adopt_rows
    }',
    $$
    VALUES
    ('health_internal.adopt_rows(pg_snapshot,xid8)', 'f', 'plpgsql', 'v', false, '')
    $$
);

-- Behaviour needs another cluster: tests/python/integration/test_exactly_once.py restores dumps and moves files.
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('here', '2031-05-06 07:00:00+00');
SELECT is((health.tick('2031-05-06 07:00:01+00', true)).is_busy, false, 'ticked');
INSERT INTO health.agent_heartbeats (agent_id, received_at, txid) VALUES
('seen', '2031-05-06 07:00:02+00', '900000000000'), ('unseen', '2031-05-06 07:00:02+00', '900000000005');
SELECT is(
    (SELECT health_internal.adopt_rows('900000000001:900000000001:', NULL) >= 2), true,
    'rows whose txid is not their system xmin came from elsewhere'
);
SELECT rows_are(
    $$ SELECT agent_id, txid = '3' AS is_old, txid = pg_current_xact_id() AS is_new FROM health.agent_heartbeats
       WHERE agent_id IN ('seen', 'unseen') ORDER BY 1 $$,
    $$ VALUES ('seen', true, false), ('unseen', false, true) $$,
    'what the stored snapshot had seen is never read again, the rest now'
);
SELECT * FROM finish();
ROLLBACK;
