BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.known_weight(double precision, double precision)'::regprocedure;
    PERFORM (
        'health_internal.weighted_mean('
        || 'double precision, double precision, double precision, double precision, double '
        || 'precision, double precision, double precision, double precision, double precision, '
        || 'double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.is_confirmed(text, text, integer, integer)'::regprocedure;
    PERFORM (
        'health_internal.holding_conditions('
        || 'text, text, double precision, double precision, integer, text, text, integer, '
        || 'text, text [], integer, health.policies'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.moved_loss_evaluations('
        || 'integer, double precision, text, text [], health.policies'
        || ')'
    )::regprocedure;
    PERFORM (
        'health.classify_status('
        || 'double precision, double precision, double precision, double precision, double '
        || 'precision'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
