BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.current_policies;
DROP TABLE health.policies;

COMMIT;
