-- The sandbox: the engine's tables, empty, and its functions, elsewhere.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.build_sandbox,
        health_internal.sandbox_objects,
        health_internal.sandbox_statement,
        health_internal.sandboxed
    }',
    $$
    VALUES
    ('health_internal.build_sandbox(text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.sandbox_objects(text[])', 'f', 'sql', 's', false, ''),
    ('health_internal.sandbox_statement(health_internal.sandbox_object,text[])', 'f', 'sql', 's', false, ''),
    ('health_internal.sandboxed(text,text,text[])', 'f', 'sql', 'i', false, '')
    $$
);

SELECT ok('{health.agent_status,health_internal.engine,health.policies,health.alerts,health.recovery_actions}' <@ array_agg(schema_name || '.' || object_name) FILTER (WHERE kind = 'table'), 'the tables a tick touches are copied') FROM health_internal.sandbox_objects('{health.tick}');
SELECT ok('{fold_phase,judge_agents,act_on_alerts,tg_agent_status__note_transition}' <@ array_agg(object_name) FILTER (WHERE kind = 'function'), 'with the functions that touch them, those of triggers too') FROM health_internal.sandbox_objects('{health.tick}');
SELECT ok(NOT array_agg(object_name) && '{score_error_rate,decay,gap_bin,classify_status}', 'but what only calculates is used as it is') FROM health_internal.sandbox_objects('{health.tick}');
SELECT ok(NOT array_agg(object_name) && '{run_tick,backtest,load_history}', 'and what no tick needs is left')
FROM health_internal.sandbox_objects('{health.tick}');
SELECT is(health_internal.sandboxed('a health.tick(health_internal.engine, health.tick_b) of health.agents', 'box', '{tick,engine}'), 'a box.tick(box_internal.engine, health.tick_b) of health.agents', 'names are replaced whole');

SET LOCAL ROLE health_owner;
SELECT ok(health_internal.build_sandbox('{health.tick}') > 100, 'a sandbox is built');
RESET ROLE;
SELECT is_empty($$
    SELECT p.oid::regprocedure, o.definition
    FROM health_internal.sandbox_objects('{health.tick}') AS o
    LEFT JOIN pg_proc AS p ON p.pronamespace::regnamespace::text = replace(o.schema_name, 'health', 'health_backtest') AND p.proname = o.object_name AND p.prokind = 'f'
    WHERE o.kind = 'function' AND p.oid IS NULL $$, 'every function is there');
SELECT is_empty($$
    WITH objects AS (SELECT * FROM health_internal.sandbox_objects('{health.tick}'))
    SELECT p.oid::regprocedure, o.schema_name || '.' || o.object_name
    FROM pg_proc AS p
    JOIN objects AS o ON pg_get_functiondef(p.oid) ~ ('\m' || o.schema_name || '\.' || o.object_name || '\M')
    WHERE p.pronamespace IN ('health_backtest'::regnamespace, 'health_backtest_internal'::regnamespace) $$, 'and speaks of nothing live that has its copy');
SELECT is_empty($$ SELECT nspname, a.* FROM pg_namespace, aclexplode(nspacl) AS a WHERE nspname LIKE 'health\_backtest%' AND a.grantee <> nspowner $$, 'nobody else may look in');
SELECT throws_ok($$ SELECT health_internal.build_sandbox('{health.tick}') $$, '42P07', NULL, 'there is one');

SELECT * FROM finish();
ROLLBACK;
