BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_events(timestamptz, health_internal.arrival_range);
DROP FUNCTION health_internal.event_weight(text);

COMMIT;
