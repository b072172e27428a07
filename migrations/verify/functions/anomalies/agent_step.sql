BEGIN;

DO $$
BEGIN
    ASSERT (
        health_internal.detect_agent(NULL, timestamptz '2031-05-06 07:00:00+00', 5, 0, 1)
    ).score = 0;
    ASSERT health_internal.agent_reason(false, 5, '{}') IS NULL;
END;
$$;

ROLLBACK;
