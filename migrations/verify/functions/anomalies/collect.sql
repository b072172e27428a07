BEGIN;

DO $$
BEGIN
    PERFORM
        'health_internal.uncollected_range(health_internal.series_cursor, health_internal.engine, timestamptz)'::regprocedure;
    PERFORM
        'health_internal.collect_minutes(health_internal.arrival_range, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
