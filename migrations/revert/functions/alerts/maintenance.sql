BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.refresh_maintenance(timestamptz);
DROP FUNCTION health_internal.note_maintenance(timestamptz, text [], text []);
DROP FUNCTION health_internal.in_maintenance(text, timestamptz);
DROP FUNCTION health_internal.maintenance_until(health.maintenance_windows, timestamptz);
DROP FUNCTION health_internal.first_instant(timestamp, text);

COMMIT;
