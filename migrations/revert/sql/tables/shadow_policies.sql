BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.shadow_judgements;
DROP TABLE health_internal.shadow_states;
DROP TABLE health.shadow_policies;

COMMIT;
