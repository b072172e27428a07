BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.sweep_sandbox(text);
DROP FUNCTION health_internal.swept_tables(text);
DROP FUNCTION health_internal.furnish_sandbox(text, jsonb, timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.copying_statement(regclass, regclass);

COMMIT;
