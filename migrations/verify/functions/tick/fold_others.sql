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
    PERFORM 'health_internal.event_weight(text)'::regprocedure;
    PERFORM 'health_internal.fold_events(timestamptz, health_internal.arrival_range)'::regprocedure;
    PERFORM (
        'health_internal.fold_metrics('
        || 'timestamptz, health_internal.arrival_range'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.watch_sessions(timestamptz, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
