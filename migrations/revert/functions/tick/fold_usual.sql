BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_usual_beats(health_internal.turn, health.policies);

COMMIT;
