BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.check_period(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.is_business_agent(text)'::regprocedure;
    PERFORM 'health_internal.service_transitions(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.service_spans(timestamptz, timestamptz, text [])'::regprocedure;
END;
$$;

ROLLBACK;
