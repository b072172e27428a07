BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.collect_minutes(
    timestamptz, health_internal.arrival_range, timestamptz
);
DROP FUNCTION health_internal.uncollected_range(
    health_internal.series_cursor, health_internal.engine, timestamptz
);
DROP FUNCTION health_internal.is_counter_name(text);

COMMIT;
