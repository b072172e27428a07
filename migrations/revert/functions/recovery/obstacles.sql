BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recoveries_to_judge(timestamptz, boolean, boolean);
DROP FUNCTION health_internal.spent_by_groups(timestamptz);
DROP FUNCTION health_internal.missing_parents(text [], timestamptz);
DROP FUNCTION health_internal.agents_in_maintenance(text [], timestamptz);

COMMIT;
