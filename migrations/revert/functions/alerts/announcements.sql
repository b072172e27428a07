BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.cancel_maintenance(bigint, text, timestamptz);
DROP FUNCTION health.schedule_weekly_maintenance(
    jsonb, integer [], time, time, text, text, text, text, timestamptz, timestamptz, timestamptz
);
DROP FUNCTION health.schedule_maintenance(
    jsonb, timestamptz, timestamptz, text, text, text, timestamptz
);

COMMIT;
