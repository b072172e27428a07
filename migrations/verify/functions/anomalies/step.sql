BEGIN;

DO $$
BEGIN
    ASSERT (
        health_internal.detect(NULL, timestamptz '2031-05-06 07:00:00+00', 5)
    ).score = 0;
END;
$$;

ROLLBACK;
