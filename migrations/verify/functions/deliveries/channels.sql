BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.channel_tokens(health.channels, timestamptz)'::regprocedure;
    PERFORM (
        'health.set_channel('
        || 'text, text, text, boolean, boolean, double precision, integer'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
