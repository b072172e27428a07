-- Roles are cluster-wide: create if absent.
BEGIN;

DO $$
BEGIN
    IF to_regrole('lighthouse_owner') IS NULL THEN
        CREATE ROLE lighthouse_owner;
    END IF;
END
$$;

GRANT lighthouse_owner TO CURRENT_USER;

CREATE SCHEMA lighthouse AUTHORIZATION lighthouse_owner;

COMMIT;
