BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.series_cursor;
DROP TABLE health_internal.series_refusals;
DROP TABLE health_internal.series_minutes;
DROP TABLE health_internal.agent_surprises;
DROP TABLE health_internal.series_states;
DROP TABLE health_internal.series;

COMMIT;
