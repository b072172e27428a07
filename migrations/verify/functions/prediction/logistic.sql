BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.solve_symmetric(double precision [], double precision [], integer)'::regprocedure;
    PERFORM 'health_internal.standardised(integer, double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.fit_logistic(bigint, text [], integer)'::regprocedure;
END;
$$;

ROLLBACK;
