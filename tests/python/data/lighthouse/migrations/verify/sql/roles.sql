BEGIN;

DO $$
BEGIN
    ASSERT has_schema_privilege('lighthouse_owner', 'lighthouse', 'CREATE');
END
$$;

ROLLBACK;
