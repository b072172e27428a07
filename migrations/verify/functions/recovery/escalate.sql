BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.escalate_recoveries(timestamptz, bigint [], text)'::regprocedure;
    PERFORM 'health_internal.tell_of_escalations(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
