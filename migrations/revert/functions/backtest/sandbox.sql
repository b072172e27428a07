BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.build_sandbox(text []);
DROP FUNCTION health_internal.sandbox_statement(health_internal.sandbox_object, text []);
DROP FUNCTION health_internal.sandboxed(text, text, text []);
DROP FUNCTION health_internal.sandbox_objects(text []);

COMMIT;
