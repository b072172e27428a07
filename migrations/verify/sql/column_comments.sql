BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.hand_on_comments(regclass, regclass [])'::regprocedure;
END;
$$;

ROLLBACK;
