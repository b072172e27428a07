BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.judge_shadow(bigint, health.policies, timestamptz)'::regprocedure;
    PERFORM 'health_internal.judge_shadows(timestamptz)'::regprocedure;
    PERFORM 'health.add_shadow_policy(text, jsonb, text, timestamptz)'::regprocedure;
    PERFORM 'health.end_shadow_policy(text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
