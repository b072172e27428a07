BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_unusual_beats(
    bigint, health_internal.beat [], boolean, health_internal.arrival_range, timestamptz
);

COMMIT;
