BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.trend_text(numeric, numeric, boolean);
DROP FUNCTION health_internal.amount_text(numeric, text);

COMMIT;
