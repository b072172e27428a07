BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health_internal.hand_on_comments(regclass, regclass []);

COMMIT;
