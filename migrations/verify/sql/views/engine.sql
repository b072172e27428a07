BEGIN;

SELECT FROM health.engine_health WHERE false;

SELECT FROM health.system_health WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.oldest_snapshot()'::regprocedure;
END;
$$;

ROLLBACK;
