BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.changed_policy(health.policies, jsonb)'::regprocedure;
    PERFORM 'health_internal.check_policy_changes(jsonb)'::regprocedure;
    PERFORM 'health_internal.named_policy(text)'::regprocedure;
END;
$$;

ROLLBACK;
