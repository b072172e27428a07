BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.release_rule(text, bigint);
DROP FUNCTION health_internal.ask_rule(name, name, integer);
DROP FUNCTION health_internal.begin_rule(timestamptz);
DROP FUNCTION health_internal.check_rules_session();

COMMIT;
