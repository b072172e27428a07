BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.check_rules_session()'::regprocedure;
    PERFORM 'health_internal.begin_rule(timestamptz)'::regprocedure;
    PERFORM 'health_internal.ask_rule(name, name, integer)'::regprocedure;
    PERFORM 'health_internal.release_rule(text, bigint)'::regprocedure;
END;
$$;

ROLLBACK;
