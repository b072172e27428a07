BEGIN;

DO $$
BEGIN
    ASSERT (health_internal.new_detector_state()).point_count = 0;
    ASSERT health_internal.signed_log(-1) = -ln(2::double precision);
    ASSERT health_internal.why_strange(5, 0, 0, 0, 0) = 'value is stuck';
END;
$$;

ROLLBACK;
