BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.subjects('
        || 'health_internal.beat [], boolean, boolean, health_internal.arrival_range, '
        || 'timestamptz, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.judge_agents('
        || 'timestamptz, bigint, health.policies, health_internal.beat [], boolean, boolean, '
        || 'boolean, health_internal.arrival_range, health_internal.blindness'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
