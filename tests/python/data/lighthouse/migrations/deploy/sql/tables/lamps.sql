BEGIN;

SET LOCAL ROLE lighthouse_owner;
SET search_path = lighthouse;
SET work_mem = '7MB';

CREATE TABLE lamps (
    lamp_id bigint PRIMARY KEY,
    name text NOT NULL DEFAULT 'Große Lampe'
);

COMMIT;
