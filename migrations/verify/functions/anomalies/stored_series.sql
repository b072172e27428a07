BEGIN;

DO $$
BEGIN
    ASSERT health_internal.is_counter_name('requests_total');
    PERFORM 'health_internal.series_until(text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
