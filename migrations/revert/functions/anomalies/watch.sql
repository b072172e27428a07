BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.sweep_series(timestamptz);
DROP FUNCTION health_internal.forget_series(text []);
DROP FUNCTION health_internal.note_series_error(text);
DROP FUNCTION health_internal.series_phase(timestamptz, boolean);

COMMIT;
