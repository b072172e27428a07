DO $$
BEGIN
    ASSERT to_regclass('lighthouse.lamps_by_name') IS NOT NULL;
END
$$;
