BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.collect_minutes(health_internal.arrival_range, timestamptz);
DROP FUNCTION health_internal.uncollected_range(
    health_internal.series_cursor, health_internal.engine, timestamptz
);

COMMIT;
