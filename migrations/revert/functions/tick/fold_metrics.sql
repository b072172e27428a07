BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_metrics(timestamptz, health_internal.arrival_range);

COMMIT;
