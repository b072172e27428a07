BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.run_tick();
DROP FUNCTION health.tick(timestamptz, boolean);
DROP FUNCTION health_internal.note_engine_error(text);
DROP FUNCTION health_internal.act_phase(timestamptz);
DROP FUNCTION health_internal.recover_phase(timestamptz, boolean);
DROP FUNCTION health_internal.is_act_due();

COMMIT;
