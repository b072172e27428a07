BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.seconds_until_rules_are_due();
DROP FUNCTION health.end_overrunning_rules(timestamptz);
DROP PROCEDURE health.evaluate_rules(timestamptz);

COMMIT;
