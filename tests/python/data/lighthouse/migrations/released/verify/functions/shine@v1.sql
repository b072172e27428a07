BEGIN;

DO $$
BEGIN
    ASSERT lighthouse.shine() = 1;
END
$$;

ROLLBACK;
