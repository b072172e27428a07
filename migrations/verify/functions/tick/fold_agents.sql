BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.forget_agents(text [])'::regprocedure;
    PERFORM 'health_internal.fold_agent_changes(health_internal.arrival_range)'::regprocedure;
    PERFORM (
        'health_internal.register_unknown('
        || 'health_internal.beat [], boolean, health_internal.arrival_range'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.add_missing_agents()'::regprocedure;
END;
$$;

ROLLBACK;
