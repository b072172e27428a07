BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.compose_digests(health_internal.digest_line [])'::regprocedure;
END;
$$;

ROLLBACK;
