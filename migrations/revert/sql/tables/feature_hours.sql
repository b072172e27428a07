BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.feature_hours_state;
DROP TABLE health_internal.past_failures;
DROP TABLE health_internal.event_hours;
DROP TABLE health_internal.series_hours;
DROP TABLE health_internal.series_names;

COMMIT;
