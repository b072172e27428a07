BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.judge_agents('
        || 'timestamptz, bigint, health.policies, health_internal.beat [], boolean, boolean, '
        || 'health_internal.arrival_range, text [], health_internal.blindness'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
