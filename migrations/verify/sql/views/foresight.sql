BEGIN;

SELECT * FROM health.exhaustion WHERE false;
SELECT * FROM health.policy_comparison WHERE false;
SELECT * FROM health.foresight_health WHERE false;

ROLLBACK;
