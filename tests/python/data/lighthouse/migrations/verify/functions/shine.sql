BEGIN;

DO $$
BEGIN
    ASSERT lighthouse.shine() = 2;
END
$$;

ROLLBACK;
