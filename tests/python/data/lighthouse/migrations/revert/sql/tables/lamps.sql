BEGIN;

SET LOCAL ROLE lighthouse_owner;

DROP TABLE lighthouse.lamps;

COMMIT;
