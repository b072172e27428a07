BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_usual_beats(health_internal.turn, health.policies);
DROP FUNCTION health_internal.subjects(health_internal.turn);

COMMIT;
