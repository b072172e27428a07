BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.stop_rule(text, text, timestamptz);
DROP FUNCTION health_internal.refresh_disabled_rules(timestamptz);
DROP FUNCTION health_internal.rule_problem(name, name);

COMMIT;
