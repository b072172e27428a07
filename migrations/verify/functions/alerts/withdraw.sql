BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.withdraw_messages(timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.withdraw_at_once(timestamptz, bigint)'::regprocedure;
END;
$$;

ROLLBACK;
