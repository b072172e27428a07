BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.end_anomalies(timestamptz);
DROP FUNCTION health_internal.note_anomalies(
    timestamptz, timestamptz, health_internal.strange_point []
);
DROP FUNCTION health_internal.judge_surprises(timestamptz);
DROP FUNCTION health_internal.note_surprises(
    text [], text [], double precision [], double precision [], timestamptz
);

COMMIT;
