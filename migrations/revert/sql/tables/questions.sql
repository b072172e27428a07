BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.questions;

COMMIT;
