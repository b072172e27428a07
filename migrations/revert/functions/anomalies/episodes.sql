BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.end_anomalies(timestamptz);
DROP FUNCTION health_internal.note_anomalies(
    timestamptz, timestamptz, health_internal.strange_point []
);
DROP FUNCTION health_internal.note_agreement(timestamptz, timestamptz, text []);

COMMIT;
