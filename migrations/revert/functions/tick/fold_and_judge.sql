BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_and_judge(
    timestamptz, bigint, health_internal.arrival_range, boolean
);
DROP FUNCTION health_internal.look_for_due();
DROP FUNCTION health_internal.count_arrived(health_internal.arrival_range);
DROP FUNCTION health_internal.few_arrived(health_internal.arrival_range, integer);

COMMIT;
