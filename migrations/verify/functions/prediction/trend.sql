BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.chance_to_reach(double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.trend_risks(timestamptz, interval)'::regprocedure;
END;
$$;

ROLLBACK;
