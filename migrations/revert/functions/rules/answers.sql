BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.finish_rule(
    text, bigint, jsonb, text, double precision, timestamptz
);

COMMIT;
