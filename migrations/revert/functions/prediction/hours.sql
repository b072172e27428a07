BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.sweep_features(timestamptz);
DROP FUNCTION health_internal.roll_up_next_features(timestamptz);
DROP FUNCTION health_internal.roll_up_features(timestamptz);
DROP FUNCTION health_internal.roll_up_series(timestamptz);
DROP FUNCTION health_internal.beat_values_sql();

COMMIT;
