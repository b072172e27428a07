BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.seconds_until_rules_are_due();
DROP FUNCTION health.end_overrunning_rules(timestamptz);
DROP PROCEDURE health.evaluate_rules(timestamptz);
DROP FUNCTION health_internal.release_rule(text, bigint);
DROP FUNCTION health_internal.finish_rule(
    text, bigint, jsonb, text, double precision, timestamptz
);
DROP FUNCTION health_internal.ask_rule(name, name, integer);
DROP FUNCTION health_internal.begin_rule(timestamptz);
DROP FUNCTION health_internal.check_rules_session();

COMMIT;
