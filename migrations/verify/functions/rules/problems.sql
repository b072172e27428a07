BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.rule_problem(name, name)'::regprocedure;
    PERFORM 'health_internal.refresh_disabled_rules(timestamptz)'::regprocedure;
    PERFORM 'health_internal.stop_rule(text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
