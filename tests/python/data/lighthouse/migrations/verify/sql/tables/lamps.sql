BEGIN;

SELECT
    lamp_id,
    name
FROM lighthouse.lamps
WHERE FALSE;

ROLLBACK;
