-- Arrivals: between two snapshots, and of the ticking transaction by command.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.arrived_agent_changes,
        health_internal.arrived_events,
        health_internal.arrived_heartbeats,
        health_internal.arrived_metrics,
        health_internal.is_arrived,
        health_internal.snapshot_without
    }',
    $$
    VALUES
    ('health_internal.arrived_agent_changes(health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.arrived_events(health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.arrived_heartbeats(health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.arrived_metrics(health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.is_arrived(xid8,cid,health_internal.arrival_range)', 'f', 'sql', 'i', false, ''),
    ('health_internal.snapshot_without(pg_snapshot,xid8)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.snapshot_without(s::pg_snapshot, x::xid8)::text FROM (VALUES
        (1, '10:20:10,15', '12'), (2, '10:20:10,15', '15'), (3, '10:20:10,15', '20'), (4, '10:20:10', '22'),
        (5, '10:10:', '10'), (6, '10:20:', '5')) AS v (n, s, x) ORDER BY n $$,
    $$ VALUES ('10:20:10,12,15'), ('10:20:10,15'), ('10:21:10,15,20'), ('10:23:10,20,21,22'), ('10:11:10'), ('5:20:5') $$,
    'a transaction counts as in progress, also the newest of all'
);
SELECT is(pg_visible_in_snapshot('22', health_internal.snapshot_without('10:20:', '22')), false, 'it is not visible');
CREATE FUNCTION pg_temp.arrived(p_xmax text, p_xip text [], p_until text, p_own text DEFAULT '0', p_last text DEFAULT NULL, p_last_from bigint DEFAULT 0)
RETURNS text
LANGUAGE sql
RETURN (
    SELECT string_agg(agent_id, ' ' ORDER BY agent_id)
    FROM health_internal.arrived_heartbeats(ROW(
        clock_timestamp() - interval '1 hour', p_xmax::xid8, p_xip::xid8 [], p_until::pg_snapshot, p_own::xid8,
        0, 1000000, p_last::xid8, p_last_from
    )::health_internal.arrival_range)
);
INSERT INTO health.agent_heartbeats (agent_id, txid) SELECT 'x' || n, n::text::xid8 FROM generate_series(10, 25) AS n;
INSERT INTO health.ingest_heartbeats (agent_id, txid) VALUES ('i20', '20');
INSERT INTO health.agent_heartbeats (agent_id, txid, received_at) VALUES ('old', '20', clock_timestamp() - interval '61 minutes');
SELECT is(pg_temp.arrived('20', '{12}', '15:24:15,22'), 'i20 x12 x20 x21 x23', 'new ones, late ones, none still open, no history');
SELECT is(pg_temp.arrived('24', '{15,22}', '30:30:'), 'x15 x22 x24 x25', 'and those the next time, each once');
SELECT is(pg_temp.arrived('30', '{}', '30:30:'), NULL, 'nothing is read twice');
SELECT is(pg_temp.arrived('30', '{15}', '30:30:', '0', '15', 0), 'x15', 'rows after the last tick of its transaction');
SELECT is(pg_temp.arrived('30', '{15}', '30:30:', '0', '15', 1000000), NULL, 'not those before it');
SELECT is(pg_temp.arrived('30', '{}', '30:30:', '13'), 'x13', 'its own rows are told apart by command');

-- What is not inlined reads every row there is.
CREATE FUNCTION pg_temp.plan(p_function text) RETURNS SETOF text LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'EXPLAIN (VERBOSE, COSTS off) SELECT found.* FROM health_internal.%I(%L::health_internal.arrival_range) AS found',
        p_function, (turn('arrived', false)).arrivals
    );
END $$;
SELECT is_empty(
    format($$ SELECT line FROM pg_temp.plan(%L) AS line WHERE line ~ 'Function Scan|is_arrived' OR line ~ 'Seq Scan' $$, name),
    name || ' is inlined, and its branches are ranges of an index'
)
FROM unnest('{arrived_heartbeats,arrived_metrics,arrived_events,arrived_agent_changes,arrived_signals}'::text []) AS name;

SELECT * FROM finish();
ROLLBACK;
