BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.be_brief()'::regprocedure;
    PERFORM (
        'health.acknowledge_alert('
        || 'bigint, text, text, timestamptz, boolean, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.unacknowledge_alert(bigint, text, timestamptz)'::regprocedure;
    PERFORM 'health.resolve_alert(bigint, text, text, timestamptz)'::regprocedure;
    PERFORM 'health.set_policy(text, jsonb, text)'::regprocedure;
END;
$$;

ROLLBACK;
