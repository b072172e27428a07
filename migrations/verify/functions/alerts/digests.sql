BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.compose_digests(health_internal.digest_line [])'::regprocedure;
    PERFORM 'health_internal.note_digests(boolean)'::regprocedure;
END;
$$;

ROLLBACK;
